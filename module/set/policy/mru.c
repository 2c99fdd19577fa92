// SPDX-License-Identifier: GPL-2.0-only
/*
 * Most recently used goes first: of the pages whose attempt is over, the one
 * that was given last. Best where a guest runs through more pages than fit, in
 * the same order again and again; bad nearly everywhere else. Pure.
 *
 * "Used" is "faulted" here: hits are not looked at.
 */
#include "set/policy.h"

static struct nptb_page *mru_victim(struct nptb_policy *policy)
{
	return nptb_policy_page(policy, policy->table.slots[NPTB_SLOT_RING / NPTB_SLOT].prev);
}

const struct nptb_policy_ops nptb_policy_mru = {
	.name = "mru",
	.victim = mru_victim,
};
