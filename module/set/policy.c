// SPDX-License-Identifier: GPL-2.0-only
/* The table of eviction policies. Pure. */
#include "lib/pure.h"
#include "set/policy.h"

const struct nptb_policy_ops *const nptb_policies[] = {
	&nptb_policy_fifo,
	&nptb_policy_clock,
	&nptb_policy_lru,
	&nptb_policy_random,
	&nptb_policy_mru,
	&nptb_policy_last_only,
	&nptb_policy_wsclock,
	NULL,
};

/**
 * nptb_policy_find() - look a policy up by its name
 * @name: as users write it
 *
 * Return: the policy, or NULL where there is none of that name.
 */
const struct nptb_policy_ops *nptb_policy_find(const char *name)
{
	int i;

	for (i = 0; nptb_policies[i]; i++)
		if (!strcmp(nptb_policies[i]->name, name))
			return nptb_policies[i];
	return NULL;
}

static void begin(struct nptb_policy *policy)
{
	if (policy->ops->init)
		policy->ops->init(policy);
}

/**
 * nptb_policy_init() - begin with no page charged
 * @policy: to set up; its table is set up by nptb_table_init(), and may have been in use:
 *	no page of it is the policy's
 * @ops: the policy
 * @young: see &struct nptb_policy
 * @ctx: for @young
 *
 * The seed is 0: nptb_policy_seed() gives another one.
 */
void nptb_policy_init(struct nptb_policy *policy,
		      const struct nptb_policy_ops *ops,
		      bool (*young)(void *ctx, u64 key), void *ctx)
{
	policy->ops = ops;
	policy->count = 0;
	policy->tag = NPTB_TAG_POLICY;
	policy->switches = 0;
	policy->seed = 0;
	policy->young = young;
	policy->ctx = ctx;
	begin(policy);
}

/* A tag counts so many switches that others are under way in, and no more. */
#define SWITCHES_MAX	(NPTB_TAG_SWITCHES - 1)

/**
 * nptb_policy_begin_switch() - go on under another policy
 * @policy: to change
 * @ops: the new one
 *
 * Takes constant time: all charged pages become pending, in the order of the old
 * ring, and dice begin with the seed again. nptb_policy_switch_some() charges them
 * anew. A switch may begin while another is under way; the fourth of such brings the
 * third to its end first, in one go.
 */
void nptb_policy_begin_switch(struct nptb_policy *policy,
			      const struct nptb_policy_ops *ops)
{
	struct nptb_page *slots = policy->table.slots;

	if (policy->switches == SWITCHES_MAX)
		nptb_policy_switch_some(policy, ~0U);
	/* Those that an unfinished switch has charged come first. */
	nptb_ring_join(slots, NPTB_SLOT_RING, NPTB_SLOT_PENDING);
	nptb_ring_join(slots, NPTB_SLOT_PENDING, NPTB_SLOT_RING);
	policy->tag = NPTB_TAG_POLICY + (policy->tag - NPTB_TAG_POLICY + 1) % NPTB_TAG_SWITCHES;
	policy->switches++;
	policy->count = 0;
	policy->ops = ops;
	begin(policy);
}

/**
 * nptb_policy_switch_some() - go on with a switch
 * @policy: whose
 * @most: pages to charge, at most
 *
 * Return: whether there are more.
 */
bool nptb_policy_switch_some(struct nptb_policy *policy, u32 most)
{
	struct nptb_page *slots = policy->table.slots, *page;

	if (!policy->switches)
		return false;
	while (!nptb_ring_empty(slots, NPTB_SLOT_PENDING)) {
		if (!most--)
			return true;
		page = nptb_at(slots, slots[NPTB_SLOT_PENDING / NPTB_SLOT].next);
		nptb_ring_del(slots, page);
		page->tag = policy->tag;
		if (policy->ops->charge)
			policy->ops->charge(policy, page);
		else
			nptb_policy_add(policy, page);
	}
	policy->switches = 0;
	return false;
}

/**
 * nptb_policy_switch() - go on under another policy, in one go
 * @policy: to change
 * @ops: the new one
 *
 * Where nobody waits for a lock.
 */
void nptb_policy_switch(struct nptb_policy *policy,
			const struct nptb_policy_ops *ops)
{
	nptb_policy_begin_switch(policy, ops);
	nptb_policy_switch_some(policy, ~0U);
}

/**
 * nptb_policy_seed() - roll other dice
 * @policy: to change
 * @seed: the same one gives the same victims for the same calls
 */
void nptb_policy_seed(struct nptb_policy *policy, u64 seed)
{
	policy->seed = seed;
	nptb_policy_switch(policy, policy->ops);
}
