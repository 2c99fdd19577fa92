// SPDX-License-Identifier: GPL-2.0-only
/* Instructions that count bits; see x86/soft/count.h. AMD64 APM volume 3. */
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/soft/count.h"
#include "x86/guest_memory.h"
#include "x86/soft/step.h"

#define OP_POPCNT	0xb8
#define OP_TZCNT	0xbc
#define OP_LZCNT	0xbd

/* What they set, clear or leave undefined: as this CPU does. */
#define CHANGED	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | \
		 X86_EFLAGS_SF | X86_EFLAGS_OF)

static bool is_there(u8 op)
{
	switch (op) {
	case OP_POPCNT:
		return boot_cpu_has(X86_FEATURE_POPCNT);
	case OP_TZCNT:
		return boot_cpu_has(X86_FEATURE_BMI1);
	case OP_LZCNT:
		return boot_cpu_has(X86_FEATURE_ABM);
	}
	return false;
}

/* Behind F3 and 0F: would it be another instruction without the F3? */
bool nptb_count_is_mistaken(u8 op)
{
	return (op == OP_TZCNT || op == OP_LZCNT) && is_there(op);
}

/**
 * nptb_count_is() - is it one of these?
 * @insn: decoded
 */
bool nptb_count_is(const struct nptb_insn *insn)
{
	return insn->map == 1 && insn->rep == 0xf3 && is_there(insn->op);
}

#define COUNT(name, suffix, reg)						\
	asm volatile("push %1\n"						\
		     "	popf\n"						\
		     name suffix " %" reg "0, %" reg "0\n"			\
		     "	pushf\n"						\
		     "	pop %1" : "+r"(*value), "+r"(flags) : : "cc", "memory")

#define COUNT_BY_SIZE(name)							\
	do {									\
		if (size == 8)							\
			COUNT(name, "q", "q");					\
		else if (size == 4)						\
			COUNT(name, "l", "k");					\
		else								\
			COUNT(name, "w", "w");					\
	} while (0)

/*
 * TZCNT and LZCNT leave four of the flags undefined: with the guest's before it, the CPU
 * makes of them here what it makes of them in the guest.
 */
static unsigned long count(u8 op, u32 size, unsigned long rflags, u64 *value)
{
	unsigned long flags = (native_save_fl() & ~CHANGED) | (rflags & CHANGED);

	switch (op) {
	case OP_POPCNT:
		COUNT_BY_SIZE("popcnt");
		break;
	case OP_TZCNT:
		COUNT_BY_SIZE("tzcnt");
		break;
	default:
		COUNT_BY_SIZE("lzcnt");
		break;
	}
	return flags;
}

/**
 * nptb_count_source() - read an operand that is a general register, or in memory
 * @soft: the vCPU, at the instruction
 * @insn: decoded
 * @size: bytes of the operand
 * @value: set; of a register, all of it
 *
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_count_source(struct nptb_soft *soft, const struct nptb_insn *insn,
				     u32 size, u64 *value)
{
	enum nptb_soft_end end;
	u64 linear;

	*value = soft->state.gpr[nptb_insn_rm(insn)];
	if (!insn->is_memory)
		return NPTB_SOFT_DONE;
	end = nptb_step_linear(soft, insn, size, false, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (linear & (size - 1) && nptb_kvm_checks_alignment(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	*value = 0;
	return nptb_soft_read(soft, linear, value, size, false);
}

/**
 * nptb_count_step() - carry out POPCNT, TZCNT or LZCNT
 * @soft: the vCPU, at the instruction
 * @insn: decoded, and nptb_count_is() one
 *
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_count_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	bool wide = soft->machine.seg[NPTB_SEG_CS].attr & NPTB_ATTR_DB || nptb_soft_64(soft);
	u32 size = nptb_insn_wide(insn) ? 8 : wide != insn->opsize ? 4 : 2;
	u64 *to = &soft->state.gpr[nptb_insn_reg(insn)], value;
	enum nptb_soft_end end;
	unsigned long flags;

	if (insn->lock)
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	end = nptb_count_source(soft, insn, size, &value);
	if (end != NPTB_SOFT_DONE)
		return end;
	flags = count(insn->op, size, soft->state.rflags, &value);
	soft->state.rflags = (soft->state.rflags & ~CHANGED) | (flags & CHANGED);
	*to = size == 2 ? (*to & ~0xffffULL) | (u16)value : size == 4 ? (u32)value : value;
	nptb_step_advance(soft, insn);
	return NPTB_SOFT_DONE;
}
