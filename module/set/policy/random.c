// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any page, each as likely as the other: what the others have to beat. The same
 * seed and the same faults give the same victims. Pure.
 *
 * Slots of the table are drawn, among those that were ever used, until one has a page that
 * is charged. That needs no memory. Where RANDOM_DRAWS of them have none, which is seldom
 * unless there once were far more pages, it is one of as many that are the oldest.
 */
#include "set/policy.h"

#define RANDOM_DRAWS	64

static void random_init(struct nptb_policy *policy)
{
	policy->dice = policy->seed;
}

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom ...", 2014. */
static u64 roll(struct nptb_policy *policy)
{
	u64 z = policy->dice += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static u32 draw(struct nptb_policy *policy, u32 sides)
{
	return (roll(policy) >> 32) * sides >> 32;
}

static struct nptb_page *one_of_the_oldest(struct nptb_policy *policy)
{
	u32 steps = draw(policy, policy->count < RANDOM_DRAWS ? policy->count : RANDOM_DRAWS);
	u32 slot = nptb_policy_oldest(policy);

	while (steps--)
		slot = nptb_at(policy->table.slots, slot)->next;
	return nptb_policy_page(policy, slot);
}

static struct nptb_page *random_victim(struct nptb_policy *policy)
{
	struct nptb_page *pages = &policy->table.slots[NPTB_SLOTS_FIXED];
	u32 used = (policy->table.fresh - NPTB_SLOT_FIRST) / NPTB_SLOT;
	int draws;

	if (!policy->count)
		return NULL;
	for (draws = 0; draws < RANDOM_DRAWS; draws++) {
		struct nptb_page *page = &pages[draw(policy, used)];

		if (page->tag == policy->tag)
			return page;
	}
	return one_of_the_oldest(policy);
}

const struct nptb_policy_ops nptb_policy_random = {
	.name = "random",
	.dice = true,
	.init = random_init,
	.victim = random_victim,
};
