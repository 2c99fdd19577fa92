/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The resident set: which pages of a VM are believed to be mapped, who holds
 * them, and the arithmetic of the budget. Pure.
 *
 * The set is a belief, a list of candidates for eviction. How many leaves there
 * are is KVM's own count: the two meet in nptb_room().
 */
#ifndef NPTB_RSET_H
#define NPTB_RSET_H

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

/**
 * struct nptb_rset - the pages believed resident in one VM
 * @buckets: hash by key, 1 << @bits chains
 * @bits: logarithm of the number of chains
 * @count: pages in the set, shielded, charged, pinned or exempt
 * @leaves: of all of them
 * @policy: knows the pages that may go
 * @pinned: pages that never go, and count
 * @exempt: pages that never go, and do not count
 */
struct nptb_rset {
	struct nptb_page **buckets;
	u32 bits;
	u64 count;
	u64 leaves;
	struct nptb_policy policy;
	struct nptb_shield pinned;
	struct nptb_shield exempt;
};

/**
 * enum nptb_room - what the budget says to more leaves
 * @NPTB_ROOM_YES: there is room
 * @NPTB_ROOM_EVICT: only after an eviction
 * @NPTB_ROOM_WAIT: others are between mapping a page and saying so; KVM's count
 *	and what was granted overlap, and will tell in a moment
 */
enum nptb_room {
	NPTB_ROOM_YES,
	NPTB_ROOM_EVICT,
	NPTB_ROOM_WAIT,
};

void nptb_rset_init(struct nptb_rset *set, struct nptb_page **buckets, u32 bits);
struct nptb_page **nptb_rset_rehash(struct nptb_rset *set,
				    struct nptb_page **buckets, u32 bits);
bool nptb_rset_charge_newest(struct nptb_rset *set, u64 key,
			     struct nptb_page *spare);
void nptb_rset_free(struct nptb_rset *set, struct nptb_page *page);
void nptb_rset_set_leaves(struct nptb_rset *set, struct nptb_page *page,
			  u64 leaves);
struct nptb_page *nptb_rset_own_victim(struct nptb_rset *set,
				       struct nptb_shield *shield);
struct nptb_page *nptb_rset_follow(struct nptb_rset *set, u32 bucket,
				   u64 (*leaves)(void *ctx, u64 key), void *ctx);
struct nptb_page *nptb_rset_drain(struct nptb_rset *set, u32 *bucket);

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

static inline void nptb_shield_init(struct nptb_shield *shield)
{
	nptb_ring_init(&shield->ring);
	shield->count = 0;
	shield->leaves = 0;
}

/*
 * What every fault does is inline: the calls alone, with their returns through a
 * thunk on CPUs that need one, would cost as much as what they do.
 */

/* Multiplicative hashing by 2^64 / golden ratio: Knuth, TAOCP 3, 6.4. */
static inline u32 nptb_rset_bucket(u64 key, u32 bits)
{
	return key * 0x9e3779b97f4a7c15ULL >> 1 >> (63 - bits);
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
	struct nptb_page *page = set->buckets[nptb_rset_bucket(key, set->bits)];

	while (page && page->key != key)
		page = page->hash;
	return page;
}

/* @page, in no hash so far, comes to be of @key. */
static inline void nptb_rset_insert(struct nptb_rset *set, u64 key,
				    struct nptb_page *page)
{
	struct nptb_page **bucket =
		&set->buckets[nptb_rset_bucket(key, set->bits)];

	page->key = key;
	page->leaves = 1;
	page->hash = *bucket;
	*bucket = page;
	set->count++;
	set->leaves++;
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
	struct nptb_page *page = nptb_rset_find(set, key);

	if (page) {
		nptb_rset_release(set, page);
		nptb_shield_add(shield, page);
		return false;
	}
	if (!spare)
		return false;
	nptb_rset_insert(set, key, spare);
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
	if (!spare || nptb_rset_find(set, key))
		return false;
	nptb_rset_insert(set, key, spare);
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
 * nptb_rset_take() - take a certain page
 * @set: to take it from
 * @page: of the set; afterwards no longer, and the caller's to free
 */
static inline void nptb_rset_take(struct nptb_rset *set, struct nptb_page *page)
{
	struct nptb_page **at =
		&set->buckets[nptb_rset_bucket(page->key, set->bits)];

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

/**
 * nptb_room() - may more leaves be made?
 * @set: the belief
 * @leaves: KVM's count of leaves, in pages, or of those that count
 * @granted: leaves that faults under way may still make, or have just made
 * @need: leaves that this fault may make
 * @limit: most that there may be
 *
 * Only KVM's count can say yes. Where it says no, but the belief has room and
 * faults are under way, some leaf is counted twice, by KVM and as granted. More
 * leaves than that explains are none of ours: there waiting is no use.
 *
 * Return: see &enum nptb_room.
 */
static inline enum nptb_room nptb_room(const struct nptb_rset *set, u64 leaves,
				       u64 granted, u64 need, u64 limit)
{
	if (leaves + granted + need <= limit)
		return NPTB_ROOM_YES;
	if (granted && leaves <= set->leaves + granted &&
	    nptb_rset_counted(set) + granted + need <= limit)
		return NPTB_ROOM_WAIT;
	return NPTB_ROOM_EVICT;
}

#endif /* NPTB_RSET_H */
