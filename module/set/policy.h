/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Eviction policies: who goes next. Pure: no kernel call, no allocation.
 *
 * A policy knows the pages that may be evicted and nothing else. Pages that a
 * vCPU's current attempt was given are shielded: the engine (rset) keeps them
 * to itself and hands them to the policy when the attempt has ended.
 */
#ifndef NPTB_SET_POLICY_H
#define NPTB_SET_POLICY_H

#include <linux/types.h>
#include "set/table.h"

struct nptb_policy;

/**
 * struct nptb_policy_ops - one eviction policy
 * @name: what users write into "policy"; at most NPTB_POLICY_NAME_MAX - 1
 * @keep: most pages to keep, whatever the budget; 0: as many as the budget says
 * @bare: an attempt's pages are charged at once: there is no shield
 * @dice: it rolls dice: another seed makes it begin anew
 * @stamps: it keeps &nptb_table.stamps, 4 bytes more for each page
 * @second_chance: the victim is the ring's oldest that was not accessed; see
 *	nptb_policy_second_chance()
 * @init: may be NULL; begin with no page charged, from &nptb_policy.seed
 * @charge: @page may be evicted from now on; NULL: the ring's newest
 * @victim: the page to evict next, still charged, or NULL where none is
 *	charged; may look at accessed bits through nptb_policy::young; NULL: the
 *	ring's oldest
 * @forget: @page is charged and goes away, for whatever reason; NULL: from the
 *	ring
 *
 * What a policy leaves out is done without a call by pointer, which a fault pays
 * for. nptb_policy_charge() and its like are the way to call all three.
 *
 * Called with the VM's lock held: must not sleep. @victim looks at a bounded
 * number of accessed bits; every call takes constant time but for that, or time
 * in the logarithm of the number of pages.
 */
struct nptb_policy_ops {
	const char *name;
	u32 keep;
	bool bare;
	bool dice;
	bool stamps;
	bool second_chance;
	void (*init)(struct nptb_policy *policy);
	void (*charge)(struct nptb_policy *policy, struct nptb_page *page);
	struct nptb_page *(*victim)(struct nptb_policy *policy);
	void (*forget)(struct nptb_policy *policy, struct nptb_page *page);
};

/**
 * struct nptb_policy - a policy at work for one VM
 * @ops: which
 * @table: of its pages. Those that are charged are in the ring %NPTB_SLOT_RING, oldest
 *	first, whatever a policy takes for age; in %NPTB_SLOT_PENDING are those that a switch
 *	of policies has yet to charge, in order, and behind them what is charged meanwhile
 * @count: charged pages
 * @tag: of charged pages: %NPTB_TAG_POLICY, and the number of switches on top, modulo
 *	%NPTB_TAG_SWITCHES. Other pages of the policy's are pending
 * @switches: that have begun since none was under way; 0: none is
 * @seed: what @ops->init begins with, for policies that roll dice
 * @young: was the page accessed since this was last asked; clears the mark
 * @ctx: for @young
 * @hand: of lru, the page to look at next
 * @left: of lru, pages that the hand has yet to look at in this round
 * @now: of wsclock, the time: evictions so far
 * @dice: of random, the state of its generator
 */
struct nptb_policy {
	const struct nptb_policy_ops *ops;
	struct nptb_table table;
	u64 count;
	u8 tag;
	u8 switches;
	u64 seed;
	bool (*young)(void *ctx, u64 key);
	void *ctx;
	union {
		struct {
			u32 hand;
			u64 left;
		};
		u32 now;
		u64 dice;
	};
};

/* The tag that pages get where a switch, to the policy of this one, is under way. */
static inline u8 nptb_policy_tag_before(const struct nptb_policy *policy)
{
	u32 switches = policy->tag - NPTB_TAG_POLICY;

	return NPTB_TAG_POLICY + (switches + NPTB_TAG_SWITCHES - 1) % NPTB_TAG_SWITCHES;
}

extern const struct nptb_policy_ops nptb_policy_fifo;
extern const struct nptb_policy_ops nptb_policy_clock;
extern const struct nptb_policy_ops nptb_policy_lru;
extern const struct nptb_policy_ops nptb_policy_random;
extern const struct nptb_policy_ops nptb_policy_mru;
extern const struct nptb_policy_ops nptb_policy_last_only;
extern const struct nptb_policy_ops nptb_policy_wsclock;

/* Every policy there is, NULL at the end; the first is the default. */
extern const struct nptb_policy_ops *const nptb_policies[];

const struct nptb_policy_ops *nptb_policy_find(const char *name);
void nptb_policy_init(struct nptb_policy *policy,
		      const struct nptb_policy_ops *ops,
		      bool (*young)(void *ctx, u64 key), void *ctx);
void nptb_policy_begin_switch(struct nptb_policy *policy,
			      const struct nptb_policy_ops *ops);
bool nptb_policy_switch_some(struct nptb_policy *policy, u32 most);
void nptb_policy_switch(struct nptb_policy *policy,
			const struct nptb_policy_ops *ops);
void nptb_policy_seed(struct nptb_policy *policy, u64 seed);

/* The slot of the ring's oldest page, or NPTB_SLOT_RING where there is none. */
static inline u32 nptb_policy_oldest(const struct nptb_policy *policy)
{
	return policy->table.slots[NPTB_SLOT_RING / NPTB_SLOT].next;
}

/* The page in a slot; NULL for the head of the ring. */
static inline struct nptb_page *nptb_policy_page(const struct nptb_policy *policy,
						 u32 slot)
{
	return slot == NPTB_SLOT_RING ? NULL : nptb_at(policy->table.slots, slot);
}

/* For policies that keep their pages in the ring, oldest first. */
static inline void nptb_policy_add(struct nptb_policy *policy,
				   struct nptb_page *page)
{
	struct nptb_page *slots = policy->table.slots;

	nptb_ring_add(slots, NPTB_SLOT_RING, nptb_slot_of(slots, page));
	policy->count++;
}

static inline void nptb_policy_del(struct nptb_policy *policy,
				   struct nptb_page *page)
{
	nptb_ring_del(policy->table.slots, page);
	policy->count--;
}

/* Make the page the newest of the ring. */
static inline void nptb_policy_renew(struct nptb_policy *policy,
				     struct nptb_page *page)
{
	struct nptb_page *slots = policy->table.slots;

	nptb_ring_del(slots, page);
	nptb_ring_add(slots, NPTB_SLOT_RING, nptb_slot_of(slots, page));
}

/* A switch of policies is under way. */
static inline bool nptb_policy_switching(const struct nptb_policy *policy)
{
	return __builtin_expect(policy->switches, 0);
}

/* The page of a slot of @slots, the policy's table, may be evicted from now on. */
static __always_inline void nptb_policy_charge_slot(struct nptb_policy *policy,
						    struct nptb_page *slots, u32 slot)
{
	struct nptb_page *page = nptb_at(slots, slot);

	if (nptb_policy_switching(policy)) {
		page->tag = nptb_policy_tag_before(policy);
		nptb_ring_add(slots, NPTB_SLOT_PENDING, slot);
		return;
	}
	page->tag = policy->tag;
	if (policy->ops->charge) {
		policy->ops->charge(policy, page);
		return;
	}
	nptb_ring_add(slots, NPTB_SLOT_RING, slot);
	policy->count++;
}

/* The page may be evicted from now on. */
static inline void nptb_policy_charge(struct nptb_policy *policy,
				      struct nptb_page *page)
{
	struct nptb_page *slots = policy->table.slots;

	nptb_policy_charge_slot(policy, slots, nptb_slot_of(slots, page));
}

/*
 * Pages that the hand of nptb_policy_second_chance() passes for one victim. Bounds the work
 * done under the VM's lock where all pages are in use; the hand goes on from there.
 */
#define NPTB_PASS_MAX	32

/*
 * The oldest page that was not accessed since it came by here; who was becomes the newest,
 * all of them at once: the ring begins behind them.
 */
static __always_inline struct nptb_page *
nptb_policy_second_chance(struct nptb_policy *policy, bool (*young)(void *ctx, u64 key),
			  void *ctx)
{
	struct nptb_page *slots = policy->table.slots;
	u32 slot = nptb_policy_oldest(policy);
	int passed;

	if (slot == NPTB_SLOT_RING)
		return NULL;
	for (passed = 0; passed < NPTB_PASS_MAX; passed++) {
		if (!young(ctx, nptb_page_key(nptb_at(slots, slot))))
			break;
		slot = nptb_at(slots, slot)->next;
		/* All round: the first has been looked at, and is not young any more. */
		if (slot == NPTB_SLOT_RING)
			slot = nptb_policy_oldest(policy);
	}
	nptb_ring_turn(slots, NPTB_SLOT_RING, slot);
	return nptb_at(slots, slot);
}

/*
 * The page to evict next, still charged, or NULL where none is charged. While a
 * switch is under way, of those that it has charged, as long as there are any.
 * @young and @ctx: as in @policy, where the caller knows them at compile time.
 */
static __always_inline struct nptb_page *
nptb_policy_victim_by(struct nptb_policy *policy, bool (*young)(void *ctx, u64 key), void *ctx)
{
	struct nptb_page *slots = policy->table.slots;

	if (nptb_policy_switching(policy) && !policy->count)
		return nptb_ring_empty(slots, NPTB_SLOT_PENDING) ?
			NULL : nptb_at(slots, slots[NPTB_SLOT_PENDING / NPTB_SLOT].next);
	if (policy->ops->victim)
		return policy->ops->victim(policy);
	if (policy->ops->second_chance)
		return nptb_policy_second_chance(policy, young, ctx);
	return nptb_policy_page(policy, nptb_policy_oldest(policy));
}

static inline struct nptb_page *nptb_policy_victim(struct nptb_policy *policy)
{
	return nptb_policy_victim_by(policy, policy->young, policy->ctx);
}

/* The page, one of the policy's in @slots, its table, goes away. */
static __always_inline void nptb_policy_forget_of(struct nptb_policy *policy,
						  struct nptb_page *slots,
						  struct nptb_page *page)
{
	if (__builtin_expect(page->tag != policy->tag, 0)) {
		nptb_ring_del(slots, page);
		return;
	}
	if (policy->ops->forget) {
		policy->ops->forget(policy, page);
		return;
	}
	nptb_ring_del(slots, page);
	policy->count--;
}

/* The page is charged and goes away. */
static inline void nptb_policy_forget(struct nptb_policy *policy,
				      struct nptb_page *page)
{
	nptb_policy_forget_of(policy, policy->table.slots, page);
}

#endif /* NPTB_SET_POLICY_H */
