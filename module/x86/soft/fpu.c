// SPDX-License-Identifier: GPL-2.0-only
/* Instructions on the state of the FPU; see x86/soft/fpu.h. */
#include "backend.h"
#include "x86/soft/fpu.h"
#include "x86/soft/guest_fpu.h"
#include "x86/soft/step.h"

/* An x87 status word: APM volume 5, section 6.2. An exception is unmasked, and waits. */
#define FSW_ES		BIT(7)
#define FSW_C1		BIT(9)
#define FSW_TOP		0x3800
#define FSW_TOP_ONE	0x0800

/* Error code of a #PF, bit 1: it was a write. APM volume 2, section 8.4.2. */
#define PF_WRITE	BIT(1)

/*
 * FXSAVE: APM volume 2, section 11.4.4. x87 alone, with 8 and with 16 XMM registers;
 * MXCSR and what of it may be set; what the x87 noted last, and its registers.
 */
#define FX_SIZE		512
#define FX_STATUS	2
#define FX_TAGS		4
#define FX_OPCODE	6
#define FX_IP		8
#define FX_DP		16
#define FX_ST		32
#define FX_ST_SIZE	16
#define FX_X87		160
#define FX_XMM		16
#define FX_MXCSR	24
#define FX_MXCSR_MASK	28
#define MXCSR_MASK_OLD	0xffbf

/* Of an exponent of 15 bits. */
#define FX_BIAS		16383

struct fx {
	u8 bytes[FX_SIZE];
} __aligned(16);

static void save(struct fx *fx, bool wide)
{
	nptb_guest_fpu_begin();
	if (wide)
		asm volatile("fxsave64 %0" : "=m"(*fx));
	else
		asm volatile("fxsave %0" : "=m"(*fx));
	nptb_guest_fpu_end();
}

/* Nothing here can fault: MXCSR has been looked at. */
static void restore(const struct fx *fx, bool wide)
{
	nptb_guest_fpu_begin();
	if (wide)
		asm volatile("fxrstor64 %0" : : "m"(*fx));
	else
		asm volatile("fxrstor %0" : : "m"(*fx));
	nptb_guest_fpu_end();
}

static u32 word_at(const struct fx *fx, u32 at)
{
	u32 value;

	memcpy(&value, fx->bytes + at, sizeof(value));
	return value;
}

static u16 half_at(const struct fx *fx, u32 at)
{
	u16 value;

	memcpy(&value, fx->bytes + at, sizeof(value));
	return value;
}

static bool mxcsr_allowed(const struct fx *now, u32 mxcsr)
{
	return !(mxcsr & ~(word_at(now, FX_MXCSR_MASK) ?: MXCSR_MASK_OLD));
}

/* How much FXSAVE and FXRSTOR touch: APM volume 4, FXSAVE, with EFER.FFXSR. */
static u32 fx_size(const struct nptb_soft *soft)
{
	u32 size = FX_X87;

	if (soft->state.cr4 & X86_CR4_OSFXSR &&
	    !(soft->state.efer & EFER_FFXSR && nptb_soft_64(soft) && !soft->machine.cpl))
		size += (nptb_soft_64(soft) ? 16 : 8) * FX_XMM;
	return size;
}

static enum nptb_soft_end fx_linear(struct nptb_soft *soft, const struct nptb_insn *insn,
				    bool write, u64 *linear)
{
	enum nptb_soft_end end;

	if (soft->state.cr0 & (X86_CR0_EM | X86_CR0_TS))
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	end = nptb_step_linear(soft, insn, FX_SIZE, write, linear);
	if (end == NPTB_SOFT_DONE && *linear & 15)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	return end;
}

/* What FXSAVE leaves as it is stays: it is read before. */
static enum nptb_soft_end fxsave(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	enum nptb_soft_end end;
	struct fx fx;
	u64 linear;

	end = fx_linear(soft, insn, true, &linear);
	if (end == NPTB_SOFT_DONE)
		end = nptb_soft_read(soft, linear, &fx, fx_size(soft), false);
	if (end == NPTB_SOFT_RAISED && soft->raised.vector == NPTB_VECTOR_PF)
		soft->raised.code |= PF_WRITE;
	if (end != NPTB_SOFT_DONE)
		return end;
	save(&fx, nptb_insn_wide(insn));
	return nptb_soft_write(soft, linear, &fx, fx_size(soft), false);
}

static enum nptb_soft_end fxrstor(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	bool wide = nptb_insn_wide(insn);
	enum nptb_soft_end end;
	struct fx now, fx;
	u64 linear;

	end = fx_linear(soft, insn, false, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	save(&now, wide);
	fx = now;
	end = nptb_soft_read(soft, linear, &fx, fx_size(soft), false);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (!mxcsr_allowed(&now, word_at(&fx, FX_MXCSR)))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	restore(&fx, wide);
	return NPTB_SOFT_DONE;
}

/* LDMXCSR and STMXCSR: APM volume 4. */
static enum nptb_soft_end mxcsr(struct nptb_soft *soft, const struct nptb_insn *insn,
				bool load)
{
	enum nptb_soft_end end;
	struct fx now;
	u64 linear;
	u32 value;

	if (soft->state.cr0 & X86_CR0_EM || !(soft->state.cr4 & X86_CR4_OSFXSR))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->state.cr0 & X86_CR0_TS)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	end = nptb_step_linear(soft, insn, sizeof(value), !load, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	save(&now, false);
	value = word_at(&now, FX_MXCSR);
	if (!load)
		return nptb_soft_write(soft, linear, &value, sizeof(value), false);
	end = nptb_soft_read(soft, linear, &value, sizeof(value), false);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (!mxcsr_allowed(&now, value))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	nptb_guest_fpu_begin();
	asm volatile("ldmxcsr %0" : : "m"(value));
	nptb_guest_fpu_end();
	return NPTB_SOFT_DONE;
}

/*
 * With the guest's state loaded: may an instruction be run that waits for exceptions of
 * the x87? An unmasked one would be the host's.
 */
static bool is_quiet(void)
{
	u16 status;

	asm volatile("fnstsw %0" : "=m"(status));
	return !(status & FSW_ES);
}

static enum nptb_soft_end not_quiet(struct nptb_soft *soft)
{
	/* Without CR0.NE it is told by a pin. */
	if (!(soft->state.cr0 & X86_CR0_NE))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	return nptb_soft_raise(soft, NPTB_VECTOR_MF);
}

static enum nptb_soft_end fwait(struct nptb_soft *soft)
{
	u64 both = X86_CR0_MP | X86_CR0_TS;
	bool quiet;

	if ((soft->state.cr0 & both) == both)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	nptb_guest_fpu_begin();
	quiet = is_quiet();
	nptb_guest_fpu_end();
	return quiet ? NPTB_SOFT_DONE : not_quiet(soft);
}

static enum nptb_soft_end emms(struct nptb_soft *soft)
{
	bool quiet;

	if (soft->state.cr0 & X86_CR0_EM)
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->state.cr0 & X86_CR0_TS)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	nptb_guest_fpu_begin();
	quiet = is_quiet();
	if (quiet)
		asm volatile("emms");
	nptb_guest_fpu_end();
	return quiet ? NPTB_SOFT_DONE : not_quiet(soft);
}

/* An integer as a register of the x87 has it: APM volume 5, section 6.3.1. */
static void extended(u8 *to, s32 value)
{
	u32 size = value < 0 ? -(u32)value : value, shift = size ? 32 - fls(size) : 0;
	u64 significand = (u64)size << (32 + shift);
	u16 exponent = (value < 0 ? 0x8000 : 0) | (size ? FX_BIAS + 31 - shift : 0);

	memcpy(to, &significand, sizeof(significand));
	memcpy(to + sizeof(significand), &exponent, sizeof(exponent));
}

/*
 * A register more on the stack, in an image of FXSAVE, which has the registers by their
 * places on the stack, and their tags, a bit each, by their numbers.
 */
static void push(struct fx *fx, s32 value)
{
	u16 status = half_at(fx, FX_STATUS), top = (status - FSW_TOP_ONE) & FSW_TOP;
	u8 *st = fx->bytes + FX_ST;

	status = (status & ~(FSW_TOP | FSW_C1)) | top;
	memcpy(fx->bytes + FX_STATUS, &status, sizeof(status));
	fx->bytes[FX_TAGS] |= BIT(top / FSW_TOP_ONE);
	memmove(st + FX_ST_SIZE, st, 7 * FX_ST_SIZE);
	memset(st, 0, FX_ST_SIZE);
	extended(st, value);
}

static bool is_full(const struct fx *fx)
{
	u16 top = (half_at(fx, FX_STATUS) - FSW_TOP_ONE) & FSW_TOP;

	return fx->bytes[FX_TAGS] & BIT(top / FSW_TOP_ONE);
}

/* Some CPUs note where the operand was only where there is an exception. */
static void note_last(struct fx *fx, const struct nptb_soft *soft, const struct nptb_insn *insn)
{
	u16 opcode = (insn->op & 7) << 8 | insn->modrm;

	memcpy(fx->bytes + FX_OPCODE, &opcode, sizeof(opcode));
	memcpy(fx->bytes + FX_IP, &soft->state.rip, sizeof(u64));
	if (!boot_cpu_has(X86_FEATURE_FDP_EXCPTN_ONLY))
		memcpy(fx->bytes + FX_DP, &insn->ea, sizeof(u64));
}

/* An operand of the x87 in memory. */
static enum nptb_soft_end x87_read(struct nptb_soft *soft, const struct nptb_insn *insn,
				   void *value, u32 bytes)
{
	enum nptb_soft_end end;
	u64 linear;

	if (soft->state.cr0 & (X86_CR0_EM | X86_CR0_TS))
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	end = nptb_step_linear(soft, insn, bytes, false, &linear);
	return end == NPTB_SOFT_DONE ? nptb_soft_read(soft, linear, value, bytes, false) : end;
}

/*
 * FILD m32int. Not by an instruction of the host's: that would note its own address, and
 * its operand's, for the guest to read.
 */
static enum nptb_soft_end fild(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	enum nptb_soft_end end;
	struct fx fx;
	u32 value;

	end = x87_read(soft, insn, &value, sizeof(value));
	if (end != NPTB_SOFT_DONE)
		return end;
	save(&fx, true);
	if (half_at(&fx, FX_STATUS) & FSW_ES)
		return not_quiet(soft);
	if (is_full(&fx))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	push(&fx, value);
	note_last(&fx, soft, insn);
	restore(&fx, true);
	return NPTB_SOFT_DONE;
}

/* FLDCW. What it unmasks waits for the next instruction. It notes no address. */
static enum nptb_soft_end load_control(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	enum nptb_soft_end end;
	bool quiet;
	u16 value;

	end = x87_read(soft, insn, &value, sizeof(value));
	if (end != NPTB_SOFT_DONE)
		return end;
	nptb_guest_fpu_begin();
	quiet = is_quiet();
	if (quiet)
		asm volatile("fldcw %0" : : "m"(value));
	nptb_guest_fpu_end();
	return quiet ? NPTB_SOFT_DONE : not_quiet(soft);
}

/* FNCLEX and FNINIT wait for no exception. */
static enum nptb_soft_end clear(struct nptb_soft *soft, bool all)
{
	if (soft->state.cr0 & (X86_CR0_EM | X86_CR0_TS))
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	nptb_guest_fpu_begin();
	if (all)
		asm volatile("fninit");
	else
		asm volatile("fnclex");
	nptb_guest_fpu_end();
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end run(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	if (insn->map == 0 && insn->op == 0x9b)
		return fwait(soft);
	if (insn->map == 0 && insn->op == 0xdb && (insn->modrm | 1) == 0xe3)
		return clear(soft, insn->modrm & 1);
	if (insn->map == 0 && insn->op == 0xd9 && insn->is_memory && (insn->modrm >> 3 & 7) == 5)
		return load_control(soft, insn);
	if (insn->map == 0 && insn->op == 0xdb && insn->is_memory && !(insn->modrm >> 3 & 7))
		return fild(soft, insn);
	if (insn->map == 1 && insn->op == 0x77 && !insn->rep && !insn->opsize)
		return emms(soft);
	if (insn->map != 1 || insn->op != 0xae || !insn->is_memory || insn->rep || insn->opsize)
		return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
	switch (insn->modrm >> 3 & 7) {
	case 0:
		return fxsave(soft, insn);
	case 1:
		return fxrstor(soft, insn);
	case 2:
		return mxcsr(soft, insn, true);
	case 3:
		return mxcsr(soft, insn, false);
	}
	return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
}

/**
 * nptb_fpu_step() - carry out an instruction on the FPU's state
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded
 *
 * FXSAVE, FXRSTOR, LDMXCSR, STMXCSR, FWAIT, FNCLEX, FNINIT, FLDCW, EMMS, FILD m32int.
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_fpu_step(struct nptb_soft *soft,
				 const struct nptb_insn *insn)
{
	enum nptb_soft_end end = insn->lock ? nptb_soft_raise(soft, NPTB_VECTOR_UD) :
					      run(soft, insn);

	if (end == NPTB_SOFT_DONE)
		nptb_step_advance(soft, insn);
	return end;
}
