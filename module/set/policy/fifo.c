// SPDX-License-Identifier: GPL-2.0-only
/*
 * First in, first out: what is done where a policy says nothing else. Pure.
 */
#include "set/policy.h"

const struct nptb_policy_ops nptb_policy_fifo = {
	.name = "fifo",
};
