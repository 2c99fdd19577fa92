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
#include "set/policy.h"

/*
 * Pages that the hand passes for one victim. Bounds the work done under the
 * VM's lock where all pages are in use; the hand goes on from there.
 */
#define CLOCK_PASS_MAX	32

static struct nptb_page *clock_victim(struct nptb_policy *policy)
{
	struct nptb_page *page = nptb_policy_page(policy, nptb_policy_oldest(policy));
	int passed;

	if (!page)
		return NULL;
	for (passed = 0; passed < CLOCK_PASS_MAX; passed++) {
		if (!policy->young(policy->ctx, nptb_page_key(page)))
			return page;
		nptb_policy_renew(policy, page);
		page = nptb_policy_page(policy, nptb_policy_oldest(policy));
	}
	return page;
}

const struct nptb_policy_ops nptb_policy_clock = {
	.name = "clock",
	.victim = clock_victim,
};
