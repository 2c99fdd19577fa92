/* SPDX-License-Identifier: GPL-2.0-only */
/* What a loop record says beyond the pages and the registers. Pure. */
#ifndef NPTB_EXPLAIN_H
#define NPTB_EXPLAIN_H

#include <linux/types.h>
#include <nptbudget.h>

/**
 * struct nptb_segment - a segment register, or a descriptor table's
 * @base: linear address
 * @limit: last byte, from @base
 * @selector: 0 for a descriptor table
 * @attr: AMD64 APM volume 2, section 15.5.1: type 3:0, S 4, DPL 6:5, P 7,
 *	AVL 8, L 9, D/B 10, G 11
 */
struct nptb_segment {
	u64 base;
	u32 limit;
	u16 selector;
	u16 attr;
};

/* In the order of NPTB_SEGMENT_NAMES. */
enum nptb_segment_nr {
	NPTB_SEG_ES,
	NPTB_SEG_CS,
	NPTB_SEG_SS,
	NPTB_SEG_DS,
	NPTB_SEG_FS,
	NPTB_SEG_GS,
	NPTB_SEG_LDTR,
	NPTB_SEG_TR,
	NPTB_SEG_IDTR,
	NPTB_SEG_GDTR,
	NPTB_SEG_NR,
};

/**
 * struct nptb_explain - what a loop record says beyond its pages
 * @attempt: number of the attempt that was looked into; 0: nothing is known
 * @cpl: the guest's privilege level
 * @seg: segment registers and descriptor tables
 * @npages: pages that were looked into
 * @key: they, in the order of the attempt's
 * @level: for each of them, the level of the guest's page table that it is, 0
 *	where unknown or none
 * @what: for each of them, NPTB_FOR_* bits
 */
struct nptb_explain {
	u64 attempt;
	u8 cpl;
	struct nptb_segment seg[NPTB_SEG_NR];
	u32 npages;
	u64 key[NPTB_LOOP_PAGES_MAX];
	u8 level[NPTB_LOOP_PAGES_MAX];
	u32 what[NPTB_LOOP_PAGES_MAX];
};

#endif /* NPTB_EXPLAIN_H */
