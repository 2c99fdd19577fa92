// SPDX-License-Identifier: GPL-2.0-only
/* Walking over the hash of a resident set, and another one for it. Pure; see set/hash.h. */
#include "set/hash.h"

/* nptb_rset_chain() while the hash is being changed for another. */
u32 *nptb_rset_chain_of(const struct nptb_rset *set, u64 hash)
{
	if (set->old && nptb_rset_bucket(hash, set->old_bits) >= set->moved)
		return &set->old[nptb_rset_bucket(hash, set->old_bits)];
	return &set->heads[nptb_rset_bucket(hash, set->bits)];
}

/**
 * nptb_rset_walk() - look at one chain after the other
 * @set: whose
 * @at: where to go on: %NPTB_WALK_BEGIN at first, %NPTB_WALK_END when all were
 *	looked at
 *
 * In the order of hashes, so that a page that is there from the first call to
 * the last is in one of the chains, whatever becomes of the hash meanwhile.
 *
 * Return: the chain; not to be called at the end.
 */
u32 *nptb_rset_walk(const struct nptb_rset *set, u64 *at)
{
	u32 *chain = nptb_rset_chain_of(set, *at << 32);
	u64 width = NPTB_WALK_END >> set->bits;
	u64 left = 0, next;

	if (set->old) {
		/* Here the hash that is being left begins. */
		left = set->moved * (NPTB_WALK_END >> set->old_bits);
		if (*at >= left)
			width = NPTB_WALK_END >> set->old_bits;
	}
	next = (*at / width + 1) * width;
	*at = *at < left && next > left ? left : next;
	return chain;
}

/**
 * nptb_rset_begin_rehash() - begin to move to another hash
 * @set: to change; it is not being moved already
 * @heads: 1 << @bits chains, all %NPTB_SLOT_NONE
 * @bits: 0 to 31
 *
 * nptb_rset_rehash_some() moves the pages; the set can be used meanwhile.
 */
void nptb_rset_begin_rehash(struct nptb_rset *set, u32 *heads, u32 bits)
{
	set->old = set->heads;
	set->old_bits = set->bits;
	set->moved = 0;
	set->heads = heads;
	set->bits = bits;
}

/**
 * nptb_rset_rehash_some() - move some pages to the other hash
 * @set: being moved
 * @most: chains and pages to look at, at most; the last chain is moved whole
 *
 * Return: the old array, now the caller's to free, when all have moved; NULL
 * before.
 */
u32 *nptb_rset_rehash_some(struct nptb_rset *set, u32 most)
{
	struct nptb_page *slots = set->policy.table.slots;
	u32 *old = set->old;
	u32 looked = 0;

	while (looked++ < most && set->moved < 1u << set->old_bits) {
		u32 slot = old[set->moved];

		old[set->moved++] = NPTB_SLOT_NONE;
		while (slot != NPTB_SLOT_NONE) {
			struct nptb_page *page = nptb_at(slots, slot);
			u64 hash = nptb_rset_hash(set, nptb_page_key(page));
			u32 *to = &set->heads[nptb_rset_bucket(hash, set->bits)];
			u32 next = page->chain;

			page->chain = *to;
			*to = slot;
			slot = next;
			looked++;
		}
	}
	if (set->moved < 1u << set->old_bits)
		return NULL;
	set->old = NULL;
	return old;
}
