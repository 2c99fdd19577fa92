/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The resident set: which pages of a VM are believed to be mapped, and who holds
 * them. Pure.
 *
 * The set is a belief, a list of candidates for eviction. How many leaves there
 * are is KVM's own count: the two meet in nptb_room(), set/room.h.
 */
#ifndef NPTB_SET_RSET_H
#define NPTB_SET_RSET_H

#include "set/policy.h"
#include "set/shield.h"

/**
 * struct nptb_rset - the pages believed resident in one VM
 * @buckets: hash by key, 1 << @bits chains
 * @multiplier: of the hash, odd; not to be guessed, or a guest could choose
 *	frames that share a chain
 * @bits: logarithm of the number of chains
 * @old_bits: of those in @old
 * @old: the hash that is being left for @buckets; NULL where there is none
 * @moved: chains of @old that are empty by now, from the first on
 * @count: pages in the set, shielded, charged, pinned or exempt
 * @leaves: of all of them
 * @policy: knows the pages that may go
 * @pinned: pages that never go, and count
 * @exempt: pages that never go, and do not count
 */
struct nptb_rset {
	struct nptb_page **buckets;
	u64 multiplier;
	u32 bits;
	u32 old_bits;
	struct nptb_page **old;
	u32 moved;
	u64 count;
	u64 leaves;
	struct nptb_policy policy;
	struct nptb_shield pinned;
	struct nptb_shield exempt;
};

/* From the beginning of a walk over all chains to its end. */
#define NPTB_WALK_BEGIN	0ULL
#define NPTB_WALK_END	0x100000000ULL

void nptb_rset_init(struct nptb_rset *set, struct nptb_page **buckets, u32 bits,
		    u64 multiplier);
struct nptb_page **nptb_rset_chain_of(const struct nptb_rset *set, u64 hash);
struct nptb_page **nptb_rset_walk(const struct nptb_rset *set, u64 *at);
void nptb_rset_begin_rehash(struct nptb_rset *set, struct nptb_page **buckets,
			    u32 bits);
struct nptb_page **nptb_rset_rehash_some(struct nptb_rset *set, u32 most);
bool nptb_rset_charge_newest(struct nptb_rset *set, u64 key,
			     struct nptb_page *spare);
void nptb_rset_free(struct nptb_rset *set, struct nptb_page *page);
void nptb_rset_set_leaves(struct nptb_rset *set, struct nptb_page *page,
			  u64 leaves);
struct nptb_page *nptb_rset_own_victim(struct nptb_rset *set,
				       struct nptb_shield *shield);
struct nptb_page *nptb_rset_reconcile(struct nptb_rset *set, u64 *at, u32 most,
				      u64 (*leaves)(void *ctx, u64 key), void *ctx);
struct nptb_page *nptb_rset_drain(struct nptb_rset *set, u64 *at, u32 most);

/* Leaves that count against the budget. */
static inline u64 nptb_rset_counted(const struct nptb_rset *set)
{
	return set->leaves - set->exempt.leaves;
}

/* Pages that may go, now or when the attempt that has them is over. */
static inline u64 nptb_rset_loose(const struct nptb_rset *set)
{
	return set->count - set->exempt.count - set->pinned.count;
}

/*
 * What every fault does is inline: the calls alone, with their returns through a
 * thunk on CPUs that need one, would cost as much as what they do.
 */

/*
 * Multiplicative hashing, twice: one alone leaves runs of frames that follow each
 * other in as few chains as an unlucky multiplier has it.
 */
static inline u64 nptb_rset_hash(const struct nptb_rset *set, u64 key)
{
	u64 hash = key * set->multiplier;

	return (hash ^ hash >> 32) * set->multiplier;
}

/* Chains are in the order of their hashes, in a hash of any size. */
static inline u32 nptb_rset_bucket(u64 hash, u32 bits)
{
	return hash >> 1 >> (63 - bits);
}

/* The chain that a key belongs to right now. */
static inline struct nptb_page **nptb_rset_chain(const struct nptb_rset *set,
						 u64 key)
{
	u64 hash = nptb_rset_hash(set, key);

	if (__builtin_expect(!!set->old, 0))
		return nptb_rset_chain_of(set, hash);
	return &set->buckets[nptb_rset_bucket(hash, set->bits)];
}

/* The page of a key in its chain, or NULL. */
static inline struct nptb_page *nptb_rset_find_in(struct nptb_page *chain,
						  u64 key)
{
	while (chain && chain->key != key)
		chain = chain->hash;
	return chain;
}

/**
 * nptb_rset_find() - the page of a key
 * @set: to search
 * @key: from nptb_key()
 *
 * Return: the page, or NULL where it is not in the set.
 */
static inline struct nptb_page *nptb_rset_find(const struct nptb_rset *set,
					       u64 key)
{
	return nptb_rset_find_in(*nptb_rset_chain(set, key), key);
}

/* @page, in no hash so far, comes to be of @key, to which @chain belongs. */
static inline void nptb_rset_insert(struct nptb_rset *set, u64 key,
				    struct nptb_page **chain,
				    struct nptb_page *page)
{
	page->key = key;
	page->leaves = 1;
	page->hash = *chain;
	*chain = page;
	set->count++;
	set->leaves++;
}

/* Take @page from whoever has it, its shield or the policy. */
static inline void nptb_rset_release(struct nptb_rset *set,
				     struct nptb_page *page)
{
	if (!page->shield) {
		nptb_policy_forget(&set->policy, page);
		return;
	}
	page->shield->count--;
	page->shield->leaves -= page->leaves;
	page->shield = NULL;
	nptb_ring_del(&page->link);
}

/**
 * nptb_rset_give() - a page is given to an attempt
 * @set: where it is, or comes to be
 * @key: from nptb_key()
 * @spare: a page to use where @key is new to the set; NULL: then it stays out
 * @shield: of the vCPU whose attempt it is
 *
 * The page becomes the newest of @shield, wherever it was before.
 *
 * Return: true where @spare was used; it is the set's from now on.
 */
static __always_inline bool nptb_rset_give(struct nptb_rset *set, u64 key,
					   struct nptb_page *spare,
					   struct nptb_shield *shield)
{
	struct nptb_page **chain = nptb_rset_chain(set, key);
	struct nptb_page *page = nptb_rset_find_in(*chain, key);

	if (page) {
		nptb_rset_release(set, page);
		nptb_shield_add(shield, page);
		return false;
	}
	if (!spare)
		return false;
	nptb_rset_insert(set, key, chain, spare);
	nptb_shield_add(shield, spare);
	return true;
}

/**
 * nptb_rset_charge() - a page was mapped while there was plenty of room
 * @set: where it is, or comes to be
 * @key: from nptb_key()
 * @spare: a page to use where @key is new to the set; NULL: then it stays out
 *
 * It goes to the policy without a shield; one that is in the set stays where
 * it is.
 *
 * Return: true where @spare was used; it is the set's from now on.
 */
static __always_inline bool nptb_rset_charge(struct nptb_rset *set, u64 key,
					     struct nptb_page *spare)
{
	struct nptb_page **chain = nptb_rset_chain(set, key);

	if (!spare || nptb_rset_find_in(*chain, key))
		return false;
	nptb_rset_insert(set, key, chain, spare);
	spare->shield = NULL;
	nptb_policy_charge(&set->policy, spare);
	return true;
}

/**
 * nptb_rset_settle() - an attempt has ended: its pages lose their shield
 * @set: where they are
 * @shield: of the vCPU whose attempt it was
 *
 * The policy is charged with them in the order in which they were given.
 */
static inline void nptb_rset_settle(struct nptb_rset *set,
				    struct nptb_shield *shield)
{
	while (!nptb_ring_empty(&shield->ring)) {
		struct nptb_page *page = nptb_page_of(shield->ring.next);

		nptb_ring_del(&page->link);
		page->shield = NULL;
		nptb_policy_charge(&set->policy, page);
	}
	shield->count = 0;
	shield->leaves = 0;
}

/**
 * nptb_rset_bound() - an attempt shields its newest pages alone
 * @set: where they are
 * @shield: of the vCPU whose attempt it is; one page was given to it
 *
 * What no instruction needs at once is handed to the policy.
 */
static inline void nptb_rset_bound(struct nptb_rset *set,
				   struct nptb_shield *shield)
{
	if (__builtin_expect(shield->count > NPTB_SHIELD_MAX, 0))
		nptb_rset_free(set, nptb_shield_oldest(shield));
}

/**
 * nptb_rset_take() - take a certain page
 * @set: to take it from
 * @page: of the set; afterwards no longer, and the caller's to free
 */
static inline void nptb_rset_take(struct nptb_rset *set, struct nptb_page *page)
{
	struct nptb_page **at = nptb_rset_chain(set, page->key);

	nptb_rset_release(set, page);
	while (*at != page)
		at = &(*at)->hash;
	*at = page->hash;
	set->count--;
	set->leaves -= page->leaves;
}

/**
 * nptb_rset_victim() - take the page that the policy would evict
 * @set: to take it from
 *
 * Return: the page, no longer in the set and the caller's to free, or NULL
 * where every page is shielded.
 */
static inline struct nptb_page *nptb_rset_victim(struct nptb_rset *set)
{
	struct nptb_page *page = nptb_policy_victim(&set->policy);

	if (page)
		nptb_rset_take(set, page);
	return page;
}

#endif /* NPTB_SET_RSET_H */
