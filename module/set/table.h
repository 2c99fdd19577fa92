/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages of a resident set in one table, and the rings that they are linked in. Pure.
 *
 * A VM may have millions of pages, so a page takes 20 bytes: others are named by where they
 * begin in the table, and not by pointers. That also lets the table be mapped anew, larger,
 * at another address.
 */
#ifndef NPTB_SET_TABLE_H
#define NPTB_SET_TABLE_H

#include <linux/types.h>

/**
 * struct nptb_page - a slot of the table: one guest frame that is believed resident
 * @chain: next page in the chain of the resident set's hash; of a free slot, the next one
 * @prev: the page before in its ring; of a ring's head, the newest
 * @next: the page after in its ring; of a ring's head, the oldest
 * @word: from the top: 41 bits of nptb_key(), 15 of leaves that map it, 8 of @tag
 * @tag: enum nptb_tag: who has it
 *
 * More than one leaf is for the shadow MMU (several addresses of the guest); all of them
 * are evicted together.
 */
struct nptb_page {
	u32 chain;
	u32 prev;
	u32 next;
	union {
		u64 word;
		u8 tag;		/* the low byte: a store of its own */
	};
} __packed __aligned(4);

/*
 * A slot is named by the distance of its begin from the table's, in units of 4 bytes: an
 * address that x86 makes of a base and an index at no cost.
 */
#define NPTB_UNIT	4
#define NPTB_SLOT	((u32)(sizeof(struct nptb_page) / NPTB_UNIT))

/* The first slots are no pages: nothing, and the heads of rings that each set has. */
enum {
	NPTB_SLOT_NONE,
	NPTB_SLOT_RING = sizeof(struct nptb_page) / NPTB_UNIT,
	NPTB_SLOT_PENDING = 2 * NPTB_SLOT_RING,
	NPTB_SLOT_PINNED = 3 * NPTB_SLOT_RING,
	NPTB_SLOT_EXEMPT = 4 * NPTB_SLOT_RING,
	NPTB_SLOT_FIRST = 5 * NPTB_SLOT_RING,
};

#define NPTB_SLOTS_FIXED	5
/* As many as 32 bits can name. */
#define NPTB_SLOTS_MAX		(~0U / NPTB_SLOT)

/**
 * enum nptb_tag - who has a page
 * @NPTB_TAG_NONE: it is none: a ring's head, or free
 * @NPTB_TAG_SHIELD: a vCPU's current attempt, which was given it
 * @NPTB_TAG_PINNED: the set, as one that never goes
 * @NPTB_TAG_EXEMPT: the set, as one that never goes and does not count
 * @NPTB_TAG_POLICY: the policy; the two bits below count switches of policies, see
 *	&nptb_policy.tag
 */
enum nptb_tag {
	NPTB_TAG_NONE,
	NPTB_TAG_SHIELD,
	NPTB_TAG_PINNED,
	NPTB_TAG_EXEMPT,
	NPTB_TAG_POLICY,
};

/* Switches that a tag can tell apart. */
#define NPTB_TAG_SWITCHES	4

#define NPTB_LEAVES_SHIFT	8
#define NPTB_LEAVES_ONE		((u64)1 << NPTB_LEAVES_SHIFT)
#define NPTB_KEY_SHIFT		23
/* What a page can tell: one with more leaves is taken for one with so many. */
#define NPTB_LEAVES_MAX		((1U << (NPTB_KEY_SHIFT - NPTB_LEAVES_SHIFT)) - 1)

/* KVM's address space, 0 or 1, goes above the frame: gfns have at most 40 bits. */
#define NPTB_KEY_AS_SHIFT	40

static inline u64 nptb_key(u32 as, u64 gfn)
{
	return ((u64)as << NPTB_KEY_AS_SHIFT) | gfn;
}

static inline u32 nptb_key_as(u64 key)
{
	return key >> NPTB_KEY_AS_SHIFT;
}

static inline u64 nptb_key_gfn(u64 key)
{
	return key & ((1ULL << NPTB_KEY_AS_SHIFT) - 1);
}

static inline u64 nptb_page_key(const struct nptb_page *page)
{
	return page->word >> NPTB_KEY_SHIFT;
}

static inline u32 nptb_page_leaves(const struct nptb_page *page)
{
	return page->word >> NPTB_LEAVES_SHIFT & NPTB_LEAVES_MAX;
}

/* A vCPU's attempt shields it, or it never goes. */
static inline bool nptb_page_is_held(const struct nptb_page *page)
{
	return page->tag < NPTB_TAG_POLICY;
}

/* It is pinned or exempt. */
static inline bool nptb_page_is_kept(const struct nptb_page *page)
{
	return page->tag == NPTB_TAG_PINNED || page->tag == NPTB_TAG_EXEMPT;
}

/**
 * struct nptb_table - the slots of a set
 * @slots: the table; may be elsewhere after each nptb_table_grow()
 * @stamps: for each slot, when its page was last seen in use, for policies that ask for it
 *	(&nptb_policy_ops.stamps); else NULL
 * @free: the first of the slots that are free again, linked by &nptb_page.chain
 * @fresh: the first that was never used, and none behind it was
 * @end: behind the last
 */
struct nptb_table {
	struct nptb_page *slots;
	u32 *stamps;
	u32 free;
	u32 fresh;
	u32 end;
};

/* What a slot's name stands for. Whoever needs several, reads the base once. */
static inline struct nptb_page *nptb_at(struct nptb_page *slots, u32 slot)
{
	return (struct nptb_page *)((char *)slots + (u64)slot * NPTB_UNIT);
}

static inline u32 nptb_slot_of(const struct nptb_page *slots,
			       const struct nptb_page *page)
{
	return (u64)((const char *)page - (const char *)slots) / NPTB_UNIT;
}

/* The stamp of a page, where there are stamps. */
static inline u32 *nptb_stamp(const struct nptb_table *table,
			      const struct nptb_page *page)
{
	return &table->stamps[nptb_slot_of(table->slots, page) / NPTB_SLOT];
}

/* A slot that is free; NPTB_SLOT_NONE where there is none. */
static inline u32 nptb_table_get(struct nptb_table *table,
				 struct nptb_page *slots)
{
	u32 slot = table->free;

	if (slot != NPTB_SLOT_NONE) {
		table->free = nptb_at(slots, slot)->chain;
		return slot;
	}
	slot = table->fresh;
	if (slot == table->end)
		return NPTB_SLOT_NONE;
	table->fresh += NPTB_SLOT;
	return slot;
}

/* A page that is in no ring and no chain any more. What it says stays, but for its tag. */
static inline void nptb_table_put(struct nptb_table *table,
				  struct nptb_page *slots, u32 slot)
{
	struct nptb_page *page = nptb_at(slots, slot);

	page->tag = NPTB_TAG_NONE;
	page->chain = table->free;
	table->free = slot;
}

/* A ring with nobody in it. */
static inline void nptb_ring_init(struct nptb_page *slots, u32 head)
{
	nptb_at(slots, head)->prev = head;
	nptb_at(slots, head)->next = head;
}

static inline bool nptb_ring_empty(struct nptb_page *slots, u32 head)
{
	return nptb_at(slots, head)->next == head;
}

/* Append @slot as the newest of @head. */
static inline void nptb_ring_add(struct nptb_page *slots, u32 head, u32 slot)
{
	struct nptb_page *page = nptb_at(slots, slot);
	u32 newest = nptb_at(slots, head)->prev;

	page->prev = newest;
	page->next = head;
	nptb_at(slots, newest)->next = slot;
	nptb_at(slots, head)->prev = slot;
}

/* Unlink @page from the ring that it is in. */
static inline void nptb_ring_del(struct nptb_page *slots, struct nptb_page *page)
{
	u32 prev = page->prev, next = page->next;

	nptb_at(slots, prev)->next = next;
	nptb_at(slots, next)->prev = prev;
}

/* Have the ring begin at @oldest: those that were before it are its newest, in order. */
static inline void nptb_ring_turn(struct nptb_page *slots, u32 head, u32 oldest)
{
	u32 newest;

	if (__builtin_expect(nptb_at(slots, head)->next == oldest, 1))
		return;
	nptb_ring_del(slots, nptb_at(slots, head));
	newest = nptb_at(slots, oldest)->prev;
	nptb_at(slots, head)->prev = newest;
	nptb_at(slots, head)->next = oldest;
	nptb_at(slots, newest)->next = head;
	nptb_at(slots, oldest)->prev = head;
}

/* Append all of @from, in order, to @head; @from is empty then. */
static inline void nptb_ring_join(struct nptb_page *slots, u32 head, u32 from)
{
	u32 oldest = nptb_at(slots, from)->next, newest = nptb_at(slots, from)->prev;
	u32 last = nptb_at(slots, head)->prev;

	if (oldest == from)
		return;
	nptb_at(slots, oldest)->prev = last;
	nptb_at(slots, last)->next = oldest;
	nptb_at(slots, newest)->next = head;
	nptb_at(slots, head)->prev = newest;
	nptb_ring_init(slots, from);
}

void nptb_table_init(struct nptb_table *table, struct nptb_page *slots,
		     u32 *stamps, u32 nr);
void nptb_table_grow(struct nptb_table *table, struct nptb_page *slots,
		     u32 *stamps, u32 nr);

#endif /* NPTB_SET_TABLE_H */
