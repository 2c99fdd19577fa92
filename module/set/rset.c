// SPDX-License-Identifier: GPL-2.0-only
/* The resident set and the budget's arithmetic. Pure; see set/rset.h. */
#include "lib/pure.h"
#include "set/rset.h"

/**
 * nptb_rset_init() - begin with an empty set under no policy
 * @set: to set up; its policy is set up by nptb_policy_init()
 * @buckets: 1 << @bits pointers, all NULL; the caller's to free
 * @bits: 0 to 31
 * @multiplier: any; the same one gives the same chains
 */
void nptb_rset_init(struct nptb_rset *set, struct nptb_page **buckets, u32 bits,
		    u64 multiplier)
{
	set->buckets = buckets;
	set->bits = bits;
	set->multiplier = multiplier | 1;
	set->old = NULL;
	set->old_bits = 0;
	set->moved = 0;
	set->count = 0;
	set->leaves = 0;
	nptb_shield_init(&set->pinned);
	nptb_shield_init(&set->exempt);
}

/* nptb_rset_chain() while the hash is being changed for another. */
struct nptb_page **nptb_rset_chain_of(const struct nptb_rset *set, u64 hash)
{
	if (set->old && nptb_rset_bucket(hash, set->old_bits) >= set->moved)
		return &set->old[nptb_rset_bucket(hash, set->old_bits)];
	return &set->buckets[nptb_rset_bucket(hash, set->bits)];
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
struct nptb_page **nptb_rset_walk(const struct nptb_rset *set, u64 *at)
{
	struct nptb_page **chain = nptb_rset_chain_of(set, *at << 32);
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
 * @buckets: 1 << @bits pointers, all NULL
 * @bits: 0 to 31
 *
 * nptb_rset_rehash_some() moves the pages; the set can be used meanwhile.
 */
void nptb_rset_begin_rehash(struct nptb_rset *set, struct nptb_page **buckets,
			    u32 bits)
{
	set->old = set->buckets;
	set->old_bits = set->bits;
	set->moved = 0;
	set->buckets = buckets;
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
struct nptb_page **nptb_rset_rehash_some(struct nptb_rset *set, u32 most)
{
	struct nptb_page **old = set->old;
	u32 looked = 0;

	while (looked++ < most && set->moved < 1u << set->old_bits) {
		struct nptb_page *page = old[set->moved];

		old[set->moved++] = NULL;
		while (page) {
			struct nptb_page *next = page->hash;
			u32 bucket = nptb_rset_bucket(nptb_rset_hash(set, page->key),
						      set->bits);
			struct nptb_page **to = &set->buckets[bucket];

			page->hash = *to;
			*to = page;
			page = next;
			looked++;
		}
	}
	if (set->moved < 1u << set->old_bits)
		return NULL;
	set->old = NULL;
	return old;
}

/**
 * nptb_rset_charge_newest() - a page is given to nobody, and comes last to go
 * @set: where it is, or comes to be
 * @key: from nptb_key()
 * @spare: a page to use where @key is new to the set; NULL: then it stays out
 *
 * For policies without a shield: the page goes to the policy anew, wherever it
 * was before.
 *
 * Return: true where @spare was used; it is the set's from now on.
 */
bool nptb_rset_charge_newest(struct nptb_rset *set, u64 key,
			     struct nptb_page *spare)
{
	struct nptb_page *page = nptb_rset_find(set, key);

	if (!page)
		return nptb_rset_charge(set, key, spare);
	nptb_rset_free(set, page);
	return false;
}

/**
 * nptb_rset_free() - a page may go from now on
 * @set: where it is
 * @page: of the set, wherever it is
 */
void nptb_rset_free(struct nptb_rset *set, struct nptb_page *page)
{
	nptb_rset_release(set, page);
	nptb_policy_charge(&set->policy, page);
}

/**
 * nptb_rset_set_leaves() - it has become known how many leaves a page has
 * @set: where it is
 * @page: of the set
 * @leaves: that map it now, at least 1
 */
void nptb_rset_set_leaves(struct nptb_rset *set, struct nptb_page *page,
			  u64 leaves)
{
	set->leaves += leaves - page->leaves;
	if (page->shield)
		page->shield->leaves += leaves - page->leaves;
	page->leaves = leaves;
}

/**
 * nptb_rset_own_victim() - take the page that an attempt was given first
 * @set: to take it from
 * @shield: of the vCPU whose attempt it is
 *
 * For an attempt that has the whole budget and needs more.
 *
 * Return: the page, no longer in the set and the caller's to free, or NULL
 * where the attempt was given none.
 */
struct nptb_page *nptb_rset_own_victim(struct nptb_rset *set,
				       struct nptb_shield *shield)
{
	struct nptb_page *page = nptb_shield_oldest(shield);

	if (page)
		nptb_rset_take(set, page);
	return page;
}

/* Bring one chain in step; what has no leaves is added to @gone. */
static struct nptb_page *reconcile_chain(struct nptb_rset *set,
					 struct nptb_page *page,
					 u64 (*leaves)(void *ctx, u64 key),
					 void *ctx, struct nptb_page *gone,
					 u32 *looked)
{
	struct nptb_page *next;

	for (; page; page = next) {
		u64 now = leaves(ctx, page->key);

		++*looked;
		next = page->hash;
		if (now) {
			nptb_rset_set_leaves(set, page, now);
			continue;
		}
		nptb_rset_take(set, page);
		page->hash = gone;
		gone = page;
	}
	return gone;
}

/* So many empty chains are as much work as a page that is looked at. */
#define CHAINS_A_PAGE	16

/**
 * nptb_rset_reconcile() - bring some chains in step with what is
 * @set: to change
 * @at: where to go on, as in nptb_rset_walk()
 * @most: pages to look at; the last chain is done whole
 * @leaves: how many leaves a page has now
 * @ctx: for @leaves
 *
 * Return: the pages that have none, linked by &nptb_page.hash, no longer in the
 * set and the caller's to free.
 */
struct nptb_page *nptb_rset_reconcile(struct nptb_rset *set, u64 *at, u32 most,
				      u64 (*leaves)(void *ctx, u64 key), void *ctx)
{
	struct nptb_page *gone = NULL;
	u32 looked = 0, chains = 0;

	while (*at < NPTB_WALK_END &&
	       looked + chains / CHAINS_A_PAGE < most) {
		gone = reconcile_chain(set, *nptb_rset_walk(set, at), leaves, ctx,
				       gone, &looked);
		chains++;
	}
	return gone;
}

/**
 * nptb_rset_drain() - take some pages, to empty the set
 * @set: settled: no page of it is shielded
 * @at: where to go on, as in nptb_rset_walk()
 * @most: pages to take; the last chain is done whole
 *
 * Return: the pages, linked by &nptb_page.hash, no longer in the set and the
 * caller's to free.
 */
struct nptb_page *nptb_rset_drain(struct nptb_rset *set, u64 *at, u32 most)
{
	struct nptb_page *taken = NULL;
	u32 pages = 0, chains = 0;

	while (*at < NPTB_WALK_END && pages + chains / CHAINS_A_PAGE < most) {
		struct nptb_page **chain = nptb_rset_walk(set, at);

		chains++;
		while (*chain) {
			struct nptb_page *page = *chain;

			nptb_rset_take(set, page);
			page->hash = taken;
			taken = page;
			pages++;
		}
	}
	return taken;
}
