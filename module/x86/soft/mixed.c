// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions between MMX and XMM registers, carried out; see x86/soft/mixed.h. Each is
 * assembled into the module, once for each MMX register, so that this CPU itself makes of
 * the guest's x87 state what it makes of it in the guest; the XMM register is one that is
 * put back. AMD64 APM volume 5, and volume 4.
 */
#include <asm/asm.h>
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/guest_memory.h"
#include "x86/soft/guest_fpu.h"
#include "x86/soft/mixed.h"
#include "x86/soft/step.h"
#include "x86/soft/vector.h"
#include "x86/soft/vector_cpu.h"
#include "x86/soft/vector_table.h"
#include "x86/soft/x87.h"

/*
 * One line for each: prefix (1: 66, 2: F3, 3: F2) and opcode, of map 1; its name; bytes of
 * its operand in memory, or 0 where it has none; and the CPU's feature.
 */
#define TO_XMM(V)				\
	V(0, 0x2a, cvtpi2ps, 8, XMM)		\
	V(1, 0x2a, cvtpi2pd, 8, XMM2)		\
	V(2, 0xd6, movq2dq, 0, XMM2)

#define TO_MMX(V)				\
	V(0, 0x2c, cvttps2pi, 8, XMM)		\
	V(1, 0x2c, cvttpd2pi, 16, XMM2)		\
	V(0, 0x2d, cvtps2pi, 8, XMM)		\
	V(1, 0x2d, cvtpd2pi, 16, XMM2)		\
	V(3, 0xd6, movdq2q, 0, XMM2)

#define KEY(prefix, op)	((prefix) << 8 | (op))

struct vector {
	u8 bytes[NPTB_VECTOR_BYTES];
};

/**
 * struct row - an instruction
 * @key: see KEY()
 * @to_xmm: its destination is an XMM register; or else an MMX register
 * @bytes: of its operand in memory
 * @feature: of the CPU
 */
struct row {
	u16 key;
	bool to_xmm;
	u8 bytes;
	u16 feature;
};

#define ROW_TO_XMM(prefix, op, name, bytes, feature)	\
	{ KEY(prefix, op), true, bytes, X86_FEATURE_##feature },
#define ROW_TO_MMX(prefix, op, name, bytes, feature)	\
	{ KEY(prefix, op), false, bytes, X86_FEATURE_##feature },

static const struct row rows[] = { TO_XMM(ROW_TO_XMM) TO_MMX(ROW_TO_MMX) };

static const struct row *row_of(const struct nptb_insn *insn)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows) && insn->map == 1; i++)
		if (rows[i].key == KEY(nptb_insn_prefix(insn), insn->op))
			return &rows[i];
	return NULL;
}

/* @raised stays 0 without an exception. */
#define RUN(text)								\
	asm volatile("1: " text "\n"						\
		     "	jmp 3f\n"						\
		     "2: or $0x100, %%eax\n"					\
		     "3:\n"							\
		     _ASM_EXTABLE_FAULT(1b, 2b)					\
		     : "+a"(raised) : "m"(*operand))

#define ONE(before, n, after)	case n: RUN(before #n after); break;

/* Switch by the number of the MMX register, which is named between @before and @after. */
#define BY_MM(before, after)							\
	switch (mm) {								\
	ONE(before, 0, after) ONE(before, 1, after) ONE(before, 2, after)	\
	ONE(before, 3, after) ONE(before, 4, after) ONE(before, 5, after)	\
	ONE(before, 6, after) ONE(before, 7, after)				\
	}

#define FROM_MMX(prefix, op, name, bytes, feature)				\
	case KEY(prefix, op):							\
		BY_MM(#name " %%mm", ", %%xmm0")				\
		break;

#define INTO_MMX(prefix, op, name, bytes, feature)				\
	case KEY(prefix, op):							\
		BY_MM(#name " %%xmm0, %%mm", "")				\
		break;

/* With the guest's registers loaded, but for XMM0. Return: false where it raised something. */
static bool run_registers(u32 key, u32 mm, const struct vector *operand)
{
	unsigned long raised = 0;

	switch (key) {
	TO_XMM(FROM_MMX)
	TO_MMX(INTO_MMX)
	}
	return !raised;
}

/* Likewise. From memory these leave the x87 alone on some CPUs. */
static bool run_memory(u32 key, const struct vector *operand)
{
	unsigned long raised = 0;

	if (key == KEY(0, 0x2a))
		RUN("cvtpi2ps %1, %%xmm0");
	else
		RUN("cvtpi2pd %1, %%xmm0");
	return !raised;
}

/**
 * struct job - an instruction, on its way
 * @insn: the instruction
 * @row: which it is
 * @xmm: its operand that is an XMM register, or what is read of memory in the place of
 *	that; and what becomes of it
 * @memory: what is read of memory in the place of an MMX register
 */
struct job {
	const struct nptb_insn *insn;
	const struct row *row;
	struct vector xmm;
	struct vector memory;
};

static bool run(struct job *job)
{
	const struct nptb_insn *insn = job->insn;
	u32 mm = job->row->to_xmm ? insn->modrm & 7 : insn->modrm >> 3 & 7;
	struct vector kept;
	bool done;

	nptb_guest_fpu_begin();
	asm volatile("movups %%xmm0, %0" : "=m"(kept));
	asm volatile("movups %0, %%xmm0" : : "m"(job->xmm));
	if (job->row->to_xmm && insn->is_memory)
		done = run_memory(job->row->key, &job->memory);
	else
		done = run_registers(job->row->key, mm, &job->xmm);
	asm volatile("movups %%xmm0, %0" : "=m"(job->xmm));
	asm volatile("movups %0, %%xmm0" : : "m"(kept));
	nptb_guest_fpu_end();
	return done;
}

static enum nptb_soft_end read_operand(struct nptb_soft *soft, struct job *job)
{
	u32 bytes = job->row->bytes;
	enum nptb_soft_end end;
	u64 linear;

	end = nptb_step_linear(soft, job->insn, bytes, false, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (linear & (bytes - 1)) {
		if (bytes == NPTB_VECTOR_BYTES && !nptb_vector_anywhere())
			return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
		if (bytes == NPTB_VECTOR_BYTES || nptb_kvm_checks_alignment(soft))
			return nptb_soft_unable(soft, NPTB_REASON_FORM);
	}
	return nptb_soft_read(soft, linear, job->row->to_xmm ? &job->memory : &job->xmm, bytes,
			      false);
}

static enum nptb_soft_end allowed(struct nptb_soft *soft, const struct job *job)
{
	const struct nptb_insn *insn = job->insn;

	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (insn->lock || soft->state.cr0 & X86_CR0_EM || !(soft->state.cr4 & X86_CR4_OSFXSR) ||
	    !boot_cpu_has(job->row->feature) || (insn->is_memory && !job->row->bytes))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->state.cr0 & X86_CR0_TS)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	/* Not all CPUs ask the x87 there. */
	if (job->row->to_xmm && insn->is_memory && !nptb_x87_is_quiet())
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	return nptb_x87_wait(soft);
}

/**
 * nptb_mixed_is() - is it an instruction that nptb_mixed_step() knows?
 * @insn: decoded
 */
bool nptb_mixed_is(const struct nptb_insn *insn)
{
	return row_of(insn);
}

/**
 * nptb_mixed_step() - carry out an instruction between MMX and XMM registers
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, and nptb_mixed_is() one
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_mixed_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	struct job job = { .insn = insn, .row = row_of(insn) };
	enum nptb_soft_end end = allowed(soft, &job);
	u32 xmm = job.row->to_xmm ? nptb_insn_reg(insn) : nptb_insn_rm(insn);

	if (end != NPTB_SOFT_DONE)
		return end;
	if (job.row->to_xmm || !insn->is_memory)
		nptb_vector_register(xmm, &job.xmm);
	if (insn->is_memory)
		end = read_operand(soft, &job);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (!run(&job))
		return nptb_vector_raise(soft);
	if (job.row->to_xmm)
		nptb_vector_put_register(xmm, &job.xmm);
	nptb_step_advance(soft, insn);
	return NPTB_SOFT_DONE;
}
