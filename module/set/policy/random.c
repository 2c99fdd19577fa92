// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any page, each as likely as the other: what the others have to beat. The same
 * seed and the same faults give the same victims. Pure.
 *
 * To draw one of N pages without memory of N entries, they are the nodes of a
 * complete binary tree, numbered from the root (1) row by row: the bits of a
 * number behind its leading 1 are the way to its node.
 */
#include "set/policy.h"

/* The place of node @number, which may be the first one that is free. */
static struct nptb_page **place(struct nptb_policy *policy, u64 number)
{
	struct nptb_page **at = &policy->root;
	int bit = 63 - __builtin_clzll(number);

	while (bit--)
		at = &(*at)->down[number >> bit & 1];
	return at;
}

static void random_init(struct nptb_policy *policy)
{
	policy->root = NULL;
	policy->dice = policy->seed;
}

static void random_charge(struct nptb_policy *policy, struct nptb_page *page)
{
	nptb_policy_add(policy, page);
	page->up = policy->count > 1 ? *place(policy, policy->count / 2) : NULL;
	page->down[0] = NULL;
	page->down[1] = NULL;
	*place(policy, policy->count) = page;
}

/* Put @page where @old was. */
static void replace(struct nptb_policy *policy, struct nptb_page *old,
		    struct nptb_page *page)
{
	int i;

	page->up = old->up;
	if (page->up)
		page->up->down[page->up->down[1] == old] = page;
	else
		policy->root = page;
	for (i = 0; i < 2; i++) {
		page->down[i] = old->down[i];
		if (page->down[i])
			page->down[i]->up = page;
	}
}

/* The last node fills the hole: the tree stays complete. */
static void random_forget(struct nptb_policy *policy, struct nptb_page *page)
{
	struct nptb_page **at = place(policy, policy->count);
	struct nptb_page *last = *at;

	*at = NULL;
	if (last != page)
		replace(policy, page, last);
	nptb_policy_del(policy, page);
}

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom ...", 2014. */
static u64 roll(struct nptb_policy *policy)
{
	u64 z = policy->dice += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static struct nptb_page *random_victim(struct nptb_policy *policy)
{
	if (!policy->count)
		return NULL;
	/* Budgets, and so counts, have 32 bits: the product fits. */
	return *place(policy, 1 + ((roll(policy) >> 32) * policy->count >> 32));
}

const struct nptb_policy_ops nptb_policy_random = {
	.name = "random",
	.dice = true,
	.init = random_init,
	.charge = random_charge,
	.victim = random_victim,
	.forget = random_forget,
};
