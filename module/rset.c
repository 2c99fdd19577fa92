// SPDX-License-Identifier: GPL-2.0-only
/* The resident set and the budget's arithmetic. Pure; see rset.h. */
#include "pure.h"
#include "rset.h"

static u32 bucket_of(u64 key, u32 bits)
{
	/* Multiplicative hashing by 2^64 / golden ratio: Knuth, TAOCP 3, 6.4. */
	return bits ? (key * 0x9e3779b97f4a7c15ULL) >> (64 - bits) : 0;
}

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
			u32 to = bucket_of(page->key, bits);

			old[i] = page->hash;
			page->hash = buckets[to];
			buckets[to] = page;
		}
	}
	set->buckets = buckets;
	set->bits = bits;
	return old;
}

static struct nptb_page *find(struct nptb_page *page, u64 key)
{
	while (page && page->key != key)
		page = page->hash;
	return page;
}

/**
 * nptb_rset_find() - the page of a key
 * @set: to search
 * @key: from nptb_key()
 *
 * Return: the page, or NULL where it is not in the set.
 */
struct nptb_page *nptb_rset_find(const struct nptb_rset *set, u64 key)
{
	return find(set->buckets[bucket_of(key, set->bits)], key);
}

static void shield_add(struct nptb_shield *shield, struct nptb_page *page)
{
	page->shield = shield;
	nptb_ring_add(&shield->ring, &page->link);
	shield->count++;
	shield->leaves += page->leaves;
}

static void insert(struct nptb_rset *set, struct nptb_page **bucket, u64 key,
		   struct nptb_page *page)
{
	page->key = key;
	page->leaves = 1;
	page->hash = *bucket;
	*bucket = page;
	set->count++;
	set->leaves++;
}

/* Take @page from whoever has it, its shield or the policy. */
static void release(struct nptb_rset *set, struct nptb_page *page)
{
	if (!page->shield) {
		set->policy.ops->forget(&set->policy, page);
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
bool nptb_rset_give(struct nptb_rset *set, u64 key, struct nptb_page *spare,
		    struct nptb_shield *shield)
{
	struct nptb_page **bucket = &set->buckets[bucket_of(key, set->bits)];
	struct nptb_page *page = find(*bucket, key);

	if (page) {
		release(set, page);
		shield_add(shield, page);
		return false;
	}
	if (!spare)
		return false;
	insert(set, bucket, key, spare);
	shield_add(shield, spare);
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
bool nptb_rset_charge(struct nptb_rset *set, u64 key, struct nptb_page *spare)
{
	struct nptb_page **bucket = &set->buckets[bucket_of(key, set->bits)];

	if (!spare || find(*bucket, key))
		return false;
	insert(set, bucket, key, spare);
	spare->shield = NULL;
	set->policy.ops->charge(&set->policy, spare);
	return true;
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
	release(set, page);
	set->policy.ops->charge(&set->policy, page);
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
 * nptb_rset_settle() - an attempt has ended: its pages lose their shield
 * @set: where they are
 * @shield: of the vCPU whose attempt it was
 *
 * The policy is charged with them in the order in which they were given.
 */
void nptb_rset_settle(struct nptb_rset *set, struct nptb_shield *shield)
{
	while (!nptb_ring_empty(&shield->ring)) {
		struct nptb_page *page = nptb_page_of(shield->ring.next);

		release(set, page);
		set->policy.ops->charge(&set->policy, page);
	}
}

static void unhash(struct nptb_rset *set, struct nptb_page *page)
{
	struct nptb_page **at = &set->buckets[bucket_of(page->key, set->bits)];

	while (*at != page)
		at = &(*at)->hash;
	*at = page->hash;
	set->count--;
	set->leaves -= page->leaves;
}

/**
 * nptb_rset_take() - take a certain page
 * @set: to take it from
 * @page: of the set; afterwards no longer, and the caller's to free
 */
void nptb_rset_take(struct nptb_rset *set, struct nptb_page *page)
{
	release(set, page);
	unhash(set, page);
}

/**
 * nptb_rset_victim() - take the page that the policy would evict
 * @set: to take it from
 *
 * Return: the page, no longer in the set and the caller's to free, or NULL
 * where every page is shielded.
 */
struct nptb_page *nptb_rset_victim(struct nptb_rset *set)
{
	struct nptb_page *page = set->policy.ops->victim(&set->policy);

	if (page)
		nptb_rset_take(set, page);
	return page;
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
	struct nptb_page *page;

	if (nptb_ring_empty(&shield->ring))
		return NULL;
	page = nptb_page_of(shield->ring.next);
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
enum nptb_room nptb_room(const struct nptb_rset *set, u64 leaves, u64 granted,
			 u64 need, u64 limit)
{
	if (leaves + granted + need <= limit)
		return NPTB_ROOM_YES;
	if (leaves <= set->leaves + granted && granted &&
	    nptb_rset_counted(set) + granted + need <= limit)
		return NPTB_ROOM_WAIT;
	return NPTB_ROOM_EVICT;
}
