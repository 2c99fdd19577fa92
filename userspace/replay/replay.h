/* SPDX-License-Identifier: GPL-2.0-only */
/* Recorded faults run through the module's own policies and resident set. */
#ifndef NPTB_REPLAY_H
#define NPTB_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "module/set/policy.h"
#include "model/trace.h"

/**
 * struct replay_args - how to replay
 * @policy: one of the module's, or of replay_ideal.c
 * @pages: the budget
 * @seed: for dice
 * @batch: pages that go at a time, at most
 */
struct replay_args {
	const struct nptb_policy_ops *policy;
	unsigned long long pages;
	unsigned long long seed;
	unsigned int batch;
};

/**
 * struct replay_counts - what came of it
 * @faults: recorded faults that were looked at
 * @hits: of them, on a page that was there
 * @misses: of them, on a page that had to be mapped
 * @evictions: pages that went
 * @own: of them, pages of the very attempt that needed room: a fault loop
 * @left_out: recorded faults that have nothing to do with a budget: MMIO,
 *	deferred ones, which came again, and those of no frame of the VM's own
 */
struct replay_counts {
	unsigned long long faults;
	unsigned long long hits;
	unsigned long long misses;
	unsigned long long evictions;
	unsigned long long own;
	unsigned long long left_out;
};

/* Yardsticks that no policy can be, as they know what a policy cannot. */
extern const struct nptb_policy_ops replay_true_lru;
extern const struct nptb_policy_ops replay_opt;

/* For OPT: the number of the next fault on a page. */
u64 replay_next(const struct nptb_policy *policy, const struct nptb_page *page);
const struct nptb_policy_ops *replay_policy(const char *name);
int replay_run(const struct trace_vm *vm, const struct replay_args *args,
	       struct replay_counts *counts);
struct replay_counts replay_recorded(const struct trace_vm *vm);

#endif /* NPTB_REPLAY_H */
