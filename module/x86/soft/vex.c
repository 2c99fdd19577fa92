// SPDX-License-Identifier: GPL-2.0-only
/* AVX, AVX2 and FMA, carried out; see x86/soft/vex.h. AMD64 APM volume 4. */
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/guest_memory.h"
#include "x86/soft/fpu.h"
#include "x86/soft/masked.h"
#include "x86/soft/step.h"
#include "x86/soft/vector.h"
#include "x86/soft/vector_table.h"
#include "x86/soft/vex.h"
#include "x86/soft/vex_cpu.h"
#include "x86/soft/vex_memory.h"
#include "x86/soft/vex_rows.h"

/* In XCR0: SSE and AVX. APM volume 2, section 11.5.2. */
#define XCR0_AVX	(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM)

/* What a comparison sets and clears: CF, PF, AF, ZF, SF, OF. */
#define COMPARED	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | \
			 X86_EFLAGS_SF | X86_EFLAGS_OF)

#define OP_ZERO		0x77		/* VZEROUPPER, VZEROALL; map 1 */
#define OP_MXCSR	0xae		/* VLDMXCSR, VSTMXCSR; map 1 */
#define KEY_MOVDDUP	NPTB_VECTOR_KEY(1, 3, 0x12)

static const u16 features[][2] = {
	[NPTB_FAMILY_AVX] = { X86_FEATURE_AVX, X86_FEATURE_AVX },
	[NPTB_FAMILY_INTEGER] = { X86_FEATURE_AVX, X86_FEATURE_AVX2 },
	[NPTB_FAMILY_AVX2] = { X86_FEATURE_AVX2, X86_FEATURE_AVX2 },
	[NPTB_FAMILY_FMA] = { X86_FEATURE_FMA, X86_FEATURE_FMA },
	[NPTB_FAMILY_AES] = { X86_FEATURE_AES, X86_FEATURE_VAES },
	[NPTB_FAMILY_CLMUL] = { X86_FEATURE_PCLMULQDQ, X86_FEATURE_VPCLMULQDQ },
	[NPTB_FAMILY_F16C] = { X86_FEATURE_F16C, X86_FEATURE_F16C },
};

/* Does VEX.vvvv name a source? */
static bool has_first(const struct nptb_vex_row *row, const struct nptb_insn *insn)
{
	return row->flags & NPTB_VEX_FIRST || (row->flags & NPTB_VEX_FIRST_REG && !insn->is_memory);
}

static bool is_wide(const struct nptb_soft *soft, const struct nptb_insn *insn)
{
	return nptb_insn_wide(insn) && nptb_soft_64(soft);
}

/* As many bytes of the operand in memory as are read or written. */
static u32 memory_bytes(const struct nptb_vex_row *row, const struct nptb_vex_job *job)
{
	if (job->key == KEY_MOVDDUP && !job->v.l)
		return 8;
	if (row->flags & NPTB_VEX_FULL)
		return NPTB_VECTOR_BYTES << job->v.l;
	if (row->flags & NPTB_VEX_DOUBLE)
		return row->bytes << job->v.l;
	return job->v.bytes;
}

static int by_immediate(const struct nptb_soft *soft, const struct nptb_insn *insn)
{
	return insn->imm >> 4 & (nptb_soft_64(soft) ? 15 : 7);
}

static int destination(const struct nptb_vex_job *job, const struct nptb_insn *insn,
		       const struct nptb_vex_row *row)
{
	if (row->flags & (NPTB_VEX_GPR_REG | NPTB_VEX_NO_RESULT))
		return -1;
	if (row->flags & NPTB_VEX_TO_FIRST)
		return insn->vvvv;
	return row->flags & NPTB_VEX_TO_RM ? job->rm : job->reg;
}

static struct nptb_vex_job job_of(const struct nptb_soft *soft, const struct nptb_insn *insn,
				  const struct nptb_vex_row *row)
{
	int reg = nptb_insn_reg(insn), rm = nptb_insn_rm(insn);
	bool l = insn->l && !(row->flags & NPTB_VEX_ANY_L);
	struct nptb_vex_job job = {
		.key = nptb_vex_key(insn), .how = row->how, .wide = is_wide(soft, insn),
		.reg = row->flags & (NPTB_VEX_GPR_REG | NPTB_VEX_TO_FIRST) ? -1 : reg,
		.first = has_first(row, insn) ? insn->vvvv : -1,
		.rm = insn->is_memory || row->flags & NPTB_VEX_GPR_RM ? -1 : rm,
		.by = row->flags & NPTB_VEX_BY_4 ? by_immediate(soft, insn) : -1,
		.to_rm = row->flags & NPTB_VEX_TO_RM,
		.v = { .bytes = row->bytes, .imm = insn->imm, .is_memory = insn->is_memory,
		       .l = l },
		.flags = soft->state.rflags,
	};

	job.to = destination(&job, insn, row);
	if (row->flags & NPTB_VEX_WITH_W && nptb_insn_wide(insn))
		job.key |= NPTB_VEX_W;
	if ((row->flags & NPTB_VEX_WIDENS && job.wide) ||
	    (row->family == NPTB_FAMILY_FMA && row->flags & NPTB_VEX_ANY_L && nptb_insn_wide(insn)))
		job.v.bytes = 8;
	if (row->how == NPTB_VECTOR_STRINGS) {
		struct nptb_vector v;

		nptb_vector_lengths(soft, insn, &v);
		job.has_lengths = v.has_lengths;
		memcpy(job.length, v.length, sizeof(v.length));
		job.to = nptb_vector_strings_mask(insn) ? 0 : -1;
	}
	if (row->flags & NPTB_VEX_FULL && row->bytes == NPTB_VECTOR_BYTES)
		job.v.bytes <<= l;
	return job;
}

/* Group 12 to 14: the stub that does the same by a count in a register. */
static bool shift(const struct nptb_insn *insn, struct nptb_vex_job *job)
{
	u32 stub = nptb_vector_shift(insn), rm = job->rm;

	job->v.left = (insn->modrm >> 3 & 7) == 7;
	if (stub == NPTB_VECTOR_BYTES_SHIFTED) {
		job->how = NPTB_VECTOR_BYTE_SHIFT;
		return true;
	}
	job->key = NPTB_VECTOR_KEY(1, 1, stub);
	/* What is shifted is the first source of the stub, the count the second. */
	job->first = rm;
	job->rm = -1;
	job->v.rm[0] = insn->imm;
	return stub;
}

/* Is VEX.L, or VEX.W, one that it may have? */
static bool is_encoded(const struct nptb_insn *insn, const struct nptb_vex_row *row)
{
	bool w = nptb_insn_wide(insn);

	return !((row->flags & NPTB_VEX_L0 && insn->l) || (row->flags & NPTB_VEX_L1 && !insn->l) ||
		 (row->flags & NPTB_VEX_W_0 && w));
}

/* A broadcast from a register came with AVX2. */
static enum nptb_vex_family family(const struct nptb_insn *insn, const struct nptb_vex_row *row)
{
	return row->how == NPTB_VECTOR_BROADCAST && !insn->is_memory ? NPTB_FAMILY_AVX2 :
								       row->family;
}

static bool is_there(const struct nptb_soft *soft)
{
	return !nptb_soft_real(soft) && soft->state.cr4 & X86_CR4_OSXSAVE &&
	       (soft->xcr0 & XCR0_AVX) == XCR0_AVX && boot_cpu_has(X86_FEATURE_AVX);
}

static enum nptb_soft_end undefined(struct nptb_soft *soft)
{
	return nptb_soft_raise(soft, NPTB_VECTOR_UD);
}

/* Volume 4 of the APM has them at each instruction. */
static enum nptb_soft_end allowed(struct nptb_soft *soft, const struct nptb_insn *insn,
				  const struct nptb_vex_row *row, bool known)
{
	bool vvvv = has_first(row, insn) || row->flags & NPTB_VEX_TO_FIRST;

	if (!known || insn->lock || !is_there(soft) ||
	    !boot_cpu_has(features[family(insn, row)][insn->l]) ||
	    (!vvvv && insn->vvvv) || !is_encoded(insn, row) ||
	    (row->flags & NPTB_VEX_MEMORY && !insn->is_memory) ||
	    (row->flags & NPTB_VEX_REGISTER && insn->is_memory))
		return undefined(soft);
	/* Some CPUs have them without, others not. */
	if (row->flags & NPTB_VEX_W_1 && !nptb_insn_wide(insn))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (soft->state.cr0 & X86_CR0_TS)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end address(struct nptb_soft *soft, const struct nptb_insn *insn,
				  const struct nptb_vex_row *row, u32 bytes, u64 *linear)
{
	enum nptb_soft_end end =
		nptb_step_linear(soft, insn, bytes, row->flags & NPTB_VEX_TO_RM, linear);

	if (end != NPTB_SOFT_DONE || !(*linear & (bytes - 1)))
		return end;
	if (row->flags & NPTB_VEX_ALIGNED)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if (nptb_kvm_checks_alignment(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end work(struct nptb_soft *soft, struct nptb_vex_job *job)
{
	return nptb_vex_run(job) ? NPTB_SOFT_DONE : nptb_vector_raise(soft);
}

static void put_gpr(struct nptb_soft *soft, u32 nr, const struct nptb_vex_job *job)
{
	soft->state.gpr[nr & 15] = job->wide ? job->v.gpr : (u32)job->v.gpr;
}

static enum nptb_soft_end with_memory(struct nptb_soft *soft, const struct nptb_insn *insn,
				      const struct nptb_vex_row *row, struct nptb_vex_job *job)
{
	void *operand = row->flags & NPTB_VEX_GPR_RM ? (void *)&job->v.gpr : job->v.rm;
	u32 bytes = memory_bytes(row, job);
	enum nptb_soft_end end;
	u64 linear;

	end = address(soft, insn, row, bytes, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (row->flags & NPTB_VEX_TO_RM) {
		end = nptb_kvm_may_write_linear(soft->ctx, linear, bytes, &soft->raised);
		if (end == NPTB_SOFT_UNABLE)
			return nptb_soft_unable(soft, NPTB_REASON_MEMORY);
		if (end == NPTB_SOFT_DONE)
			end = work(soft, job);
		return end == NPTB_SOFT_DONE ?
			nptb_soft_write(soft, linear, operand, bytes, false) : end;
	}
	end = nptb_soft_read(soft, linear, operand, bytes, false);
	return end == NPTB_SOFT_DONE ? work(soft, job) : end;
}

static enum nptb_soft_end with_registers(struct nptb_soft *soft, const struct nptb_insn *insn,
					 const struct nptb_vex_row *row, struct nptb_vex_job *job)
{
	enum nptb_soft_end end;

	if (row->flags & NPTB_VEX_GPR_RM)
		job->v.gpr = soft->state.gpr[nptb_insn_rm(insn)];
	end = work(soft, job);
	if (end == NPTB_SOFT_DONE && row->flags & NPTB_VEX_GPR_RM && row->flags & NPTB_VEX_TO_RM)
		put_gpr(soft, nptb_insn_rm(insn), job);
	return end;
}

static enum nptb_soft_end run(struct nptb_soft *soft, const struct nptb_insn *insn,
			      const struct nptb_vex_row *row, struct nptb_vex_job *job)
{
	if (row->how == NPTB_VECTOR_GATHER)
		return nptb_vex_gather(soft, insn);
	if (row->how == NPTB_VECTOR_MASKED_BYTES)
		return nptb_masked_bytes(soft, insn);
	if (row->how == NPTB_VECTOR_MASKED) {
		bool wide = row->flags & NPTB_VEX_WIDENS && nptb_insn_wide(insn);
		bool store = row->flags & NPTB_VEX_TO_RM;

		return nptb_vex_masked(soft, insn, wide ? 8 : row->bytes, store);
	}
	return insn->is_memory ? with_memory(soft, insn, row, job) :
				 with_registers(soft, insn, row, job);
}

/* VZEROUPPER and VZEROALL have no operands. */
static enum nptb_soft_end zero(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	static const struct nptb_vex_row row;
	enum nptb_soft_end end = allowed(soft, insn, &row, !nptb_insn_prefix(insn));

	if (end != NPTB_SOFT_DONE)
		return end;
	nptb_vex_zero(insn->l, nptb_soft_64(soft) ? 16 : 8);
	nptb_step_advance(soft, insn);
	return NPTB_SOFT_DONE;
}

/* VLDMXCSR and VSTMXCSR. */
static enum nptb_soft_end mxcsr(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	static const struct nptb_vex_row row = { .flags = NPTB_VEX_L0 | NPTB_VEX_MEMORY };
	u32 reg = insn->modrm >> 3 & 7;
	bool known = !nptb_insn_prefix(insn) && (reg == 2 || reg == 3);
	enum nptb_soft_end end = allowed(soft, insn, &row, known);

	if (end == NPTB_SOFT_DONE)
		end = nptb_fpu_mxcsr(soft, insn, reg == 2);
	if (end == NPTB_SOFT_DONE)
		nptb_step_advance(soft, insn);
	return end;
}

/**
 * nptb_vex_step() - carry out an instruction with a VEX prefix on vectors
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, with such a prefix
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_vex_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	const struct nptb_vex_row *row = nptb_vex_row(insn);
	struct nptb_vex_job job;
	enum nptb_soft_end end;

	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (insn->map == 1 && insn->op == OP_ZERO)
		return zero(soft, insn);
	if (insn->map == 1 && insn->op == OP_MXCSR)
		return mxcsr(soft, insn);
	if (!row->how)
		return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
	job = job_of(soft, insn, row);
	end = allowed(soft, insn, row,
		      row->how == NPTB_VECTOR_SHIFT ? shift(insn, &job) :
		      row->how != NPTB_VECTOR_GATHER || nptb_vex_may_gather(insn));
	if (end != NPTB_SOFT_DONE)
		return end;
	end = run(soft, insn, row, &job);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (row->flags & NPTB_VEX_GPR_REG)
		put_gpr(soft, nptb_insn_reg(insn), &job);
	if (row->how == NPTB_VECTOR_STRINGS && !nptb_vector_strings_mask(insn))
		soft->state.gpr[VCPU_REGS_RCX] = job.v.gpr;
	if (row->how == NPTB_VECTOR_FLAGS || row->how == NPTB_VECTOR_AS_FLAGS ||
	    row->how == NPTB_VECTOR_STRINGS)
		soft->state.rflags = (soft->state.rflags & ~COMPARED) | (job.flags & COMPARED);
	nptb_step_advance(soft, insn);
	return NPTB_SOFT_DONE;
}
