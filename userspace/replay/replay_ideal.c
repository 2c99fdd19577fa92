// SPDX-License-Identifier: GPL-2.0-only
/*
 * What policies are measured against: true LRU, which is told of every hit, and
 * Belady's OPT, which knows the future: its victim is the page whose next
 * reference is farthest away. replay.c keeps both up to date.
 */
#include "replay/replay.h"

static struct nptb_page *oldest(struct nptb_policy *policy)
{
	if (nptb_ring_empty(&policy->ring))
		return NULL;
	return nptb_page_of(policy->ring.next);
}

static struct nptb_page *farthest(struct nptb_policy *policy)
{
	struct nptb_page *found = oldest(policy), *page;
	struct nptb_ring *at;

	for (at = policy->ring.next; at != &policy->ring; at = at->next) {
		page = nptb_page_of(at);
		if (page->stamp > found->stamp)
			found = page;
	}
	return found;
}

const struct nptb_policy_ops replay_true_lru = {
	.name = "true-lru",
	.charge = nptb_policy_add,
	.victim = oldest,
	.forget = nptb_policy_del,
};

const struct nptb_policy_ops replay_opt = {
	.name = "opt",
	.charge = nptb_policy_add,
	.victim = farthest,
	.forget = nptb_policy_del,
};
