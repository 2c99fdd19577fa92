// SPDX-License-Identifier: GPL-2.0-only
/* Instructions on segments; see x86/soft/segment.h. */
#include <asm/segment.h>

#include "backend.h"
#include "x86/guest_memory.h"
#include "x86/soft/segment.h"
#include "x86/soft/step.h"

#define OP_GROUP_6	0x00
#define OP_LAR		0x02
#define OP_LSL		0x03
#define OP_GROUP_15	0xae
/* ModRM.reg of group 6. */
#define REG_VERR	4
#define REG_VERW	5

/* What LAR has of the upper half of a descriptor; and bits that a CPU may have as well. */
#define RIGHTS		0x00f0ff00U
#define RIGHTS_MAY	0x000f0000U

/* Segments of the system: APM volume 2, tables 4-5 and 4-6. */
#define TYPES_LONG	(BIT(2) | BIT(9) | BIT(11))
#define TYPES_LEGACY	(TYPES_LONG | BIT(1) | BIT(3))
/* LAR has gates, too. */
#define GATES_LONG	BIT(12)
#define GATES_LEGACY	(GATES_LONG | BIT(4) | BIT(5))

static u32 reg_of(const struct nptb_insn *insn)
{
	return insn->modrm >> 3 & 7;
}

static enum nptb_soft_end base(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	u32 nr = reg_of(insn) & 1 ? NPTB_SEG_GS : NPTB_SEG_FS;
	u64 *base = &soft->machine.seg[nr].base, *gpr = &soft->state.gpr[nptb_insn_rm(insn)];
	u64 mask = nptb_insn_wide(insn) ? ~0ULL : 0xffffffffULL;

	if (!nptb_soft_64(soft) || !(soft->state.cr4 & X86_CR4_FSGSBASE))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (!(reg_of(insn) & 2)) {
		*gpr = *base & mask;
		return NPTB_SOFT_DONE;
	}
	if (!nptb_soft_canonical(soft, *gpr & mask))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	*base = *gpr & mask;
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end selector(struct nptb_soft *soft, const struct nptb_insn *insn,
				   u16 *selector)
{
	enum nptb_soft_end end;
	u64 linear;

	*selector = soft->state.gpr[nptb_insn_rm(insn)];
	if (!insn->is_memory)
		return NPTB_SOFT_DONE;
	end = nptb_step_linear(soft, insn, sizeof(*selector), false, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (linear & 1 && nptb_kvm_checks_alignment(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	return nptb_soft_read(soft, linear, selector, sizeof(*selector), false);
}

/* Of one that is null, or behind its table's end, *@found is not set. */
static enum nptb_soft_end descriptor(struct nptb_soft *soft, u16 selector, u32 *raw,
				     bool *found)
{
	const struct nptb_segment *table =
		&soft->machine.seg[selector & 4 ? NPTB_SEG_LDTR : NPTB_SEG_GDTR];
	u32 offset = selector & ~7u;

	*found = false;
	if (!(selector & ~3u) || (selector & 4 && !(table->attr & NPTB_ATTR_P)) ||
	    offset + 7 > table->limit)
		return NPTB_SOFT_DONE;
	*found = true;
	return nptb_soft_read(soft, table->base + offset, raw, 2 * sizeof(*raw), true);
}

/* Access rights as nptb_segment has them. */
static u32 attr_of(const u32 *raw)
{
	return (raw[1] >> 8 & 0xff) | (raw[1] >> 12 & 0xf00);
}

static u32 limit_of(const u32 *raw)
{
	u32 limit = (raw[0] & 0xffff) | (raw[1] & 0xf0000);

	return attr_of(raw) & NPTB_ATTR_G ? limit << 12 | 0xfff : limit;
}

static bool is_conforming(u32 attr)
{
	u32 bits = NPTB_ATTR_S | NPTB_ATTR_CODE | NPTB_ATTR_CONFORMING;

	return (attr & bits) == bits;
}

static bool is_visible(const struct nptb_soft *soft, u16 selector, u32 attr)
{
	u32 level = max_t(u32, soft->machine.cpl, selector & 3);

	return is_conforming(attr) || nptb_attr_dpl(attr) >= level;
}

static bool is_type_of(const struct nptb_soft *soft, const struct nptb_insn *insn, u32 attr)
{
	bool code = attr & NPTB_ATTR_CODE, second = attr & NPTB_ATTR_WRITABLE;
	u32 types = nptb_soft_long(soft) ? TYPES_LONG : TYPES_LEGACY;

	if (insn->op == OP_GROUP_6) {
		if (!(attr & NPTB_ATTR_S))
			return false;
		/* Of code, the second bit of its type says that it may be read. */
		return reg_of(insn) == REG_VERR ? !code || second : !code && second;
	}
	if (insn->op == OP_LAR)
		types |= nptb_soft_long(soft) ? GATES_LONG : GATES_LEGACY;
	return attr & NPTB_ATTR_S || types & BIT(attr & NPTB_ATTR_TYPE);
}

/* What else of a descriptor's upper half this CPU has in LAR: by the kernel's own. */
static u32 rights_mask(void)
{
	u32 rights;

	asm volatile("lar %1, %0" : "=r"(rights) : "r"(__KERNEL_CS) : "cc");
	return RIGHTS | (rights & RIGHTS_MAY);
}

static void put(struct nptb_soft *soft, const struct nptb_insn *insn, u32 value)
{
	bool wide = soft->machine.seg[NPTB_SEG_CS].attr & NPTB_ATTR_DB || nptb_soft_64(soft);
	u64 *to = &soft->state.gpr[nptb_insn_reg(insn)];

	if (nptb_insn_wide(insn) || wide != insn->opsize)
		*to = value;
	else
		*to = (*to & ~0xffffULL) | (u16)value;
}

static enum nptb_soft_end look_up(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	enum nptb_soft_end end;
	u32 raw[2] = { };
	bool found;
	u16 sel;

	if (nptb_soft_real(soft))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	end = selector(soft, insn, &sel);
	if (end == NPTB_SOFT_DONE)
		end = descriptor(soft, sel, raw, &found);
	if (end != NPTB_SOFT_DONE)
		return end;
	soft->state.rflags &= ~X86_EFLAGS_ZF;
	if (!found || !is_visible(soft, sel, attr_of(raw)) ||
	    !is_type_of(soft, insn, attr_of(raw)))
		return NPTB_SOFT_DONE;
	soft->state.rflags |= X86_EFLAGS_ZF;
	if (insn->op != OP_GROUP_6)
		put(soft, insn, insn->op == OP_LAR ? raw[1] & rights_mask() : limit_of(raw));
	return NPTB_SOFT_DONE;
}

static bool is_base(const struct nptb_insn *insn)
{
	return insn->op == OP_GROUP_15 && insn->rep == 0xf3 && !insn->opsize &&
	       !insn->is_memory && reg_of(insn) < 4;
}

/**
 * nptb_segment_is() - is it one of these?
 * @insn: decoded
 */
bool nptb_segment_is(const struct nptb_insn *insn)
{
	if (insn->map != 1)
		return false;
	return insn->op == OP_LAR || insn->op == OP_LSL || is_base(insn) ||
	       (insn->op == OP_GROUP_6 &&
		(reg_of(insn) == REG_VERR || reg_of(insn) == REG_VERW));
}

/**
 * nptb_segment_step() - carry out an instruction on segments
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, and nptb_segment_is() one
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_segment_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	enum nptb_soft_end end;

	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (insn->lock)
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	end = is_base(insn) ? base(soft, insn) : look_up(soft, insn);
	if (end == NPTB_SOFT_DONE)
		nptb_step_advance(soft, insn);
	return end;
}
