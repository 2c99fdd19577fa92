// SPDX-License-Identifier: GPL-2.0-only
/* IRET in software. Pure; see x86/soft/iret.h. */
#include "lib/pure.h"
#include "x86/soft/iret.h"

/* What IRET may change at level 0: CF PF AF ZF SF TF DF OF NT RF AC ID, IF, IOPL. */
#define POPPED		0x257fd5ULL
/* Of these, level 0 alone; and those that RFLAGS.IOPL allows. */
#define POPPED_LEVEL_0	(NPTB_RFLAGS_IOPL | NPTB_RFLAGS_VIF | NPTB_RFLAGS_VIP)

/**
 * struct target - where an IRET goes, as far as that is known
 * @rip: from the stack, as are the next four
 * @cs_selector: and so on
 * @rflags: and so on
 * @rsp: where @stack; or else the pointer behind the frame
 * @ss_selector: where @stack
 * @stack: it pops SS and RSP
 * @cs: descriptor
 * @ss: descriptor, where @stack
 * @cpl: privilege level
 */
struct target {
	u64 rip;
	u16 cs_selector;
	u64 rflags;
	u64 rsp;
	u16 ss_selector;
	bool stack;
	struct nptb_segment cs;
	struct nptb_segment ss;
	u8 cpl;
};

/* Words of the frame, from the stack up. */
static enum nptb_soft_end pop(struct nptb_soft *soft, u32 width, u32 at, u32 count,
			      u64 *words)
{
	const struct nptb_segment *ss = &soft->machine.seg[NPTB_SEG_SS];
	u64 mask = nptb_soft_stack_mask(soft, ss), rsp = soft->state.gpr[NPTB_RSP];
	u64 offset = (rsp + at * width) & mask;
	u32 len = count * width, i;
	enum nptb_soft_end end;
	u8 raw[5 * 8];

	if (nptb_soft_64(soft)) {
		if (!nptb_soft_canonical(soft, offset) ||
		    !nptb_soft_canonical(soft, offset + len - 1))
			return nptb_soft_raise_code(soft, NPTB_VECTOR_SS, 0);
	} else {
		if (offset + len - 1 > mask)
			return nptb_soft_unable(soft, NPTB_REASON_FORM);
		if (!nptb_soft_in_limit(ss, offset, len))
			return nptb_soft_raise_code(soft, NPTB_VECTOR_SS, 0);
		offset += ss->base;
	}
	end = nptb_soft_read(soft, offset, raw, len, false);
	if (end != NPTB_SOFT_DONE)
		return end;
	for (i = 0; i < count; i++) {
		words[i] = 0;
		memcpy(&words[i], raw + i * width, width);
	}
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end read_frame(struct nptb_soft *soft, u32 width, struct target *to)
{
	enum nptb_soft_end end;
	u64 words[5];

	end = pop(soft, width, 0, 3, words);
	if (end != NPTB_SOFT_DONE)
		return end;
	to->rip = words[0];
	to->cs_selector = words[1];
	to->rflags = words[2];
	to->cpl = to->cs_selector & 3;
	/* A return to virtual-8086 mode: volume 2, section 8.8. */
	if (!nptb_soft_long(soft) && to->rflags & NPTB_RFLAGS_VM && !soft->machine.cpl)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	to->stack = nptb_soft_64(soft) || to->cpl > soft->machine.cpl;
	if (!to->stack) {
		u64 mask = nptb_soft_stack_mask(soft, &soft->machine.seg[NPTB_SEG_SS]);
		u64 rsp = soft->state.gpr[NPTB_RSP];

		to->rsp = (rsp & ~mask) | ((rsp + 3 * width) & mask);
		return NPTB_SOFT_DONE;
	}
	end = pop(soft, width, 3, 2, words + 3);
	to->rsp = words[3];
	to->ss_selector = words[4];
	return end;
}

static enum nptb_soft_end check_code(struct nptb_soft *soft, struct target *to)
{
	u32 code = to->cs_selector & ~3u, attr;
	enum nptb_soft_end end;

	if (!code)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	end = nptb_soft_descriptor(soft, to->cs_selector, 0, NPTB_VECTOR_GP, &to->cs);
	if (end != NPTB_SOFT_DONE)
		return end;
	attr = to->cs.attr;
	if (!(attr & NPTB_ATTR_S) || !(attr & NPTB_ATTR_CODE) || to->cpl < soft->machine.cpl ||
	    (attr & NPTB_ATTR_CONFORMING ? nptb_attr_dpl(attr) > to->cpl :
					   nptb_attr_dpl(attr) != to->cpl))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, code);
	if (nptb_soft_long(soft) &&
	    (attr & (NPTB_ATTR_L | NPTB_ATTR_DB)) == (NPTB_ATTR_L | NPTB_ATTR_DB))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, code);
	if (!(attr & NPTB_ATTR_P))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_NP, code);
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end check_stack(struct nptb_soft *soft, struct target *to)
{
	bool to_64 = nptb_soft_long(soft) && to->cs.attr & NPTB_ATTR_L;
	u32 code = to->ss_selector & ~3u;
	enum nptb_soft_end end;

	if (!code) {
		/* Section 4.11.2: null is right for 64-bit code, but at level 3. */
		if (!to_64 || to->cpl == 3)
			return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
		to->ss = (struct nptb_segment){
			.selector = to->ss_selector, .attr = to->cpl << NPTB_ATTR_DPL_SHIFT,
		};
		return NPTB_SOFT_DONE;
	}
	end = nptb_soft_descriptor(soft, to->ss_selector, 0, NPTB_VECTOR_GP, &to->ss);
	if (end != NPTB_SOFT_DONE)
		return end;
	if ((to->ss_selector & 3) != to->cpl || nptb_attr_dpl(to->ss.attr) != to->cpl ||
	    (to->ss.attr & (NPTB_ATTR_S | NPTB_ATTR_CODE | NPTB_ATTR_WRITABLE)) !=
	    (NPTB_ATTR_S | NPTB_ATTR_WRITABLE))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, code);
	if (!(to->ss.attr & NPTB_ATTR_P))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_SS, code);
	return NPTB_SOFT_DONE;
}

/*
 * What level 3 must not see becomes null. That such a segment keeps its base and limit
 * is as AMD's CPUs have it.
 */
static void hide_segments(struct nptb_soft *soft)
{
	static const u8 data[] = { NPTB_SEG_ES, NPTB_SEG_DS, NPTB_SEG_FS, NPTB_SEG_GS };
	u32 i;

	for (i = 0; i < sizeof(data); i++) {
		struct nptb_segment *seg = &soft->machine.seg[data[i]];
		u32 code = NPTB_ATTR_CODE | NPTB_ATTR_CONFORMING;

		if (!(seg->selector & ~3u) || (seg->attr & code) == code ||
		    nptb_attr_dpl(seg->attr) >= soft->machine.cpl)
			continue;
		seg->selector = 0;
		seg->attr &= ~NPTB_ATTR_P;
	}
}

/* Only the low half of RFLAGS is popped by a narrower IRET: VM, VIF, VIP stay. */
static u64 new_rflags(const struct nptb_soft *soft, u32 width, u64 popped)
{
	u64 old = soft->state.rflags, may = POPPED;

	if (width == 2)
		may &= 0xffff;
	if (!soft->machine.cpl)
		may |= width == 2 ? NPTB_RFLAGS_IOPL : POPPED_LEVEL_0;
	else
		may &= ~NPTB_RFLAGS_IOPL;
	if (soft->machine.cpl > (old & NPTB_RFLAGS_IOPL) >> 12)
		may &= ~NPTB_RFLAGS_IF;
	return (old & ~may) | (popped & may) | NPTB_RFLAGS_FIXED;
}

static enum nptb_soft_end mark_accessed(struct nptb_soft *soft, struct target *to)
{
	enum nptb_soft_end end = nptb_soft_accessed(soft, &to->cs);

	if (end == NPTB_SOFT_DONE && to->stack && to->ss_selector & ~3u)
		end = nptb_soft_accessed(soft, &to->ss);
	return end;
}

static void go(struct nptb_soft *soft, u32 width, struct target *to)
{
	bool outward = to->cpl > soft->machine.cpl;
	bool to_64 = nptb_soft_long(soft) && to->cs.attr & NPTB_ATTR_L;
	u64 mask;

	soft->state.rflags = new_rflags(soft, width, to->rflags);
	soft->state.rip = to->rip;
	soft->machine.seg[NPTB_SEG_CS] = to->cs;
	if (to->stack) {
		soft->machine.seg[NPTB_SEG_SS] = to->ss;
		mask = to_64 ? ~0ULL : to->ss.attr & NPTB_ATTR_DB ? 0xffffffffULL : 0xffffULL;
		to->rsp = (soft->state.gpr[NPTB_RSP] & ~mask) | (to->rsp & mask);
	}
	soft->state.gpr[NPTB_RSP] = to->rsp;
	soft->machine.cpl = to->cpl;
	if (outward)
		hide_segments(soft);
}

/**
 * nptb_iret() - return from an interrupt
 * @soft: at an IRET of protected or long mode
 * @width: operand size, bytes: 2, 4 or 8
 *
 * Return: see &enum nptb_soft_end.
 */
enum nptb_soft_end nptb_iret(struct nptb_soft *soft, u32 width)
{
	struct target to = { };
	enum nptb_soft_end end;

	if (soft->state.cr4 & NPTB_CR4_CET || soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	/* A nested task, which there are none of in long mode. */
	if (soft->state.rflags & NPTB_RFLAGS_NT) {
		if (!nptb_soft_long(soft))
			return nptb_soft_unable(soft, NPTB_REASON_FORM);
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	}
	end = read_frame(soft, width, &to);
	if (end == NPTB_SOFT_DONE)
		end = check_code(soft, &to);
	if (end == NPTB_SOFT_DONE && to.stack)
		end = check_stack(soft, &to);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (nptb_soft_long(soft) && to.cs.attr & NPTB_ATTR_L ?
	    !nptb_soft_canonical(soft, to.rip) : (to.rip & 0xffffffff) > to.cs.limit)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if (!(nptb_soft_long(soft) && to.cs.attr & NPTB_ATTR_L))
		to.rip &= 0xffffffff;
	end = mark_accessed(soft, &to);
	if (end == NPTB_SOFT_DONE)
		go(soft, width, &to);
	return end;
}
