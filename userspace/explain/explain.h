/* SPDX-License-Identifier: GPL-2.0-only */
/* Which page of a loop set is what. */
#ifndef NPTB_EXPLAIN_H
#define NPTB_EXPLAIN_H

#include "explain/disas.h"
#include "model/loops.h"
#include "explain/operands.h"

/**
 * struct explain - a fault loop, explained
 * @d: its instruction
 * @ops: what it touches
 */
struct explain {
	struct disas d;
	struct operands ops;
};

/* What leads to a page. */
#define EXPLAIN_NAMES	(OPERANDS_MAX + NPTB_FOR_NR)

/**
 * struct explain_page - a page of a loop set, explained
 * @roles: NPTB_ROLE_* bits, those of the operands that lie there included
 * @level: of the guest's page table that it is, 0: none, or unknown
 * @nr: how many names
 * @name: what leads to it
 */
struct explain_page {
	unsigned int roles;
	unsigned int level;
	size_t nr;
	const char *name[EXPLAIN_NAMES];
};

void explain_loop(const struct loop *l, struct explain *e);
void explain_page(const struct loop *l, const struct explain *e, const struct loop_page *p,
		  struct explain_page *to);
void explain_ask(const char *vm, struct loop *l);

#endif /* NPTB_EXPLAIN_H */
