/* SPDX-License-Identifier: GPL-2.0-only */
/* What nptbudget sweep is to run: budgets and policies. */
#ifndef NPTB_SWEEP_H
#define NPTB_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "model/sweepfile.h"

/* Budgets and policies of one sweep, at most. */
#define SWEEP_PAGES_MAX		1024
#define SWEEP_POLICIES_MAX	16

/**
 * struct sweep_grid - what is to be run
 * @nr_pages: how many budgets
 * @pages: they, most first
 * @nr_policies: how many policies
 * @policy: their names
 * @repeat: runs of each
 * @shard: this part, from 0
 * @shards: of so many
 */
struct sweep_grid {
	size_t nr_pages;
	unsigned long long pages[SWEEP_PAGES_MAX];
	size_t nr_policies;
	char policy[SWEEP_POLICIES_MAX][32];
	unsigned long long repeat, shard, shards;
};

/**
 * struct sweep_job - one run
 * @pages: its budget, 0 for none
 * @policy: who goes next
 * @repeat: which of several, from 0
 */
struct sweep_job {
	unsigned long long pages;
	const char *policy;
	unsigned long long repeat;
};

int sweep_take_pages(struct sweep_grid *g, const char *arg);
int sweep_take_policies(struct sweep_grid *g, const char *arg);
int sweep_take_shard(struct sweep_grid *g, const char *arg);
size_t sweep_jobs(const struct sweep_grid *g);
bool sweep_job(const struct sweep_grid *g, size_t nr, struct sweep_job *job);
int sweep_print(const struct sweep_file *f, bool json);
int sweep_merge(const char *to, char **from);

#endif /* NPTB_SWEEP_H */
