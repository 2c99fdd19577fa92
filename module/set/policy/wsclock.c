// SPDX-License-Identifier: GPL-2.0-only
/*
 * WSClock (Carr and Hennessy, 1981): clock, but a page that was not accessed
 * since the hand last passed goes only when its last known use is as many
 * evictions ago as there are pages; until then it counts as part of the working
 * set, and the hand passes. Where the hand finds none to go in WS_PASS_MAX
 * pages, the one of them whose last known use is longest ago goes. Pure.
 *
 * Time is counted in evictions. 32 bits of it are enough: the hand comes by each page
 * within as many evictions as there are pages, so no use is longer ago than twice that.
 * The note on accessed bits in set/policy/clock.c holds here, too.
 */
#include "set/policy.h"

#define WS_PASS_MAX	32

static void ws_init(struct nptb_policy *policy)
{
	policy->now = 0;
}

static void ws_charge(struct nptb_policy *policy, struct nptb_page *page)
{
	*nptb_stamp(&policy->table, page) = policy->now;
	nptb_policy_add(policy, page);
}

static struct nptb_page *ws_victim(struct nptb_policy *policy)
{
	u64 looks = policy->count < WS_PASS_MAX ? policy->count : WS_PASS_MAX;
	struct nptb_page *longest = NULL;
	u32 most = 0;

	if (!policy->count)
		return NULL;
	policy->now++;
	while (looks--) {
		struct nptb_page *page = nptb_policy_page(policy, nptb_policy_oldest(policy));
		u32 *stamp = nptb_stamp(&policy->table, page);

		if (policy->young(policy->ctx, nptb_page_key(page)))
			*stamp = policy->now;
		else if (policy->now - *stamp > policy->count)
			return page;
		if (!longest || policy->now - *stamp > most) {
			longest = page;
			most = policy->now - *stamp;
		}
		nptb_policy_renew(policy, page);
	}
	return longest;
}

const struct nptb_policy_ops nptb_policy_wsclock = {
	.name = "wsclock",
	.stamps = true,
	.init = ws_init,
	.charge = ws_charge,
	.victim = ws_victim,
};
