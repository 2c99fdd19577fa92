// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clock, the second chance: the oldest page goes, unless it was accessed since
 * the hand last passed; then it becomes the newest and the next one is looked
 * at. Pure.
 *
 * The accessed bit is cleared without a flush: a translation that a CPU still
 * holds will not set it again, so a real CPU shows fewer accesses than there
 * were.
 */
#include "policy.h"

/*
 * Pages that the hand passes for one victim. Bounds the work done under the
 * VM's lock where all pages are in use; the hand goes on from there.
 */
#define CLOCK_PASS_MAX	32

static void clock_charge(struct nptb_policy *policy, struct nptb_page *page)
{
	nptb_ring_add(&policy->ring, &page->link);
	policy->count++;
}

static struct nptb_page *clock_victim(struct nptb_policy *policy)
{
	int passed;

	if (nptb_ring_empty(&policy->ring))
		return NULL;
	for (passed = 0; passed < CLOCK_PASS_MAX; passed++) {
		struct nptb_page *page = nptb_page_of(policy->ring.next);

		if (!policy->young(policy->ctx, page->key))
			return page;
		nptb_ring_del(&page->link);
		nptb_ring_add(&policy->ring, &page->link);
	}
	return nptb_page_of(policy->ring.next);
}

static void clock_forget(struct nptb_policy *policy, struct nptb_page *page)
{
	nptb_ring_del(&page->link);
	policy->count--;
}

const struct nptb_policy_ops nptb_policy_clock = {
	.name = "clock",
	.charge = clock_charge,
	.victim = clock_victim,
	.forget = clock_forget,
};
