// SPDX-License-Identifier: GPL-2.0-only
/*
 * What policies are measured against: true LRU, which is told of every hit, and
 * Belady's OPT, which knows the future: its victim is the page whose next
 * reference is farthest away. replay.c keeps both up to date.
 */
#include "replay/replay.h"

static struct nptb_page *oldest(struct nptb_policy *policy)
{
	return nptb_policy_page(policy, nptb_policy_oldest(policy));
}

static struct nptb_page *farthest(struct nptb_policy *policy)
{
	struct nptb_page *found = oldest(policy), *page = found;

	for (; page; page = nptb_policy_page(policy, page->next))
		if (replay_next(policy, page) > replay_next(policy, found))
			found = page;
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
