/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of an attempt, which the policy does not know. Pure. */
#ifndef NPTB_SET_SHIELD_H
#define NPTB_SET_SHIELD_H

#include "set/policy.h"

/**
 * struct nptb_shield - the pages that one vCPU's current attempt was given
 * @ring: oldest first
 * @count: pages in @ring
 * @leaves: of all of them
 */
struct nptb_shield {
	struct nptb_ring ring;
	u64 count;
	u64 leaves;
};

/*
 * The most pages that an attempt shields. No instruction needs as many at once:
 * a gather of sixteen elements, each across two pages with page tables of their
 * own, takes 129 for its data. Handing over an attempt's pages is bounded thus.
 */
#define NPTB_SHIELD_MAX	256

static inline void nptb_shield_init(struct nptb_shield *shield)
{
	nptb_ring_init(&shield->ring);
	shield->count = 0;
	shield->leaves = 0;
}

/* @page, which nobody has, becomes the newest of @shield. */
static inline void nptb_shield_add(struct nptb_shield *shield,
				   struct nptb_page *page)
{
	page->shield = shield;
	nptb_ring_add(&shield->ring, &page->link);
	shield->count++;
	shield->leaves += page->leaves;
}

/* The page that an attempt was given first, or NULL. */
static inline struct nptb_page *nptb_shield_oldest(struct nptb_shield *shield)
{
	return nptb_ring_empty(&shield->ring) ?
		NULL : nptb_page_of(shield->ring.next);
}

#endif /* NPTB_SET_SHIELD_H */
