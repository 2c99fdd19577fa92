/* SPDX-License-Identifier: GPL-2.0-only */
/* The resident set, and its hash: where the page of a frame is in it. Pure. */
#ifndef NPTB_SET_HASH_H
#define NPTB_SET_HASH_H

#include "set/policy.h"
#include "set/shield.h"

/**
 * struct nptb_rset - the pages believed resident in one VM
 * @heads: hash by key, 1 << @bits chains: each the first slot, and %NPTB_SLOT_NONE at the end
 * @multiplier: of the hash, odd; not to be guessed, or a guest could choose
 *	frames that share a chain
 * @bits: logarithm of the number of chains
 * @old_bits: of those in @old
 * @old: the hash that is being left for @heads; NULL where there is none
 * @moved: chains of @old that are empty by now, from the first on
 * @shields: slots of the table that are heads of shields of vCPUs
 * @count: pages in the set, shielded, charged, pinned or exempt
 * @leaves: of all of them
 * @policy: knows the pages that may go, and the table that all pages are in
 * @pinned: pages that never go, and count
 * @exempt: pages that never go, and do not count
 */
struct nptb_rset {
	u32 *heads;
	u64 multiplier;
	u32 bits;
	u32 old_bits;
	u32 *old;
	u32 moved;
	u32 shields;
	u64 count;
	u64 leaves;
	struct nptb_policy policy;
	struct nptb_shield pinned;
	struct nptb_shield exempt;
};

/* From the beginning of a walk over all chains to its end. */
#define NPTB_WALK_BEGIN	0ULL
#define NPTB_WALK_END	0x100000000ULL

u32 *nptb_rset_chain_of(const struct nptb_rset *set, u64 hash);
u32 *nptb_rset_walk(const struct nptb_rset *set, u64 *at);
void nptb_rset_begin_rehash(struct nptb_rset *set, u32 *heads, u32 bits);
u32 *nptb_rset_rehash_some(struct nptb_rset *set, u32 most);

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
static inline u32 *nptb_rset_chain(const struct nptb_rset *set, u64 key)
{
	u64 hash = nptb_rset_hash(set, key);

	if (__builtin_expect(!!set->old, 0))
		return nptb_rset_chain_of(set, hash);
	return &set->heads[nptb_rset_bucket(hash, set->bits)];
}

/* The slot of a key in the chain that begins with @slot, or NPTB_SLOT_NONE. */
static inline u32 nptb_rset_find_in(struct nptb_page *slots, u32 slot, u64 key)
{
	while (slot != NPTB_SLOT_NONE && nptb_page_key(nptb_at(slots, slot)) != key)
		slot = nptb_at(slots, slot)->chain;
	return slot;
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
	struct nptb_page *slots = set->policy.table.slots;
	u32 slot = nptb_rset_find_in(slots, *nptb_rset_chain(set, key), key);

	return slot == NPTB_SLOT_NONE ? NULL : nptb_at(slots, slot);
}

#endif /* NPTB_SET_HASH_H */
