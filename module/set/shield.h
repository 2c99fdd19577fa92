/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of an attempt, which the policy does not know. Pure. */
#ifndef NPTB_SET_SHIELD_H
#define NPTB_SET_SHIELD_H

#include "set/table.h"

/**
 * struct nptb_shield - the pages that one vCPU's current attempt was given
 * @ring: the slot that is the head of their ring, oldest first
 * @tag: of its pages, enum nptb_tag
 * @count: pages in @ring
 * @leaves: of all of them
 *
 * Its address is in the head of its ring: there whoever has one of its pages finds it.
 */
struct nptb_shield {
	u32 ring;
	u32 tag;
	u64 count;
	u64 leaves;
};

/*
 * The most pages that an attempt shields. No instruction needs as many at once:
 * a gather of sixteen elements, each across two pages with page tables of their
 * own, takes 129 for its data. Handing over an attempt's pages is bounded thus,
 * and so is finding the shield of one.
 */
#define NPTB_SHIELD_MAX	256

/*
 * Its address, a multiple of 8, moves up by so much in the head, whose tag is 0 then. What is
 * lost at the top is all ones, or all zeroes.
 */
#define NPTB_SHIELD_SHIFT	5

/* @slot becomes the head of an empty shield. */
static inline void nptb_shield_begin(struct nptb_shield *shield,
				     struct nptb_page *slots, u32 slot, u32 tag)
{
	shield->ring = slot;
	shield->tag = tag;
	shield->count = 0;
	shield->leaves = 0;
	nptb_ring_init(slots, slot);
	nptb_at(slots, slot)->word = (u64)(unsigned long)shield << NPTB_SHIELD_SHIFT;
}

/* The page of @slot, which nobody has, becomes the newest of @shield. */
static inline void nptb_shield_add(struct nptb_shield *shield,
				   struct nptb_page *slots, u32 slot)
{
	struct nptb_page *page = nptb_at(slots, slot);

	page->tag = shield->tag;
	shield->count++;
	shield->leaves += nptb_page_leaves(page);
	nptb_ring_add(slots, shield->ring, slot);
}

/* The reverse, of a page that @shield has. */
static inline void nptb_shield_del(struct nptb_shield *shield, struct nptb_page *slots,
				   struct nptb_page *page)
{
	shield->count--;
	shield->leaves -= nptb_page_leaves(page);
	nptb_ring_del(slots, page);
}

/*
 * The shield of a page that a vCPU's attempt has: at the head of its ring, which is next to
 * the oldest one.
 */
static inline struct nptb_shield *nptb_shield_of(struct nptb_page *slots,
						 const struct nptb_page *page)
{
	do
		page = nptb_at(slots, page->prev);
	while (page->tag != NPTB_TAG_NONE);
	return (struct nptb_shield *)((long)page->word >> NPTB_SHIELD_SHIFT);
}

#endif /* NPTB_SET_SHIELD_H */
