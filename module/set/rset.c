// SPDX-License-Identifier: GPL-2.0-only
/* The resident set and the budget's arithmetic. Pure; see set/rset.h. */
#include "lib/pure.h"
#include "set/rset.h"

/**
 * nptb_rset_init() - begin with an empty set under no policy
 * @set: to set up; its policy is set up by nptb_policy_init()
 * @buckets: 1 << @bits pointers, all NULL; the caller's to free
 * @bits: 0 to 31
 */
void nptb_rset_init(struct nptb_rset *set, struct nptb_page **buckets, u32 bits)
{
	set->buckets = buckets;
	set->bits = bits;
	set->count = 0;
	set->leaves = 0;
	nptb_shield_init(&set->pinned);
	nptb_shield_init(&set->exempt);
}

/**
 * nptb_rset_rehash() - move all pages to another hash
 * @set: to change
 * @buckets: 1 << @bits pointers, all NULL
 * @bits: 0 to 31
 *
 * Return: the old array, now the caller's to free.
 */
struct nptb_page **nptb_rset_rehash(struct nptb_rset *set,
				    struct nptb_page **buckets, u32 bits)
{
	struct nptb_page **old = set->buckets;
	u32 i;

	for (i = 0; i < 1u << set->bits; i++) {
		while (old[i]) {
			struct nptb_page *page = old[i];
			u32 to = nptb_rset_bucket(page->key, bits);

			old[i] = page->hash;
			page->hash = buckets[to];
			buckets[to] = page;
		}
	}
	set->buckets = buckets;
	set->bits = bits;
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

/**
 * nptb_rset_follow() - bring one chain in step with what is
 * @set: to change
 * @bucket: which chain
 * @leaves: how many leaves a page has now
 * @ctx: for @leaves
 *
 * Return: the pages that have none, linked by &nptb_page.hash, no longer in the
 * set and the caller's to free.
 */
struct nptb_page *nptb_rset_follow(struct nptb_rset *set, u32 bucket,
				   u64 (*leaves)(void *ctx, u64 key), void *ctx)
{
	struct nptb_page *page, *next, *gone = NULL;

	for (page = set->buckets[bucket]; page; page = next) {
		u64 now = leaves(ctx, page->key);

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

/**
 * nptb_rset_drain() - take any page, to empty the set
 * @set: settled: no page of it is shielded
 * @bucket: where to go on; 0 at first
 *
 * Return: a page, no longer in the set and the caller's to free, or NULL where
 * the set is empty.
 */
struct nptb_page *nptb_rset_drain(struct nptb_rset *set, u32 *bucket)
{
	for (; *bucket < 1u << set->bits; ++*bucket) {
		struct nptb_page *page = set->buckets[*bucket];

		if (!page)
			continue;
		nptb_rset_take(set, page);
		return page;
	}
	return NULL;
}
