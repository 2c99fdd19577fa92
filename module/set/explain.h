/* SPDX-License-Identifier: GPL-2.0-only */
/* What a loop record says beyond the pages and the registers. Pure. */
#ifndef NPTB_SET_EXPLAIN_H
#define NPTB_SET_EXPLAIN_H

#include "cpu.h"
#include "set/attempt.h"

/**
 * struct nptb_explain - what a loop record says beyond its pages
 * @attempt: number of the attempt that was looked into; 0: nothing is known
 * @machine: of the vCPU, beyond its state
 * @npages: pages that were looked into
 * @key: they, in the order of the attempt's
 * @level: for each of them, the level of the guest's page table that it is, 0
 *	where unknown or none
 * @what: for each of them, NPTB_FOR_* bits
 */
struct nptb_explain {
	u64 attempt;
	struct nptb_machine machine;
	u32 npages;
	u64 key[NPTB_LOOP_PAGES_MAX];
	u8 level[NPTB_LOOP_PAGES_MAX];
	u32 what[NPTB_LOOP_PAGES_MAX];
};

void nptb_explain_pages(const struct nptb_attempt *attempt,
			nptb_walk_read_fn read, void *ctx,
			struct nptb_explain *expl);

#endif /* NPTB_SET_EXPLAIN_H */
