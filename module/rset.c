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

/**
 * nptb_rset_find() - the page of a key
 * @set: to search
 * @key: from nptb_key()
 *
 * Return: the page, or NULL where it is not in the set.
 */
struct nptb_page *nptb_rset_find(const struct nptb_rset *set, u64 key)
{
	struct nptb_page *page = set->buckets[bucket_of(key, set->bits)];

	while (page && page->key != key)
		page = page->hash;
	return page;
}

static void shield_add(struct nptb_shield *shield, struct nptb_page *page,
		       u32 owner)
{
	page->shielded = true;
	page->owner = owner;
	nptb_ring_add(&shield->ring, &page->link);
	shield->count++;
}

static void shield_del(struct nptb_shield *shield, struct nptb_page *page)
{
	page->shielded = false;
	nptb_ring_del(&page->link);
	shield->count--;
}

/**
 * nptb_rset_add() - a page was given to an attempt and is new in the set
 * @set: where it goes
 * @page: a fresh page, from now on the set's
 * @key: from nptb_key(), not in the set yet
 * @shield: of the vCPU that was given it
 * @owner: index of that vCPU
 */
void nptb_rset_add(struct nptb_rset *set, struct nptb_page *page, u64 key,
		   struct nptb_shield *shield, u32 owner)
{
	u32 to = bucket_of(key, set->bits);

	page->key = key;
	page->hash = set->buckets[to];
	set->buckets[to] = page;
	set->count++;
	nptb_ring_init(&page->link);
	shield_add(shield, page, owner);
}

/**
 * nptb_rset_again() - a page of the set was given to an attempt
 * @set: where it is
 * @page: of the set
 * @shield: of the vCPU that was given it
 * @held: the shield it is under now, NULL where it is under none
 * @owner: index of the vCPU that was given it
 *
 * It becomes the newest of @shield.
 */
void nptb_rset_again(struct nptb_rset *set, struct nptb_page *page,
		     struct nptb_shield *shield, struct nptb_shield *held,
		     u32 owner)
{
	if (held)
		shield_del(held, page);
	else
		set->policy.ops->forget(&set->policy, page);
	shield_add(shield, page, owner);
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

		shield_del(shield, page);
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
}

/**
 * nptb_rset_take() - take a certain page
 * @set: to take it from
 * @page: of the set; afterwards no longer, and the caller's to free
 * @held: the shield it is under, NULL where it is under none
 */
void nptb_rset_take(struct nptb_rset *set, struct nptb_page *page,
		    struct nptb_shield *held)
{
	if (held)
		shield_del(held, page);
	else
		set->policy.ops->forget(&set->policy, page);
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
		nptb_rset_take(set, page, NULL);
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
	nptb_rset_take(set, page, shield);
	return page;
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
		nptb_rset_take(set, page, NULL);
		return page;
	}
	return NULL;
}

/**
 * nptb_room() - may more leaves be made?
 * @set: the belief
 * @leaves: KVM's count of leaves, in pages
 * @granted: leaves that faults under way may still make, or have just made
 * @need: leaves that this fault may make
 * @limit: most that there may be
 *
 * Only KVM's count can say yes. Where it says no, but the belief has room and
 * faults are under way, some leaf is counted twice, by KVM and as granted.
 *
 * Return: see &enum nptb_room.
 */
enum nptb_room nptb_room(const struct nptb_rset *set, u64 leaves, u64 granted,
			 u64 need, u64 limit)
{
	if (leaves + granted + need <= limit)
		return NPTB_ROOM_YES;
	if (granted && set->count + granted + need <= limit)
		return NPTB_ROOM_WAIT;
	return NPTB_ROOM_EVICT;
}
