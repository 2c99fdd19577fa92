/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VM starts with, and what is changed of it while it runs. */
#ifndef NPTB_OBJECT_CONFIG_H
#define NPTB_OBJECT_CONFIG_H

#include <linux/types.h>

struct nptb_policy_ops;

/**
 * struct nptb_config - what a VM starts with
 * @budget: pages, or 0 for none
 * @policy: who goes next
 * @on_loop: enum nptb_on_loop
 * @flush_aged: flush where accessed bits were cleared and nothing was evicted
 * @seed: for policies that roll dice
 * @lend_max: pages to lend at a time, at most
 * @burst: instructions to emulate in one go, at most
 * @backing: enum nptb_backing_mode
 * @batch: pages to evict for one fault, at most
 */
struct nptb_config {
	u64 budget;
	const struct nptb_policy_ops *policy;
	u32 on_loop;
	bool flush_aged;
	u64 seed;
	u32 lend_max;
	u32 burst;
	u32 backing;
	u32 batch;
};

#endif /* NPTB_OBJECT_CONFIG_H */
