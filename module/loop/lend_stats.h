/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What could not be emulated and what was lent pages, by opcode or by vector:
 * the list of what stands between a guest and its budget. Pure.
 */
#ifndef NPTB_LOOP_LEND_STATS_H
#define NPTB_LOOP_LEND_STATS_H

#include <nptbudget.h>

#include "cpu.h"

/**
 * struct nptb_lends_entry - one kind
 * @op: the instruction, where @vector is -1
 * @vector: of the event being delivered, or -1
 * @refused: times that it could not be emulated
 * @lends: attempts that were lent pages
 * @pages: lent in sum
 * @peak: lent to one attempt, at most
 */
struct nptb_lends_entry {
	struct nptb_opcode op;
	s64 vector;
	u64 refused;
	u64 lends;
	u64 pages;
	u32 peak;
};

/**
 * struct nptb_lends - all kinds of one VM
 * @count: entries used
 * @entry: in the order of their coming; the last is for all that found no place
 */
struct nptb_lends {
	u32 count;
	struct nptb_lends_entry entry[NPTB_LENDS_MAX + 1];
};

void nptb_lends_refused(struct nptb_lends *lends, struct nptb_opcode op, s64 vector);
void nptb_lends_lent(struct nptb_lends *lends, struct nptb_opcode op, s64 vector,
		     u32 pages);

#endif /* NPTB_LOOP_LEND_STATS_H */
