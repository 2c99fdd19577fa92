// SPDX-License-Identifier: GPL-2.0-only
/* SSE instructions, carried out; see x86/soft/vector.h. */
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/guest_memory.h"
#include "x86/soft/masked.h"
#include "x86/soft/step.h"
#include "x86/soft/vector.h"
#include "x86/soft/vector_cpu.h"
#include "x86/soft/vector_table.h"

#define RAX	VCPU_REGS_RAX
#define RCX	VCPU_REGS_RCX
#define RDX	VCPU_REGS_RDX

/* What a comparison sets and clears: CF, PF, AF, ZF, SF, OF. */
#define COMPARED	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | \
			 X86_EFLAGS_SF | X86_EFLAGS_OF)

/* What else is to be known of an instruction. */
#define MEMORY		BIT(0)	/* ModRM.rm has to name memory */
#define REGISTER	BIT(1)	/* it has to name a register */
#define UNALIGNED	BIT(2)	/* memory need not be aligned */
#define GPR_REG		BIT(3)	/* ModRM.reg names a general register */
#define GPR_RM		BIT(4)	/* ModRM.rm names a general register, or memory */
#define WIDENS		BIT(5)	/* with REX.W its general register has 8 bytes */
#define TO_RM		BIT(6)	/* what ModRM.rm names is the destination */
#define NO_RESULT	BIT(7)	/* no vector register is */

/**
 * struct row - an instruction
 * @feature: of the CPU
 * @how: what it does; enum nptb_vector_how
 * @bytes: of its operand in memory, or of an element
 * @flags: see above
 */
struct row {
	u16 feature;
	u8 how;
	u8 bytes;
	u8 flags;
};

#define ROW(map, prefix, op, how, bytes, feature, flags)			\
	[NPTB_VECTOR_KEY(map, prefix, op)] =					\
		{ X86_FEATURE_##feature, NPTB_VECTOR_##how, bytes, flags },
#define ROW_STUB(map, prefix, op, name, bytes, feature)				\
	ROW(map, prefix, op, STUB, bytes, feature, 0)
#define ROW_FLAGS(map, prefix, op, name, bytes, feature)			\
	ROW(map, prefix, op, FLAGS, bytes, feature, NO_RESULT)
#define ROW_TO_GPR(map, prefix, op, name, bytes, feature)			\
	ROW(map, prefix, op, TO_GPR, bytes, feature, GPR_REG)
#define ROW_FROM_GPR(map, prefix, op, name, bytes, feature)			\
	ROW(map, prefix, op, FROM_GPR, bytes, feature, GPR_RM | WIDENS)
#define ROW_BITS_3(map, prefix, op, name, bytes, feature)			\
	ROW(map, prefix, op, BITS_3, bytes, feature, 0)
#define ROW_BITS_4(map, prefix, op, name, bytes, feature)			\
	ROW(map, prefix, op, BITS_4, bytes, feature, 0)

/* By their numbers. What is not here is not carried out. */
static const struct row rows[NPTB_VECTOR_KEYS] = {
	NPTB_SSE_STUBS(ROW_STUB)
	NPTB_SSE_FLAGS(ROW_FLAGS)
	NPTB_SSE_TO_GPR(ROW_TO_GPR)
	NPTB_SSE_FROM_GPR(ROW_FROM_GPR)
	NPTB_SSE_BITS_3(ROW_BITS_3)
	NPTB_SSE_BITS_4(ROW_BITS_4)
	ROW(1, 0, 0x10, LOAD, 16, XMM, UNALIGNED)			/* MOVUPS */
	ROW(1, 1, 0x10, LOAD, 16, XMM2, UNALIGNED)			/* MOVUPD */
	ROW(1, 2, 0x10, MERGE, 4, XMM, 0)				/* MOVSS */
	ROW(1, 3, 0x10, MERGE, 8, XMM2, 0)				/* MOVSD */
	ROW(1, 0, 0x11, STORE, 16, XMM, TO_RM | UNALIGNED)
	ROW(1, 1, 0x11, STORE, 16, XMM2, TO_RM | UNALIGNED)
	ROW(1, 2, 0x11, STORE_MERGE, 4, XMM, TO_RM)
	ROW(1, 3, 0x11, STORE_MERGE, 8, XMM2, TO_RM)
	ROW(1, 0, 0x12, LOAD_LOW, 8, XMM, 0)				/* MOVLPS, MOVHLPS */
	ROW(1, 1, 0x12, LOAD_LOW, 8, XMM2, MEMORY)			/* MOVLPD */
	ROW(1, 0, 0x13, STORE, 8, XMM, TO_RM | MEMORY)
	ROW(1, 1, 0x13, STORE, 8, XMM2, TO_RM | MEMORY)
	ROW(1, 0, 0x16, LOAD_HIGH, 8, XMM, 0)				/* MOVHPS, MOVLHPS */
	ROW(1, 1, 0x16, LOAD_HIGH, 8, XMM2, MEMORY)			/* MOVHPD */
	ROW(1, 0, 0x17, STORE_HIGH, 8, XMM, TO_RM | MEMORY)
	ROW(1, 1, 0x17, STORE_HIGH, 8, XMM2, TO_RM | MEMORY)
	ROW(1, 0, 0x28, LOAD, 16, XMM, 0)				/* MOVAPS */
	ROW(1, 1, 0x28, LOAD, 16, XMM2, 0)				/* MOVAPD */
	ROW(1, 0, 0x29, STORE, 16, XMM, TO_RM)
	ROW(1, 1, 0x29, STORE, 16, XMM2, TO_RM)
	ROW(1, 0, 0x2b, STORE, 16, XMM, TO_RM | MEMORY)			/* MOVNTPS */
	ROW(1, 1, 0x2b, STORE, 16, XMM2, TO_RM | MEMORY)		/* MOVNTPD */
	ROW(1, 0, 0x50, MASK, 4, XMM, GPR_REG | REGISTER)		/* MOVMSKPS */
	ROW(1, 1, 0x50, MASK, 8, XMM2, GPR_REG | REGISTER)		/* MOVMSKPD */
	ROW(1, 1, 0x6e, LOAD_GPR, 4, XMM2, GPR_RM | WIDENS)		/* MOVD, MOVQ */
	ROW(1, 1, 0x6f, LOAD, 16, XMM2, 0)				/* MOVDQA */
	ROW(1, 2, 0x6f, LOAD, 16, XMM2, UNALIGNED)			/* MOVDQU */
	ROW(1, 1, 0x70, PSHUFD, 16, XMM2, 0)
	ROW(1, 2, 0x70, PSHUFHW, 16, XMM2, 0)
	ROW(1, 3, 0x70, PSHUFLW, 16, XMM2, 0)
	ROW(1, 1, 0x71, SHIFT, 2, XMM2, TO_RM | REGISTER)
	ROW(1, 1, 0x72, SHIFT, 4, XMM2, TO_RM | REGISTER)
	ROW(1, 1, 0x73, SHIFT, 8, XMM2, TO_RM | REGISTER)
	ROW(1, 1, 0x7e, STORE_GPR, 4, XMM2, TO_RM | GPR_RM | WIDENS)	/* MOVD, MOVQ */
	ROW(1, 2, 0x7e, LOAD, 8, XMM2, 0)				/* MOVQ */
	ROW(1, 1, 0x7f, STORE, 16, XMM2, TO_RM)
	ROW(1, 2, 0x7f, STORE, 16, XMM2, TO_RM | UNALIGNED)
	ROW(1, 1, 0xc4, INSERT, 2, XMM2, GPR_RM)			/* PINSRW */
	ROW(1, 1, 0xc5, EXTRACT_RM, 2, XMM2, GPR_REG | REGISTER)	/* PEXTRW */
	ROW(1, 0, 0xc6, SHUFPS, 16, XMM, 0)
	ROW(1, 1, 0xc6, SHUFPD, 16, XMM2, 0)
	ROW(1, 1, 0xd6, STORE, 8, XMM2, TO_RM)				/* MOVQ */
	ROW(1, 1, 0xd7, MASK, 1, XMM2, GPR_REG | REGISTER)		/* PMOVMSKB */
	ROW(1, 1, 0xe7, STORE, 16, XMM2, TO_RM | MEMORY)		/* MOVNTDQ */
	ROW(1, 1, 0xf7, MASKED_BYTES, 16, XMM2, REGISTER)		/* MASKMOVDQU */
	ROW(1, 3, 0xf0, LOAD, 16, XMM3, MEMORY | UNALIGNED)		/* LDDQU */
	ROW(2, 1, 0x10, BLEND_BY_0, 1, XMM4_1, 0)			/* PBLENDVB */
	ROW(2, 1, 0x14, BLEND_BY_0, 4, XMM4_1, 0)			/* BLENDVPS */
	ROW(2, 1, 0x15, BLEND_BY_0, 8, XMM4_1, 0)			/* BLENDVPD */
	ROW(2, 1, 0x2a, LOAD, 16, XMM4_1, MEMORY)			/* MOVNTDQA */
	ROW(3, 1, 0x0c, BLEND, 4, XMM4_1, 0)
	ROW(3, 1, 0x0d, BLEND, 8, XMM4_1, 0)
	ROW(3, 1, 0x0e, BLEND, 2, XMM4_1, 0)
	ROW(3, 1, 0x0f, ALIGN, 16, SSSE3, 0)				/* PALIGNR */
	ROW(3, 1, 0x14, EXTRACT, 1, XMM4_1, TO_RM | GPR_RM)		/* PEXTRB */
	ROW(3, 1, 0x15, EXTRACT, 2, XMM4_1, TO_RM | GPR_RM)
	ROW(3, 1, 0x16, EXTRACT, 4, XMM4_1, TO_RM | GPR_RM | WIDENS)
	ROW(3, 1, 0x17, EXTRACT, 4, XMM4_1, TO_RM | GPR_RM)		/* EXTRACTPS */
	ROW(3, 1, 0x20, INSERT, 1, XMM4_1, GPR_RM)			/* PINSRB */
	ROW(3, 1, 0x21, INSERTPS, 4, XMM4_1, 0)
	ROW(2, 0, 0xcb, RNDS2, 16, SHA_NI, 0)				/* SHA256RNDS2 */
	ROW(3, 1, 0x40, BITS_8, 16, XMM4_1, 0)				/* DPPS */
	ROW(3, 1, 0x41, BITS_8, 16, XMM4_1, 0)				/* DPPD */
	ROW(3, 1, 0x44, BITS_8, 16, PCLMULQDQ, 0)
	ROW(3, 1, 0x60, STRINGS, 16, XMM4_2, UNALIGNED)			/* PCMPESTRM */
	ROW(3, 1, 0x61, STRINGS, 16, XMM4_2, UNALIGNED)			/* PCMPESTRI */
	ROW(3, 1, 0x62, STRINGS, 16, XMM4_2, UNALIGNED)			/* PCMPISTRM */
	ROW(3, 1, 0x63, STRINGS, 16, XMM4_2, UNALIGNED)			/* PCMPISTRI */
	ROW(3, 1, 0xdf, KEYGEN, 16, AES, 0)				/* AESKEYGENASSIST */
	ROW(3, 1, 0x22, INSERT, 4, XMM4_1, GPR_RM | WIDENS)
};

static u32 key_of(const struct nptb_insn *insn)
{
	return NPTB_VECTOR_KEY(insn->map, nptb_insn_prefix(insn), insn->op);
}

/**
 * nptb_vector_is() - is it one of those that nptb_vector_step() may know?
 * @insn: decoded
 */
bool nptb_vector_is(const struct nptb_insn *insn)
{
	return insn->map && rows[key_of(insn)].how;
}

/**
 * nptb_vector_shift() - which instruction shifts as one of groups 12 to 14 does?
 * @insn: decoded
 *
 * Return: the opcode of that, which has its count in a register; or
 * %NPTB_VECTOR_BYTES_SHIFTED, or 0 where there is no such instruction.
 */
u32 nptb_vector_shift(const struct nptb_insn *insn)
{
	static const struct {
		u8 op;
		u8 reg;
		u8 stub;
	} shifts[] = {
		{ 0x71, 2, 0xd1 }, { 0x71, 4, 0xe1 }, { 0x71, 6, 0xf1 },
		{ 0x72, 2, 0xd2 }, { 0x72, 4, 0xe2 }, { 0x72, 6, 0xf2 },
		{ 0x73, 2, 0xd3 }, { 0x73, 6, 0xf3 },
		{ 0x73, 3, NPTB_VECTOR_BYTES_SHIFTED }, { 0x73, 7, NPTB_VECTOR_BYTES_SHIFTED },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(shifts); i++)
		if (shifts[i].op == insn->op && shifts[i].reg == (insn->modrm >> 3 & 7))
			return shifts[i].stub;
	return 0;
}

/* PCMPESTRM and PCMPISTRM leave a mask, the others an index. */
bool nptb_vector_strings_mask(const struct nptb_insn *insn)
{
	return !(insn->op & 1);
}

/* PCMPESTRI and PCMPESTRM have lengths in RAX and RDX. */
void nptb_vector_lengths(const struct nptb_soft *soft, const struct nptb_insn *insn,
			 struct nptb_vector *v)
{
	s64 first = soft->state.gpr[RAX], second = soft->state.gpr[RDX];
	bool wide = nptb_insn_wide(insn) && nptb_soft_64(soft);

	v->has_lengths = !(insn->op & 2);
	v->length[0] = wide ? first : (s32)first;
	v->length[1] = wide ? second : (s32)second;
}

static bool shift(const struct nptb_insn *insn, struct nptb_vector_job *job)
{
	u32 stub = nptb_vector_shift(insn);

	job->reg = -1;
	if (stub == NPTB_VECTOR_BYTES_SHIFTED) {
		job->how = NPTB_VECTOR_BYTE_SHIFT;
		job->v.left = (insn->modrm >> 3 & 7) == 7;
		return true;
	}
	job->key = NPTB_VECTOR_KEY(1, 1, stub);
	job->v.reg[0] = insn->imm;
	return stub;
}

static struct nptb_vector_job job_of(const struct nptb_soft *soft, const struct nptb_insn *insn,
				     const struct row *row)
{
	bool gpr_rm = row->flags & GPR_RM;
	struct nptb_vector_job job = {
		.key = key_of(insn), .how = row->how, .wide = nptb_insn_wide(insn),
		.reg = row->flags & GPR_REG ? -1 : (int)nptb_insn_reg(insn),
		.rm = insn->is_memory || gpr_rm ? -1 : (int)nptb_insn_rm(insn),
		.to_rm = row->flags & TO_RM,
		.v = { .bytes = row->bytes, .imm = insn->imm, .is_memory = insn->is_memory },
	};

	job.to = row->flags & (GPR_REG | NO_RESULT) ? -1 : row->flags & TO_RM ? job.rm : job.reg;
	if (row->flags & WIDENS && job.wide)
		job.v.bytes = 8;
	if (row->how == NPTB_VECTOR_STRINGS) {
		nptb_vector_lengths(soft, insn, &job.v);
		job.to = nptb_vector_strings_mask(insn) ? 0 : -1;
	}
	return job;
}

/* Of memory: blends and shuffles have all of it, the others what they say. */
static u32 memory_bytes(const struct nptb_vector_job *job)
{
	return job->how == NPTB_VECTOR_BLEND || job->how == NPTB_VECTOR_BLEND_BY_0 ?
		NPTB_VECTOR_BYTES : job->v.bytes;
}

/* Volume 4 of the APM has them at each instruction. */
static enum nptb_soft_end allowed(struct nptb_soft *soft, const struct nptb_insn *insn,
				  const struct row *row, bool known)
{
	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (!known || insn->lock || soft->state.cr0 & X86_CR0_EM ||
	    !(soft->state.cr4 & X86_CR4_OSFXSR) || !boot_cpu_has(row->feature) ||
	    (row->flags & MEMORY && !insn->is_memory) ||
	    (row->flags & REGISTER && insn->is_memory))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->state.cr0 & X86_CR0_TS)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end address(struct nptb_soft *soft, const struct nptb_insn *insn,
				  const struct row *row, u32 bytes, u64 *linear)
{
	enum nptb_soft_end end =
		nptb_step_linear(soft, insn, bytes, row->flags & TO_RM, linear);

	if (end != NPTB_SOFT_DONE || !(*linear & (bytes - 1)))
		return end;
	if (bytes == NPTB_VECTOR_BYTES && !(row->flags & UNALIGNED)) {
		/* AMD's Zen 4 takes those of SHA from anywhere; not every CPU may. */
		if (row->feature == X86_FEATURE_SHA_NI)
			return nptb_soft_unable(soft, NPTB_REASON_FORM);
		if (nptb_vector_anywhere())
			return nptb_soft_unable(soft, NPTB_REASON_FORM);
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	}
	if (nptb_kvm_checks_alignment(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	return NPTB_SOFT_DONE;
}

static void *operand(struct nptb_vector_job *job, const struct row *row)
{
	return row->flags & GPR_RM ? (void *)&job->v.gpr : job->v.rm;
}

/**
 * nptb_vector_raise() - what an exception of SSE's or AVX's becomes
 * @soft: the vCPU; no register of the guest's has changed
 *
 * Return: that it is raised, and not delivered yet.
 */
enum nptb_soft_end nptb_vector_raise(struct nptb_soft *soft)
{
	return nptb_soft_raise(soft, soft->state.cr4 & X86_CR4_OSXMMEXCPT ?
				     NPTB_VECTOR_XM : NPTB_VECTOR_UD);
}

static enum nptb_soft_end work(struct nptb_soft *soft, struct nptb_vector_job *job)
{
	return nptb_vector_run(job) ? NPTB_SOFT_DONE : nptb_vector_raise(soft);
}

static void put_gpr(struct nptb_soft *soft, u32 nr, const struct nptb_vector_job *job)
{
	soft->state.gpr[nr & 15] = job->wide ? job->v.gpr : (u32)job->v.gpr;
}

static enum nptb_soft_end with_memory(struct nptb_soft *soft, const struct nptb_insn *insn,
				      const struct row *row, struct nptb_vector_job *job)
{
	u32 bytes = memory_bytes(job);
	enum nptb_soft_end end;
	u64 linear;

	end = address(soft, insn, row, bytes, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (row->flags & TO_RM) {
		end = nptb_kvm_may_write_linear(soft->ctx, linear, bytes, &soft->raised);
		if (end == NPTB_SOFT_UNABLE)
			return nptb_soft_unable(soft, NPTB_REASON_MEMORY);
		if (end == NPTB_SOFT_DONE)
			end = work(soft, job);
		return end == NPTB_SOFT_DONE ?
			nptb_soft_write(soft, linear, operand(job, row), bytes, false) : end;
	}
	end = nptb_soft_read(soft, linear, operand(job, row), bytes, false);
	return end == NPTB_SOFT_DONE ? work(soft, job) : end;
}

static enum nptb_soft_end with_registers(struct nptb_soft *soft, const struct nptb_insn *insn,
					 const struct row *row, struct nptb_vector_job *job)
{
	enum nptb_soft_end end;

	if (row->flags & GPR_RM)
		job->v.gpr = soft->state.gpr[nptb_insn_rm(insn)];
	end = work(soft, job);
	if (end == NPTB_SOFT_DONE && row->flags & GPR_RM && row->flags & TO_RM)
		put_gpr(soft, nptb_insn_rm(insn), job);
	return end;
}

/**
 * nptb_vector_step() - carry out an SSE instruction
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, and nptb_vector_is() one
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_vector_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	const struct row *row = &rows[key_of(insn)];
	struct nptb_vector_job job = job_of(soft, insn, row);
	bool known = row->how != NPTB_VECTOR_SHIFT || shift(insn, &job);
	enum nptb_soft_end end = allowed(soft, insn, row, known);

	if (end != NPTB_SOFT_DONE)
		return end;
	job.flags = soft->state.rflags;
	if (row->how == NPTB_VECTOR_MASKED_BYTES)
		end = nptb_masked_bytes(soft, insn);
	else
		end = insn->is_memory ? with_memory(soft, insn, row, &job) :
					with_registers(soft, insn, row, &job);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (row->flags & GPR_REG)
		put_gpr(soft, nptb_insn_reg(insn), &job);
	if (row->how == NPTB_VECTOR_STRINGS && !nptb_vector_strings_mask(insn))
		soft->state.gpr[RCX] = job.v.gpr;
	if (row->how == NPTB_VECTOR_FLAGS || row->how == NPTB_VECTOR_STRINGS)
		soft->state.rflags = (soft->state.rflags & ~COMPARED) | (job.flags & COMPARED);
	nptb_step_advance(soft, insn);
	return NPTB_SOFT_DONE;
}
