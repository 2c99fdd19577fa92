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
	policy->hand = &policy->ring;
	policy->left = 0;
}

static void lru_forget(struct nptb_policy *policy, struct nptb_page *page)
{
	if (policy->hand == &page->link)
		policy->hand = page->link.next;
	nptb_policy_del(policy, page);
}

/* One step of the hand. What it makes the newest belongs to the next round. */
static void look(struct nptb_policy *policy)
{
	struct nptb_page *page;

	if (!policy->left || policy->hand == &policy->ring) {
		policy->hand = policy->ring.next;
		policy->left = policy->count;
	}
	page = nptb_page_of(policy->hand);
	policy->hand = page->link.next;
	policy->left--;
	if (policy->young(policy->ctx, page->key))
		nptb_policy_renew(policy, page);
}

/* The hand must not go along with a page that becomes the newest. */
static void renew_oldest(struct nptb_policy *policy)
{
	struct nptb_page *page = nptb_page_of(policy->ring.next);

	if (policy->hand == &page->link)
		policy->hand = page->link.next;
	nptb_policy_renew(policy, page);
}

static struct nptb_page *lru_victim(struct nptb_policy *policy)
{
	u64 looks = policy->count < LRU_LOOKS ? policy->count : LRU_LOOKS;
	int passed;

	if (nptb_ring_empty(&policy->ring))
		return NULL;
	while (looks--)
		look(policy);
	/* Used since the hand was there: not the oldest after all. */
	for (passed = 0; passed < LRU_PASS_MAX; passed++) {
		struct nptb_page *page = nptb_page_of(policy->ring.next);

		if (!policy->young(policy->ctx, page->key))
			return page;
		renew_oldest(policy);
	}
	return nptb_page_of(policy->ring.next);
}

const struct nptb_policy_ops nptb_policy_lru = {
	.name = "lru",
	.init = lru_init,
	.victim = lru_victim,
	.forget = lru_forget,
};
