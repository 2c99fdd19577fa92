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

#include "policy.h"

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
struct nptb_page *nptb_rset_find(const struct nptb_rset *set, u64 key);
bool nptb_rset_give(struct nptb_rset *set, u64 key, struct nptb_page *spare,
		    struct nptb_shield *shield);
bool nptb_rset_charge(struct nptb_rset *set, u64 key, struct nptb_page *spare);
bool nptb_rset_charge_newest(struct nptb_rset *set, u64 key,
			     struct nptb_page *spare);
void nptb_rset_free(struct nptb_rset *set, struct nptb_page *page);
void nptb_rset_set_leaves(struct nptb_rset *set, struct nptb_page *page,
			  u64 leaves);
void nptb_rset_settle(struct nptb_rset *set, struct nptb_shield *shield);
void nptb_rset_take(struct nptb_rset *set, struct nptb_page *page);
struct nptb_page *nptb_rset_victim(struct nptb_rset *set);
struct nptb_page *nptb_rset_own_victim(struct nptb_rset *set,
				       struct nptb_shield *shield);
struct nptb_page *nptb_rset_follow(struct nptb_rset *set, u32 bucket,
				   u64 (*leaves)(void *ctx, u64 key), void *ctx);
struct nptb_page *nptb_rset_drain(struct nptb_rset *set, u32 *bucket);
enum nptb_room nptb_room(const struct nptb_rset *set, u64 leaves, u64 granted,
			 u64 need, u64 limit);

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

#endif /* NPTB_RSET_H */
