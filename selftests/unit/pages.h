/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of pages for tests of resident sets and policies. */
#ifndef UNIT_PAGES_H
#define UNIT_PAGES_H

#include "set/rset.h"

/*
 * An empty set with 1 << @bits chains and @nr slots for pages and shields of vCPUs, under
 * no policy. What was never set up in it is no zero.
 */
void unit_set_init(struct nptb_rset *set, u32 bits, u32 nr);
void unit_set_exit(struct nptb_rset *set);

/* The set's table is elsewhere from now on, and @more slots larger. */
void unit_set_grow(struct nptb_rset *set, u32 more);

/* A table for @policy, with @nr pages of the keys 0, 1, ...: none is charged. */
struct nptb_page *unit_pages(struct nptb_policy *policy, u32 nr);
void unit_pages_free(struct nptb_policy *policy);

/* Takes all pages out of a settled set; how many there were. */
unsigned long unit_drain(struct nptb_rset *set);

/* The pages of the ring that @head is the head of, oldest first, as their keys. */
u32 unit_ring(const struct nptb_table *table, u32 head, u64 *keys, u32 most);

#endif /* UNIT_PAGES_H */
