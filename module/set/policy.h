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
#include "set/ring.h"

struct nptb_policy;
struct nptb_shield;

/**
 * struct nptb_page - one guest frame that is believed resident
 * @hash: next page in the bucket of the resident set's hash
 * @link: place in the policy's ring, or in a vCPU's ring of shielded pages
 * @key: address space and guest frame, see nptb_key()
 * @shield: of the vCPU whose current attempt was given it, or one of the set's
 *	own for pages that never go; NULL where it belongs to the policy
 * @leaves: that map it, all evicted together; more than one is for the shadow
 *	MMU (several addresses of the guest) and for several address spaces
 * @generation: while it belongs to the policy: &nptb_policy.generation when it
 *	was charged; another one: it waits in &nptb_policy.pending
 * @stamp: the policy's: when the page was last seen in use
 * @up: the policy's: a tree's node above
 * @down: the policy's: the nodes below
 *
 * What is the policy's means something while the page is charged, and is not
 * set up: @charge does that.
 */
struct nptb_page {
	struct nptb_page *hash;
	struct nptb_ring link;
	u64 key;
	struct nptb_shield *shield;
	u32 leaves;
	u32 generation;
	union {
		u64 stamp;
		struct {
			struct nptb_page *up;
			struct nptb_page *down[2];
		};
	};
};

/* KVM's address space goes above the frame: gfns have at most 40 bits. */
#define NPTB_KEY_AS_SHIFT	56

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

/**
 * struct nptb_policy_ops - one eviction policy
 * @name: what users write into "policy"; at most NPTB_POLICY_NAME_MAX - 1
 * @keep: most pages to keep, whatever the budget; 0: as many as the budget says
 * @bare: an attempt's pages are charged at once: there is no shield
 * @dice: it rolls dice: another seed makes it begin anew
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
	void (*init)(struct nptb_policy *policy);
	void (*charge)(struct nptb_policy *policy, struct nptb_page *page);
	struct nptb_page *(*victim)(struct nptb_policy *policy);
	void (*forget)(struct nptb_policy *policy, struct nptb_page *page);
};

/**
 * struct nptb_policy - a policy at work for one VM
 * @ops: which
 * @ring: charged pages; oldest first, whatever a policy takes for age
 * @count: charged pages
 * @pending: pages that a switch of policies has yet to charge, in order; what is
 *	charged meanwhile comes behind them
 * @generation: counts switches
 * @seed: what @ops->init begins with, for policies that roll dice
 * @young: was the page accessed since this was last asked; clears the mark
 * @ctx: for @young
 * @hand: of lru, the page to look at next
 * @left: of lru, pages that the hand has yet to look at in this round
 * @now: of wsclock, the time: evictions so far
 * @root: of random, the tree of charged pages
 * @dice: of random, the state of its generator
 */
struct nptb_policy {
	const struct nptb_policy_ops *ops;
	struct nptb_ring ring;
	u64 count;
	struct nptb_ring pending;
	u32 generation;
	u64 seed;
	bool (*young)(void *ctx, u64 key);
	void *ctx;
	union {
		struct {
			struct nptb_ring *hand;
			u64 left;
		};
		u64 now;
		struct {
			struct nptb_page *root;
			u64 dice;
		};
	};
};

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

/* For policies that keep their pages in the ring, oldest first. */
static inline void nptb_policy_add(struct nptb_policy *policy,
				   struct nptb_page *page)
{
	nptb_ring_add(&policy->ring, &page->link);
	policy->count++;
}

static inline void nptb_policy_del(struct nptb_policy *policy,
				   struct nptb_page *page)
{
	nptb_ring_del(&page->link);
	policy->count--;
}

static inline struct nptb_page *nptb_page_of(struct nptb_ring *link)
{
	return (struct nptb_page *)((char *)link -
				    __builtin_offsetof(struct nptb_page, link));
}

/* Make the page the newest of the ring. */
static inline void nptb_policy_renew(struct nptb_policy *policy,
				     struct nptb_page *page)
{
	nptb_ring_move(&policy->ring, &page->link);
}

/* A switch of policies is under way: there are pages that it has yet to charge. */
static inline bool nptb_policy_switching(const struct nptb_policy *policy)
{
	return __builtin_expect(!nptb_ring_empty(&policy->pending), 0);
}

/* The page may be evicted from now on. */
static inline void nptb_policy_charge(struct nptb_policy *policy,
				      struct nptb_page *page)
{
	page->generation = policy->generation;
	if (nptb_policy_switching(policy)) {
		page->generation--;
		nptb_ring_add(&policy->pending, &page->link);
		return;
	}
	if (policy->ops->charge)
		policy->ops->charge(policy, page);
	else
		nptb_policy_add(policy, page);
}

/*
 * The page to evict next, still charged, or NULL where none is charged. While a
 * switch is under way, of those that it has charged, as long as there are any.
 */
static inline struct nptb_page *nptb_policy_victim(struct nptb_policy *policy)
{
	if (nptb_policy_switching(policy) && !policy->count)
		return nptb_page_of(policy->pending.next);
	if (policy->ops->victim)
		return policy->ops->victim(policy);
	return nptb_ring_empty(&policy->ring) ?
		NULL : nptb_page_of(policy->ring.next);
}

/* The page is charged and goes away. */
static inline void nptb_policy_forget(struct nptb_policy *policy,
				      struct nptb_page *page)
{
	if (__builtin_expect(page->generation != policy->generation, 0)) {
		nptb_ring_del(&page->link);
		return;
	}
	if (policy->ops->forget)
		policy->ops->forget(policy, page);
	else
		nptb_policy_del(policy, page);
}

#endif /* NPTB_SET_POLICY_H */
