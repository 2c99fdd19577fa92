// SPDX-License-Identifier: GPL-2.0-only
/*
 * WSClock (Carr and Hennessy, 1981): clock, but a page that was not accessed
 * since the hand last passed goes only when its last known use is as many
 * evictions ago as there are pages; until then it counts as part of the working
 * set, and the hand passes. Where the hand finds none to go in WS_PASS_MAX
 * pages, the one of them whose last known use is longest ago goes. Pure.
 *
 * Time is counted in evictions. The note on accessed bits in set/policy/clock.c
 * holds here, too.
 */
#include "set/policy.h"

#define WS_PASS_MAX	32

static void ws_init(struct nptb_policy *policy)
{
	policy->now = 0;
}

static void ws_charge(struct nptb_policy *policy, struct nptb_page *page)
{
	page->stamp = policy->now;
	nptb_policy_add(policy, page);
}

static struct nptb_page *ws_victim(struct nptb_policy *policy)
{
	u64 looks = policy->count < WS_PASS_MAX ? policy->count : WS_PASS_MAX;
	struct nptb_page *longest = NULL;

	if (nptb_ring_empty(&policy->ring))
		return NULL;
	policy->now++;
	while (looks--) {
		struct nptb_page *page = nptb_page_of(policy->ring.next);

		if (policy->young(policy->ctx, page->key))
			page->stamp = policy->now;
		else if (policy->now - page->stamp > policy->count)
			return page;
		if (!longest || page->stamp < longest->stamp)
			longest = page;
		nptb_policy_renew(policy, page);
	}
	return longest;
}

const struct nptb_policy_ops nptb_policy_wsclock = {
	.name = "wsclock",
	.init = ws_init,
	.charge = ws_charge,
	.victim = ws_victim,
};
