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

#include "set/hash.h"
#include "set/policy.h"
#include "set/shield.h"

void nptb_rset_init(struct nptb_rset *set, u32 *heads, u32 bits, u64 multiplier,
		    struct nptb_page *slots, u32 *stamps, u32 nr);
bool nptb_rset_new_shield(struct nptb_rset *set, struct nptb_shield *shield);
bool nptb_rset_charge_newest(struct nptb_rset *set, u64 key, bool may_be_new);
void nptb_rset_hand(struct nptb_rset *set, struct nptb_page *page,
		    struct nptb_shield *shield);
void nptb_rset_free(struct nptb_rset *set, struct nptb_page *page);
void nptb_rset_unshield(struct nptb_rset *set, struct nptb_page *page);
void nptb_rset_settle_each(struct nptb_rset *set, struct nptb_shield *shield);
bool nptb_rset_set_leaves(struct nptb_rset *set, struct nptb_page *page,
			  u64 leaves);
struct nptb_page *nptb_rset_own_victim(struct nptb_rset *set,
				       struct nptb_shield *shield);
u32 nptb_rset_reconcile(struct nptb_rset *set, u64 *at, u32 most,
			u64 (*leaves)(void *ctx, u64 key), void *ctx);
u32 nptb_rset_drain(struct nptb_rset *set, u64 *at, u32 most);

/* Slots that are free: so many pages may come. */
static inline u64 nptb_rset_slots_left(const struct nptb_rset *set)
{
	return set->policy.table.end / NPTB_SLOT - NPTB_SLOTS_FIXED - set->shields -
	       set->count;
}

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
 * A slot comes to be of @key, to which @chain belongs: with one leaf, and in no ring yet.
 * Return: the slot; NPTB_SLOT_NONE where there is none.
 */
static __always_inline u32 nptb_rset_insert(struct nptb_rset *set,
					    struct nptb_page *slots, u64 key,
					    u32 *chain, u32 tag)
{
	u32 slot = nptb_table_get(&set->policy.table, slots);
	struct nptb_page *page = nptb_at(slots, slot);

	if (__builtin_expect(slot == NPTB_SLOT_NONE, 0))
		return slot;
	page->word = key << NPTB_KEY_SHIFT | NPTB_LEAVES_ONE | tag;
	page->chain = *chain;
	*chain = slot;
	set->count++;
	set->leaves++;
	return slot;
}

/* The shield that has a page; NULL where it is the policy's. */
static inline struct nptb_shield *nptb_rset_shield_of(struct nptb_rset *set,
						      const struct nptb_page *page)
{
	switch (page->tag) {
	case NPTB_TAG_SHIELD:
		return nptb_shield_of(set->policy.table.slots, page);
	case NPTB_TAG_PINNED:
		return &set->pinned;
	case NPTB_TAG_EXEMPT:
		return &set->exempt;
	default:
		return NULL;
	}
}

/* Take @page from whoever has it, its shield or the policy. */
static __always_inline void nptb_rset_release(struct nptb_rset *set,
					      struct nptb_page *slots,
					      struct nptb_page *page)
{
	if (__builtin_expect(nptb_page_is_held(page), 0))
		nptb_rset_unshield(set, page);
	else
		nptb_policy_forget_of(&set->policy, slots, page);
}

/**
 * nptb_rset_give() - a page is given to an attempt
 * @set: where it is, or comes to be
 * @key: from nptb_key()
 * @may_be_new: whether it may come into the set
 * @shield: of the vCPU whose attempt it is
 *
 * The page becomes the newest of @shield, wherever it was before. A new one stays out
 * where no slot is left.
 *
 * Return: true where it is new.
 */
static __always_inline bool nptb_rset_give(struct nptb_rset *set, u64 key,
					   bool may_be_new,
					   struct nptb_shield *shield)
{
	struct nptb_page *slots = set->policy.table.slots;
	u32 *chain = nptb_rset_chain(set, key);
	u32 slot = nptb_rset_find_in(slots, *chain, key);

	if (slot != NPTB_SLOT_NONE) {
		nptb_rset_hand(set, nptb_at(slots, slot), shield);
		return false;
	}
	if (!may_be_new)
		return false;
	slot = nptb_rset_insert(set, slots, key, chain, shield->tag);
	if (__builtin_expect(slot == NPTB_SLOT_NONE, 0))
		return false;
	shield->count++;
	shield->leaves++;
	nptb_ring_add(slots, shield->ring, slot);
	return true;
}

/**
 * nptb_rset_charge() - a page was mapped while there was plenty of room
 * @set: where it is, or comes to be
 * @key: from nptb_key()
 * @may_be_new: whether it may come into the set
 *
 * It goes to the policy without a shield; one that is in the set stays where
 * it is. A new one stays out where no slot is left.
 *
 * Return: true where it is new.
 */
static __always_inline bool nptb_rset_charge(struct nptb_rset *set, u64 key,
					     bool may_be_new)
{
	struct nptb_page *slots = set->policy.table.slots;
	u32 *chain = nptb_rset_chain(set, key);
	u32 slot;

	if (!may_be_new || nptb_rset_find_in(slots, *chain, key) != NPTB_SLOT_NONE)
		return false;
	slot = nptb_rset_insert(set, slots, key, chain, NPTB_TAG_NONE);
	if (__builtin_expect(slot == NPTB_SLOT_NONE, 0))
		return false;
	nptb_policy_charge_slot(&set->policy, slots, slot);
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
	struct nptb_policy *policy = &set->policy;
	struct nptb_page *slots = policy->table.slots;
	u32 head = shield->ring;
	u32 slot = nptb_at(slots, head)->next;

	if (slot == head)
		return;
	if (policy->ops->charge || nptb_policy_switching(policy)) {
		nptb_rset_settle_each(set, shield);
		return;
	}
	/* All at once: what is left to do for each is to say so. */
	for (; slot != head; slot = nptb_at(slots, slot)->next)
		nptb_at(slots, slot)->tag = policy->tag;
	nptb_ring_join(slots, NPTB_SLOT_RING, head);
	policy->count += shield->count;
	shield->count = 0;
	shield->leaves = 0;
}

/* The page that an attempt was given first, or NULL. */
static inline struct nptb_page *nptb_rset_oldest(const struct nptb_rset *set,
						 const struct nptb_shield *shield)
{
	struct nptb_page *slots = set->policy.table.slots;
	u32 slot = nptb_at(slots, shield->ring)->next;

	return slot == shield->ring ? NULL : nptb_at(slots, slot);
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
		nptb_rset_free(set, nptb_rset_oldest(set, shield));
}

/* A page that nobody has any more leaves the set. */
static __always_inline void nptb_rset_unlink(struct nptb_rset *set, struct nptb_page *slots,
					     struct nptb_page *page)
{
	u32 *at = nptb_rset_chain(set, nptb_page_key(page));
	u32 slot = nptb_slot_of(slots, page);

	while (*at != slot)
		at = &nptb_at(slots, *at)->chain;
	*at = page->chain;
	set->count--;
	set->leaves -= nptb_page_leaves(page);
	nptb_table_put(&set->policy.table, slots, slot);
}

/**
 * nptb_rset_take() - take a certain page
 * @set: to take it from
 * @page: of the set; afterwards no longer. What it says can be read until another
 *	page comes into the set
 */
static __always_inline void nptb_rset_take(struct nptb_rset *set, struct nptb_page *page)
{
	struct nptb_page *slots = set->policy.table.slots;

	nptb_rset_release(set, slots, page);
	nptb_rset_unlink(set, slots, page);
}

/* The same, of a page that @shield has. */
static __always_inline void nptb_rset_take_own(struct nptb_rset *set, struct nptb_page *page,
					       struct nptb_shield *shield)
{
	struct nptb_page *slots = set->policy.table.slots;

	nptb_shield_del(shield, slots, page);
	nptb_rset_unlink(set, slots, page);
}

/**
 * nptb_rset_victim() - take the page that the policy would evict
 * @set: to take it from
 *
 * Return: the page, as after nptb_rset_take(), or NULL where every page is shielded.
 */
static inline struct nptb_page *nptb_rset_victim(struct nptb_rset *set)
{
	struct nptb_page *page = nptb_policy_victim(&set->policy);

	if (page)
		nptb_rset_take(set, page);
	return page;
}

#endif /* NPTB_SET_RSET_H */
