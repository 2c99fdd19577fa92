// SPDX-License-Identifier: GPL-2.0-only
/*
 * Least recently used, as far as accessed bits tell: the ring is in the order
 * in which pages were last seen in use. Pure.
 *
 * A hand goes through the ring, LRU_LOOKS pages for each eviction, so age is
 * counted in faults and not in time. A page that it finds accessed becomes the
 * newest. How recently a page was used is thus known to within one round of the
 * hand, that is, count / LRU_LOOKS evictions: of two pages used in the same
 * round, the one that was older stays older.
 *
 * As with clock, a bit is cleared without a flush of its own: see "flush_aged".
 */
#include "set/policy.h"

#define LRU_LOOKS	8
/* Pages found in use at the old end that are passed over for one victim. */
#define LRU_PASS_MAX	32

static void lru_init(struct nptb_policy *policy)
{
	policy->hand = NPTB_SLOT_RING;
	policy->left = 0;
}

static bool hand_is_at(const struct nptb_policy *policy, const struct nptb_page *page)
{
	return policy->hand == nptb_slot_of(policy->table.slots, page);
}

static void lru_forget(struct nptb_policy *policy, struct nptb_page *page)
{
	if (hand_is_at(policy, page))
		policy->hand = page->next;
	nptb_policy_del(policy, page);
}

/* One step of the hand. What it makes the newest belongs to the next round. */
static void look(struct nptb_policy *policy)
{
	struct nptb_page *page;

	if (!policy->left || policy->hand == NPTB_SLOT_RING) {
		policy->hand = nptb_policy_oldest(policy);
		policy->left = policy->count;
	}
	page = nptb_at(policy->table.slots, policy->hand);
	policy->hand = page->next;
	policy->left--;
	if (policy->young(policy->ctx, nptb_page_key(page)))
		nptb_policy_renew(policy, page);
}

/* The hand must not go along with a page that becomes the newest. */
static void renew(struct nptb_policy *policy, struct nptb_page *page)
{
	if (hand_is_at(policy, page))
		policy->hand = page->next;
	nptb_policy_renew(policy, page);
}

static struct nptb_page *lru_victim(struct nptb_policy *policy)
{
	u64 looks = policy->count < LRU_LOOKS ? policy->count : LRU_LOOKS;
	struct nptb_page *page;
	int passed;

	if (!policy->count)
		return NULL;
	while (looks--)
		look(policy);
	/* Used since the hand was there: not the oldest after all. */
	page = nptb_policy_page(policy, nptb_policy_oldest(policy));
	for (passed = 0; passed < LRU_PASS_MAX; passed++) {
		if (!policy->young(policy->ctx, nptb_page_key(page)))
			return page;
		renew(policy, page);
		page = nptb_policy_page(policy, nptb_policy_oldest(policy));
	}
	return page;
}

const struct nptb_policy_ops nptb_policy_lru = {
	.name = "lru",
	.init = lru_init,
	.victim = lru_victim,
	.forget = lru_forget,
};
