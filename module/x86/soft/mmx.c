// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMX instructions, carried out; see x86/soft/mmx.h. What calculates is assembled into the
 * module between MM0 and MM1; what moves is done here. The registers are the x87's, and
 * are taken from and put back to what FXSAVE has: APM volume 2, section 11.3; every one of
 * these instructions makes all registers valid, and the first the top of the stack.
 */
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/soft/fx.h"
#include "x86/guest_memory.h"
#include "x86/soft/mmx.h"
#include "x86/soft/mmx_table.h"
#include "x86/soft/step.h"
#include "x86/soft/x87.h"

#define OP_EMMS		0x77
#define TOP_SHIFT	11
#define TOP		(7 << TOP_SHIFT)
#define REGISTERS	8

/* What one is, but for those of the table. */
enum how {
	STUB,
	EMMS,
	LOAD,		/* a register, from one or memory */
	LOAD_GPR,	/* the same from a general register */
	STORE,
	STORE_GPR,
	SHUFFLE,	/* PSHUFW */
	SHIFT,		/* by an immediate */
	ALIGN,		/* PALIGNR */
	INSERT,		/* PINSRW */
	EXTRACT,	/* PEXTRW */
	MASK,		/* PMOVMSKB */
};

/* What ModRM.rm has to name, if not either. */
enum operand { ANY, MEMORY, REGISTER };

/**
 * struct row - an instruction
 * @map: opcode map
 * @op: opcode
 * @how: what it does
 * @bytes: of its operand in memory
 * @feature: of the CPU
 * @operand: what ModRM.rm has to name
 */
struct row {
	u8 map;
	u8 op;
	u8 how;
	u8 bytes;
	u16 feature;
	u8 operand;
};

#define ROW(map, op, name, bytes, feature)	\
	{ map, op, STUB, bytes, X86_FEATURE_##feature, ANY },

static const struct row rows[] = {
	NPTB_MMX_STUBS(ROW)
	{ 1, 0x6e, LOAD_GPR, 4, X86_FEATURE_MMX, ANY },
	{ 1, 0x6f, LOAD, 8, X86_FEATURE_MMX, ANY },
	{ 1, 0x70, SHUFFLE, 8, X86_FEATURE_XMM, ANY },
	{ 1, 0x71, SHIFT, 0, X86_FEATURE_MMX, REGISTER },
	{ 1, 0x72, SHIFT, 0, X86_FEATURE_MMX, REGISTER },
	{ 1, 0x73, SHIFT, 0, X86_FEATURE_MMX, REGISTER },
	{ 1, OP_EMMS, EMMS, 0, X86_FEATURE_MMX, ANY },
	{ 1, 0x7e, STORE_GPR, 4, X86_FEATURE_MMX, ANY },
	{ 1, 0x7f, STORE, 8, X86_FEATURE_MMX, ANY },
	{ 1, 0xc4, INSERT, 2, X86_FEATURE_XMM, ANY },
	{ 1, 0xc5, EXTRACT, 0, X86_FEATURE_XMM, REGISTER },
	{ 1, 0xd7, MASK, 0, X86_FEATURE_XMM, REGISTER },
	{ 1, 0xe7, STORE, 8, X86_FEATURE_XMM, MEMORY },
	{ 3, 0x0f, ALIGN, 8, X86_FEATURE_SSSE3, ANY },
};

/**
 * struct job - an instruction, on its way
 * @soft: the vCPU
 * @insn: the instruction
 * @row: which it is
 * @fx: the state before it
 * @mm: registers
 * @source: its operand that is not changed: memory, a general register, or one of @mm
 */
struct job {
	struct nptb_soft *soft;
	const struct nptb_insn *insn;
	const struct row *row;
	struct nptb_fx fx;
	u64 mm[REGISTERS];
	u64 source;
};

static const struct row *row_of(const struct nptb_insn *insn)
{
	u32 i;

	if (insn->rep || insn->opsize)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].map == insn->map && rows[i].op == insn->op)
			return &rows[i];
	return NULL;
}

#define KEY(map, op)	((map) << 8 | (op))
#define RUN(map, op, name, bytes, feature)				\
	case KEY(map, op):						\
		asm volatile("movq %1, %%mm0\n"				\
			     "	movq %2, %%mm1\n"			\
			     "	" #name " %%mm1, %%mm0\n"		\
			     "	movq %%mm0, %0"				\
			     : "=m"(result) : "m"(first), "m"(second));	\
		break;

/* With the guest's registers loaded, two of which are lost. */
static u64 run_stub(u32 key, u64 first, u64 second)
{
	u64 result = first;

	switch (key) {
	NPTB_MMX_STUBS(RUN)
	}
	return result;
}

static u8 *stack_at(struct nptb_fx *fx, u32 nr)
{
	u32 top = nptb_fx_half(fx, NPTB_FX_STATUS) >> TOP_SHIFT & 7;

	return fx->bytes + NPTB_FX_ST + ((nr - top) & 7) * NPTB_FX_ST_SIZE;
}

/* With the guest's registers loaded. */
static void take(struct job *job)
{
	u32 i;

	nptb_fx_save(&job->fx, true);
	for (i = 0; i < REGISTERS; i++)
		memcpy(&job->mm[i], stack_at(&job->fx, i), sizeof(job->mm[i]));
}

/* Likewise. @changed is the register that is written, or -1. */
static void put(struct job *job, int changed)
{
	u16 status = nptb_fx_half(&job->fx, NPTB_FX_STATUS) & ~TOP;
	u8 st[REGISTERS][NPTB_FX_ST_SIZE] = { };
	u32 i;

	for (i = 0; i < REGISTERS; i++)
		memcpy(st[i], stack_at(&job->fx, i), NPTB_FX_ST_SIZE);
	if (changed >= 0) {
		memcpy(st[changed], &job->mm[changed], sizeof(u64));
		memset(st[changed] + sizeof(u64), 0xff, sizeof(u16));
	}
	memcpy(job->fx.bytes + NPTB_FX_ST, st, sizeof(st));
	memcpy(job->fx.bytes + NPTB_FX_STATUS, &status, sizeof(status));
	job->fx.bytes[NPTB_FX_TAGS] = 0xff;
	nptb_fx_restore(&job->fx, true);
}

static u64 shuffle(u64 from, u8 imm)
{
	u64 to = 0;
	u32 i;

	for (i = 0; i < 4; i++)
		to |= (from >> (imm >> 2 * i & 3) * 16 & 0xffff) << 16 * i;
	return to;
}

/* 16 bytes, @high above @low, and of these eight from the @imm-th on. */
static u64 align(u64 high, u64 low, u8 imm)
{
	u8 bytes[24] = { };
	u64 value = 0;

	memcpy(bytes, &low, sizeof(low));
	memcpy(bytes + 8, &high, sizeof(high));
	if (imm < 16)
		memcpy(&value, bytes + imm, sizeof(value));
	return value;
}

static u32 mask(u64 from)
{
	u32 to = 0, i;

	for (i = 0; i < 8; i++)
		to |= (from >> (8 * i + 7) & 1) << i;
	return to;
}

static u64 insert(u64 to, u64 from, u8 imm)
{
	u32 at = (imm & 3) * 16;

	return (to & ~(0xffffULL << at)) | (from & 0xffff) << at;
}

/* Which stub shifts by a register as this one does by an immediate; or 0. */
static u8 shift_of(const struct nptb_insn *insn)
{
	/* By ModRM.reg: to the right, arithmetically, to the left. */
	static const u8 stubs[8] = { [2] = 0xd0, [4] = 0xe0, [6] = 0xf0 };
	u8 stub = stubs[insn->modrm >> 3 & 7];

	if (!stub || (stub == 0xe0 && insn->op == 0x73))
		return 0;
	return stub | (insn->op & 0xf);
}

/* Return: the number of the MMX register that has changed, or -1. */
static int calculate(struct job *job)
{
	const struct nptb_insn *insn = job->insn;
	u32 reg = insn->modrm >> 3 & 7, rm = insn->modrm & 7;

	switch (job->row->how) {
	case STUB:
		job->mm[reg] = run_stub(KEY(insn->map, insn->op), job->mm[reg], job->source);
		return reg;
	case LOAD:
	case LOAD_GPR:
		job->mm[reg] = job->source;
		return reg;
	case SHUFFLE:
		job->mm[reg] = shuffle(job->source, insn->imm);
		return reg;
	case ALIGN:
		job->mm[reg] = align(job->mm[reg], job->source, insn->imm);
		return reg;
	case INSERT:
		job->mm[reg] = insert(job->mm[reg], job->source, insn->imm);
		return reg;
	case SHIFT:
		job->mm[rm] = run_stub(KEY(1, shift_of(insn)), job->mm[rm], insn->imm);
		return rm;
	case STORE:
		if (insn->is_memory)
			return -1;
		job->mm[rm] = job->mm[reg];
		return rm;
	default:
		return -1;
	}
}

/* What goes to a general register. */
static void put_gpr(struct job *job)
{
	const struct nptb_insn *insn = job->insn;
	u64 *gpr = job->soft->state.gpr, value = job->mm[insn->modrm >> 3 & 7];

	switch (job->row->how) {
	case STORE_GPR:
		if (!insn->is_memory)
			gpr[nptb_insn_rm(insn)] = nptb_insn_wide(insn) ? value : (u32)value;
		break;
	case EXTRACT:
		gpr[nptb_insn_reg(insn)] = job->source >> (insn->imm & 3) * 16 & 0xffff;
		break;
	case MASK:
		gpr[nptb_insn_reg(insn)] = mask(job->source);
		break;
	}
}

static enum nptb_soft_end work(struct job *job)
{
	const struct nptb_insn *insn = job->insn;
	bool gpr = job->row->how == LOAD_GPR || job->row->how == INSERT;

	nptb_guest_fpu_begin();
	take(job);
	if (!insn->is_memory)
		job->source = gpr ? job->soft->state.gpr[nptb_insn_rm(insn)] :
				    job->mm[insn->modrm & 7];
	if (gpr && job->row->bytes == 4 && !nptb_insn_wide(insn))
		job->source = (u32)job->source;
	put(job, calculate(job));
	nptb_guest_fpu_end();
	put_gpr(job);
	return NPTB_SOFT_DONE;
}

static bool is_store(const struct row *row)
{
	return row->how == STORE || row->how == STORE_GPR;
}

/* The registers do not change before it is written. */
static enum nptb_soft_end store(struct job *job, u64 linear, u32 bytes)
{
	struct nptb_soft *soft = job->soft;
	enum nptb_soft_end end =
		nptb_kvm_may_write_linear(soft->ctx, linear, bytes, &soft->raised);

	if (end == NPTB_SOFT_UNABLE)
		soft->reason = NPTB_REASON_MEMORY;
	if (end != NPTB_SOFT_DONE)
		return end;
	nptb_guest_fpu_begin();
	take(job);
	nptb_guest_fpu_end();
	return nptb_soft_write(soft, linear, &job->mm[job->insn->modrm >> 3 & 7], bytes, false);
}

static enum nptb_soft_end with_memory(struct job *job)
{
	bool wide = nptb_insn_wide(job->insn) &&
		    (job->row->how == LOAD_GPR || job->row->how == STORE_GPR);
	u32 bytes = wide ? 8 : job->row->bytes;
	enum nptb_soft_end end;
	u64 linear;

	end = nptb_step_linear(job->soft, job->insn, bytes, is_store(job->row), &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (nptb_kvm_checks_alignment(job->soft) && linear & (bytes - 1))
		return nptb_soft_unable(job->soft, NPTB_REASON_FORM);
	if (is_store(job->row))
		end = store(job, linear, bytes);
	else
		end = nptb_soft_read(job->soft, linear, &job->source, bytes, false);
	return end == NPTB_SOFT_DONE ? work(job) : end;
}

static enum nptb_soft_end emms(void)
{
	nptb_guest_fpu_begin();
	asm volatile("emms");
	nptb_guest_fpu_end();
	return NPTB_SOFT_DONE;
}

/* APM volume 5 has them at each instruction. */
static enum nptb_soft_end allowed(struct nptb_soft *soft, const struct nptb_insn *insn,
				  const struct row *row)
{
	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (insn->lock || soft->state.cr0 & X86_CR0_EM || !boot_cpu_has(row->feature) ||
	    (row->operand == MEMORY && !insn->is_memory) ||
	    (row->operand == REGISTER && insn->is_memory) ||
	    (row->how == SHIFT && !shift_of(insn)))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->state.cr0 & X86_CR0_TS)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	return nptb_x87_wait(soft);
}

/**
 * nptb_mmx_is() - is it an MMX instruction that nptb_mmx_step() knows?
 * @insn: decoded
 */
bool nptb_mmx_is(const struct nptb_insn *insn)
{
	return row_of(insn);
}

/**
 * nptb_mmx_step() - carry out an MMX instruction
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, and nptb_mmx_is() one
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_mmx_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	struct job job = { .soft = soft, .insn = insn, .row = row_of(insn) };
	enum nptb_soft_end end = allowed(soft, insn, job.row);

	if (end != NPTB_SOFT_DONE)
		return end;
	if (job.row->how == EMMS)
		end = emms();
	else
		end = insn->is_memory ? with_memory(&job) : work(&job);
	if (end == NPTB_SOFT_DONE)
		nptb_step_advance(soft, insn);
	return end;
}
