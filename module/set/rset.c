// SPDX-License-Identifier: GPL-2.0-only
/* The resident set and the budget's arithmetic. Pure; see set/rset.h. */
#include "lib/pure.h"
#include "set/rset.h"

/**
 * nptb_rset_init() - begin with an empty set under no policy
 * @set: to set up; its policy is set up by nptb_policy_init()
 * @heads: 1 << @bits chains, all %NPTB_SLOT_NONE; the caller's to free
 * @bits: 0 to 31
 * @multiplier: any; the same one gives the same chains
 * @slots: the table, as in nptb_table_init(); the caller's to free
 * @stamps: as many, or NULL
 * @nr: slots in it
 */
void nptb_rset_init(struct nptb_rset *set, u32 *heads, u32 bits, u64 multiplier,
		    struct nptb_page *slots, u32 *stamps, u32 nr)
{
	set->heads = heads;
	set->bits = bits;
	set->multiplier = multiplier | 1;
	set->old = NULL;
	set->old_bits = 0;
	set->moved = 0;
	set->shields = 0;
	set->count = 0;
	set->leaves = 0;
	nptb_table_init(&set->policy.table, slots, stamps, nr);
	nptb_shield_begin(&set->pinned, slots, NPTB_SLOT_PINNED, NPTB_TAG_PINNED);
	nptb_shield_begin(&set->exempt, slots, NPTB_SLOT_EXEMPT, NPTB_TAG_EXEMPT);
}

/**
 * nptb_rset_new_shield() - one more vCPU
 * @set: of its VM
 * @shield: to set up; stays where it is as long as the set is used
 *
 * Return: false where no slot is left for it.
 */
bool nptb_rset_new_shield(struct nptb_rset *set, struct nptb_shield *shield)
{
	struct nptb_page *slots = set->policy.table.slots;
	u32 slot = nptb_table_get(&set->policy.table, slots);

	if (slot == NPTB_SLOT_NONE)
		return false;
	nptb_shield_begin(shield, slots, slot, NPTB_TAG_SHIELD);
	set->shields++;
	return true;
}

/**
 * nptb_rset_charge_newest() - a page is given to nobody, and comes last to go
 * @set: where it is, or comes to be
 * @key: from nptb_key()
 * @may_be_new: whether it may come into the set
 *
 * For policies without a shield: the page goes to the policy anew, wherever it
 * was before.
 *
 * Return: true where it is new.
 */
bool nptb_rset_charge_newest(struct nptb_rset *set, u64 key, bool may_be_new)
{
	struct nptb_page *page = nptb_rset_find(set, key);

	if (!page)
		return nptb_rset_charge(set, key, may_be_new);
	nptb_rset_free(set, page);
	return false;
}

/**
 * nptb_rset_hand() - a page of the set is given to an attempt
 * @set: where it is
 * @page: of the set, wherever it is; becomes the newest of @shield
 * @shield: of the vCPU whose attempt it is
 */
void nptb_rset_hand(struct nptb_rset *set, struct nptb_page *page,
		    struct nptb_shield *shield)
{
	struct nptb_page *slots = set->policy.table.slots;

	nptb_rset_release(set, slots, page);
	nptb_shield_add(shield, slots, nptb_slot_of(slots, page));
}

/**
 * nptb_rset_unshield() - take a page from the shield that has it
 * @set: where it is
 * @page: of the set, not the policy's; afterwards nobody's
 */
void nptb_rset_unshield(struct nptb_rset *set, struct nptb_page *page)
{
	nptb_shield_del(nptb_rset_shield_of(set, page), set->policy.table.slots, page);
}

/**
 * nptb_rset_settle_each() - nptb_rset_settle(), one page after the other
 * @set: where they are
 * @shield: of the vCPU whose attempt it was
 */
void nptb_rset_settle_each(struct nptb_rset *set, struct nptb_shield *shield)
{
	struct nptb_page *slots = set->policy.table.slots, *page;

	while ((page = nptb_rset_oldest(set, shield))) {
		nptb_ring_del(slots, page);
		nptb_policy_charge(&set->policy, page);
	}
	shield->count = 0;
	shield->leaves = 0;
}

/**
 * nptb_rset_free() - a page may go from now on
 * @set: where it is
 * @page: of the set, wherever it is
 */
void nptb_rset_free(struct nptb_rset *set, struct nptb_page *page)
{
	struct nptb_page *slots = set->policy.table.slots;

	nptb_rset_release(set, slots, page);
	nptb_policy_charge_slot(&set->policy, slots, nptb_slot_of(slots, page));
}

/**
 * nptb_rset_set_leaves() - it has become known how many leaves a page has
 * @set: where it is
 * @page: of the set
 * @leaves: that map it now, at least 1; more than %NPTB_LEAVES_MAX are taken for so many
 *
 * Return: whether it can tell so many.
 */
bool nptb_rset_set_leaves(struct nptb_rset *set, struct nptb_page *page,
			  u64 leaves)
{
	struct nptb_shield *shield = nptb_rset_shield_of(set, page);
	bool told = leaves <= NPTB_LEAVES_MAX;
	u64 more = (told ? leaves : NPTB_LEAVES_MAX) - nptb_page_leaves(page);

	set->leaves += more;
	if (shield)
		shield->leaves += more;
	page->word += more << NPTB_LEAVES_SHIFT;
	return told;
}

/**
 * nptb_rset_own_victim() - take the page that an attempt was given first
 * @set: to take it from
 * @shield: of the vCPU whose attempt it is
 *
 * For an attempt that has the whole budget and needs more.
 *
 * Return: the page, as after nptb_rset_take(), or NULL where the attempt was given none.
 */
struct nptb_page *nptb_rset_own_victim(struct nptb_rset *set,
				       struct nptb_shield *shield)
{
	struct nptb_page *page = nptb_rset_oldest(set, shield);

	if (page)
		nptb_rset_take_own(set, page, shield);
	return page;
}

/* Bring one chain in step. Return: how many of its pages were taken. */
static u32 reconcile_chain(struct nptb_rset *set, u32 slot,
			   u64 (*leaves)(void *ctx, u64 key), void *ctx,
			   u32 *looked)
{
	struct nptb_page *slots = set->policy.table.slots;
	u32 gone = 0;

	while (slot != NPTB_SLOT_NONE) {
		struct nptb_page *page = nptb_at(slots, slot);
		u64 now = leaves(ctx, nptb_page_key(page));

		++*looked;
		slot = page->chain;
		if (now) {
			nptb_rset_set_leaves(set, page, now);
			continue;
		}
		nptb_rset_take(set, page);
		gone++;
	}
	return gone;
}

/* So many empty chains are as much work as a page that is looked at. */
#define CHAINS_A_PAGE	16

/**
 * nptb_rset_reconcile() - bring some chains in step with what is
 * @set: to change; what has no leaves is taken from it
 * @at: where to go on, as in nptb_rset_walk()
 * @most: pages to look at; the last chain is done whole
 * @leaves: how many leaves a page has now
 * @ctx: for @leaves
 *
 * Return: pages that were taken.
 */
u32 nptb_rset_reconcile(struct nptb_rset *set, u64 *at, u32 most,
			u64 (*leaves)(void *ctx, u64 key), void *ctx)
{
	u32 looked = 0, chains = 0, gone = 0;

	while (*at < NPTB_WALK_END &&
	       looked + chains / CHAINS_A_PAGE < most) {
		gone += reconcile_chain(set, *nptb_rset_walk(set, at), leaves, ctx,
					&looked);
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
 * Return: pages that were taken.
 */
u32 nptb_rset_drain(struct nptb_rset *set, u64 *at, u32 most)
{
	struct nptb_page *slots = set->policy.table.slots;
	u32 pages = 0, chains = 0;

	while (*at < NPTB_WALK_END && pages + chains / CHAINS_A_PAGE < most) {
		u32 *chain = nptb_rset_walk(set, at);

		chains++;
		for (; *chain != NPTB_SLOT_NONE; pages++)
			nptb_rset_take(set, nptb_at(slots, *chain));
	}
	return pages;
}
