// SPDX-License-Identifier: GPL-2.0-only
/*
 * x87 instructions, carried out; see x86/soft/x87.h. An instruction that is run here notes its
 * own address, and its operand's, for the guest to read: what the guest's would have noted
 * is put in their place before anything else can happen.
 */
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/soft/fx.h"
#include "x86/guest_memory.h"
#include "x86/soft/step.h"
#include "x86/soft/x87.h"
#include "x86/soft/x87_cpu.h"
#include "x86/soft/x87_table.h"

#define OP_FWAIT	0x9b
#define MODRM_FNCLEX	0xe2
#define MODRM_FNINIT	0xe3
#define MODRM_FNSTSW	0xe0

/* Error code of a #PF, bit 1: it was a write. APM volume 2, section 8.4.2. */
#define PF_WRITE	BIT(1)

/* What a comparison sets and clears. */
#define COMPARED	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | \
			 X86_EFLAGS_SF | X86_EFLAGS_OF)

/* Environment and state, with an operand size of 16 bits. */
#define ENV_BYTES		28
#define ENV_BYTES_NARROW	14
#define STATE_BYTES_NARROW	94

/* What becomes of an operand in memory. */
enum how {
	NONE,
	LOAD,
	STORE,
	CONTROL_LOAD,
	CONTROL_STORE,
};

/**
 * struct row - instructions with an operand in memory
 * @how: what becomes of it
 * @bytes: of it
 */
struct row {
	u8 how;
	u8 bytes;
};

#define ROW_OF(op, reg)				(((op) & 7) << 3 | (reg))
#define ROW(op, reg, how, bytes)						\
	[ROW_OF(op, reg)] =							\
		{ how, bytes },
#define ROW_LOAD(op, reg, name, bytes)		ROW(op, reg, LOAD, bytes)
#define ROW_STORE(op, reg, name, bytes)		ROW(op, reg, STORE, bytes)
#define ROW_CONTROL_LOAD(op, reg, name, bytes)	ROW(op, reg, CONTROL_LOAD, bytes)
#define ROW_CONTROL_STORE(op, reg, name, bytes)	ROW(op, reg, CONTROL_STORE, bytes)

static const struct row rows[64] = {
	NPTB_X87_LOADS(ROW_LOAD)
	NPTB_X87_STORES(ROW_STORE)
	NPTB_X87_CONTROL_LOADS(ROW_CONTROL_LOAD)
	NPTB_X87_CONTROL_STORES(ROW_CONTROL_STORE)
};

static u32 reg_of(const struct nptb_insn *insn)
{
	return insn->modrm >> 3 & 7;
}

static const struct row *row_of(const struct nptb_insn *insn)
{
	static const struct row registers = { NONE, 0 };

	return insn->is_memory ? &rows[ROW_OF(insn->op, reg_of(insn))] : &registers;
}

/**
 * nptb_x87_is_quiet() - may an instruction be run that waits for exceptions of the x87?
 *
 * An unmasked one would be the host's.
 *
 * Context: a vCPU in KVM_RUN; its own thread.
 */
bool nptb_x87_is_quiet(void)
{
	u16 status;

	nptb_guest_fpu_begin();
	asm volatile("fnstsw %0" : "=m"(status));
	nptb_guest_fpu_end();
	return !(status & NPTB_FSW_ES);
}

/**
 * nptb_x87_wait() - does an exception of the x87 wait for this instruction?
 * @soft: the vCPU, at it; its own thread
 *
 * What waits for exceptions finds one before it looks at its operand.
 *
 * Return: %NPTB_SOFT_DONE where none does; or else see &enum nptb_soft_end.
 */
enum nptb_soft_end nptb_x87_wait(struct nptb_soft *soft)
{
	if (nptb_x87_is_quiet())
		return NPTB_SOFT_DONE;
	/* Without CR0.NE it is told by a pin. */
	if (!(soft->state.cr0 & X86_CR0_NE))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	return nptb_soft_raise(soft, NPTB_VECTOR_MF);
}

static enum nptb_soft_end fwait(struct nptb_soft *soft)
{
	u64 both = X86_CR0_MP | X86_CR0_TS;

	if ((soft->state.cr0 & both) == both)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	return nptb_x87_wait(soft);
}

/* FNCLEX and FNINIT wait for no exception. */
static enum nptb_soft_end clear(bool all)
{
	nptb_guest_fpu_begin();
	if (all)
		asm volatile("fninit");
	else
		asm volatile("fnclex");
	nptb_guest_fpu_end();
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end store_status(struct nptb_soft *soft)
{
	u16 status;

	nptb_guest_fpu_begin();
	asm volatile("fnstsw %0" : "=m"(status));
	nptb_guest_fpu_end();
	soft->state.gpr[0] = (soft->state.gpr[0] & ~0xffffULL) | status;
	return NPTB_SOFT_DONE;
}

/* What the x87 notes of an instruction: APM volume 1, section 6.2.5 and those behind it. */
struct last {
	u64 ip;
	u64 dp;
	u16 opcode;
	u16 cs;
	u16 ds;
	bool has_dp;
};

static struct last last_of(const struct nptb_soft *soft, const struct nptb_insn *insn)
{
	bool zero = boot_cpu_has(X86_FEATURE_ZERO_FCS_FDS);
	struct last last = {
		.ip = soft->state.rip, .opcode = (insn->op & 7) << 8 | insn->modrm,
		.cs = zero ? 0 : soft->machine.seg[NPTB_SEG_CS].selector,
	};

	if (insn->is_memory) {
		last.has_dp = true;
		last.dp = insn->ea;
		last.ds = zero ? 0 : soft->machine.seg[insn->segment].selector;
	}
	return last;
}

/*
 * The form in which nothing of what was noted is lost: outside of 64-bit mode that with
 * selectors, on CPUs that have them.
 */
static bool is_wide(const struct nptb_soft *soft)
{
	return nptb_soft_64(soft) || boot_cpu_has(X86_FEATURE_ZERO_FCS_FDS);
}

/*
 * Of CPUs that restore what was noted only where an exception waits. FNCLEX: or else
 * FLDENV would wait for one.
 */
static void note_by_environment(const struct nptb_fx *fx)
{
	u32 env[ENV_BYTES / 4];

	asm volatile("fnstenv %0" : "=m"(env));
	env[3] = nptb_fx_word(fx, NPTB_FX_IP);
	env[4] = (u32)nptb_fx_half(fx, NPTB_FX_OPCODE) << 16;
	env[5] = nptb_fx_word(fx, NPTB_FX_DP);
	env[6] = 0;
	asm volatile("fnclex\n"
		     "	fldenv %0" : : "m"(env));
}

/*
 * After an instruction that was run here, with @before what was noted until then. Some
 * CPUs note where the operand was only where there is an exception.
 */
static void note(const struct nptb_fx *before, const struct last *last, bool wide)
{
	struct nptb_fx fx = *before;
	u32 size = wide ? sizeof(u64) : sizeof(u32);

	nptb_fx_save(&fx, wide);
	memcpy(fx.bytes + NPTB_FX_OPCODE, &last->opcode, sizeof(last->opcode));
	memcpy(fx.bytes + NPTB_FX_IP, &last->ip, size);
	if (!wide)
		memcpy(fx.bytes + NPTB_FX_CS, &last->cs, sizeof(last->cs));
	memcpy(fx.bytes + NPTB_FX_DP, before->bytes + NPTB_FX_DP, sizeof(u64));
	if (last->has_dp && (!boot_cpu_has(X86_FEATURE_FDP_EXCPTN_ONLY) ||
			     nptb_fx_half(&fx, NPTB_FX_STATUS) & NPTB_FSW_ES)) {
		memcpy(fx.bytes + NPTB_FX_DP, &last->dp, size);
		if (!wide)
			memcpy(fx.bytes + NPTB_FX_DS, &last->ds, sizeof(last->ds));
	}
	if (boot_cpu_has_bug(X86_BUG_FXSAVE_LEAK))
		note_by_environment(&fx);
	nptb_fx_restore(&fx, wide);
}

/* It waits for no exception any more. */
static enum nptb_soft_end run(struct nptb_soft *soft, const struct nptb_insn *insn,
			      struct nptb_x87_job *job, struct nptb_fx *before)
{
	u8 how = row_of(insn)->how;
	struct last last = last_of(soft, insn);
	bool wide = is_wide(soft);
	bool known;

	*before = (struct nptb_fx){ };
	nptb_guest_fpu_begin();
	nptb_fx_save(before, wide);
	known = nptb_x87_run(job);
	if (known && how != CONTROL_LOAD && how != CONTROL_STORE)
		note(before, &last, wide);
	nptb_guest_fpu_end();
	return known ? NPTB_SOFT_DONE : nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
}

static enum nptb_soft_end with_registers(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	struct nptb_x87_job job = {
		.key = NPTB_X87_KEY(insn->op, insn->modrm),
		.flags = (native_save_fl() & ~COMPARED) | (soft->state.rflags & COMPARED),
	};
	enum nptb_soft_end end;
	struct nptb_fx before;

	end = run(soft, insn, &job, &before);
	if (end == NPTB_SOFT_DONE)
		soft->state.rflags = (soft->state.rflags & ~COMPARED) | (job.flags & COMPARED);
	return end;
}

static bool is_store(const struct row *row)
{
	return row->how == STORE || row->how == CONTROL_STORE;
}

static u32 bytes_of(const struct row *row, bool narrow)
{
	if (!narrow || row->bytes < ENV_BYTES)
		return row->bytes;
	return row->bytes == ENV_BYTES ? ENV_BYTES_NARROW : STATE_BYTES_NARROW;
}

/* What is written is read before: an exception that is not masked leaves it as it is. */
static enum nptb_soft_end read_operand(struct nptb_soft *soft, const struct nptb_insn *insn,
				       struct nptb_x87_job *job, u32 bytes, u64 *linear)
{
	bool write = is_store(row_of(insn));
	u32 mask = bytes & (bytes - 1) ? 1 : bytes - 1;
	enum nptb_soft_end end = nptb_step_linear(soft, insn, bytes, write, linear);

	if (end != NPTB_SOFT_DONE)
		return end;
	/* Those that have no size of a power of two have parts. */
	if (nptb_kvm_checks_alignment(soft) && *linear & (mask > 1 ? mask : 7))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	end = nptb_soft_read(soft, *linear, job->operand, bytes, false);
	if (write && end == NPTB_SOFT_RAISED && soft->raised.vector == NPTB_VECTOR_PF)
		soft->raised.code |= PF_WRITE;
	return end;
}

static enum nptb_soft_end write_operand(struct nptb_soft *soft, u64 linear, const void *from,
					u32 bytes)
{
	enum nptb_soft_end end =
		nptb_kvm_may_write_linear(soft->ctx, linear, bytes, &soft->raised);

	if (end == NPTB_SOFT_UNABLE)
		soft->reason = NPTB_REASON_MEMORY;
	return end == NPTB_SOFT_DONE ? nptb_soft_write(soft, linear, from, bytes, false) : end;
}

/* An exception that is not masked may have kept it from being written. */
static bool is_kept(const u8 *was, const struct nptb_x87_job *job, u32 bytes)
{
	return !memcmp(was, job->operand, bytes) && !nptb_x87_is_quiet();
}

static void take_back(const struct nptb_fx *before, bool wide)
{
	nptb_guest_fpu_begin();
	nptb_fx_restore(before, wide);
	nptb_guest_fpu_end();
}

static enum nptb_soft_end with_memory(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	bool wide = soft->machine.seg[NPTB_SEG_CS].attr & NPTB_ATTR_DB || nptb_soft_64(soft);
	struct nptb_x87_job job = {
		.key = NPTB_X87_MEMORY_KEY(insn->op, reg_of(insn)), .is_memory = true,
		.narrow = !nptb_insn_wide(insn) && wide == insn->opsize,
	};
	const struct row *row = row_of(insn);
	u32 bytes = bytes_of(row, job.narrow);
	enum nptb_soft_end end;
	u8 was[NPTB_X87_OPERAND];
	struct nptb_fx before;
	u64 linear;

	/* Real mode has other forms of these. */
	if (row->bytes >= ENV_BYTES && nptb_soft_real(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	end = read_operand(soft, insn, &job, bytes, &linear);
	memcpy(was, job.operand, sizeof(was));
	if (end == NPTB_SOFT_DONE)
		end = run(soft, insn, &job, &before);
	if (end != NPTB_SOFT_DONE || !is_store(row))
		return end;
	if (row->how == STORE && is_kept(was, &job, bytes))
		return NPTB_SOFT_DONE;
	end = write_operand(soft, linear, job.operand, bytes);
	if (end != NPTB_SOFT_DONE)
		take_back(&before, is_wide(soft));
	return end;
}

/* FISTTP. */
static bool is_of_sse3(const struct nptb_insn *insn)
{
	return insn->is_memory && insn->op & 1 && insn->op != 0xd9 && reg_of(insn) == 1;
}

static enum nptb_soft_end carry_out(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	enum nptb_soft_end end;

	if (insn->lock)
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (insn->op == OP_FWAIT)
		return fwait(soft);
	if (soft->state.cr0 & (X86_CR0_EM | X86_CR0_TS))
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	if (insn->op == 0xdb && (insn->modrm == MODRM_FNCLEX || insn->modrm == MODRM_FNINIT))
		return clear(insn->modrm == MODRM_FNINIT);
	if (insn->op == 0xdf && insn->modrm == MODRM_FNSTSW)
		return store_status(soft);
	if (insn->is_memory && (!row_of(insn)->bytes ||
				(is_of_sse3(insn) && !boot_cpu_has(X86_FEATURE_XMM3))))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	end = row_of(insn)->how == CONTROL_STORE ? NPTB_SOFT_DONE : nptb_x87_wait(soft);
	if (end != NPTB_SOFT_DONE)
		return end;
	return insn->is_memory ? with_memory(soft, insn) : with_registers(soft, insn);
}

/**
 * nptb_x87_is() - is it an instruction of the x87?
 * @insn: decoded
 */
bool nptb_x87_is(const struct nptb_insn *insn)
{
	return !insn->map && ((insn->op >= 0xd8 && insn->op <= 0xdf) || insn->op == OP_FWAIT);
}

/**
 * nptb_x87_step() - carry out an x87 instruction
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, and nptb_x87_is() one
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_x87_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	enum nptb_soft_end end = carry_out(soft, insn);

	if (end == NPTB_SOFT_DONE)
		nptb_step_advance(soft, insn);
	return end;
}
