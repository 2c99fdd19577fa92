// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing but the page that faulted last, whatever the budget: the experiment
 * that this project began with. It is the one policy without the shield, so
 * with several vCPUs nobody is sure of progress. Pure.
 */
#include "set/policy.h"

const struct nptb_policy_ops nptb_policy_last_only = {
	.name = "last-only",
	.keep = 1,
	.bare = true,
};
