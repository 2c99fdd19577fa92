/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first oracle: a thread that reads KVM's own counters of a VM's leaves all
 * the while the guest runs. It knows nothing of the module.
 *
 * It reads KVM's binary statistics (KVM_GET_STATS_FD), the same counters as the
 * files in debugfs, which must be opened anew for each reading. A sum over the
 * three would not be atomic. Under a budget there are no huge leaves at all:
 * pages_2m and pages_1g must be 0, and pages_4k alone is compared with it.
 */
#ifndef NPTB_ST_SAMPLER_H
#define NPTB_ST_SAMPLER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../vmm/vmm.h"

/* No budget is in force: nothing is compared. */
#define SAMPLER_OFF	UINT64_MAX

struct sampler {
	const struct vmm *vm;
	int fd;
	int64_t at[3];		/* of pages_4k, pages_2m, pages_1g in it */
	pthread_t thread;
	_Atomic bool stop;
	/* Raised with every change of the limit, odd while it changes. */
	_Atomic unsigned int seq;
	_Atomic uint64_t limit;
	/* Of the sampler's thread until sampler_end(). */
	uint64_t samples;
	uint64_t over;		/* samples over the limit */
	uint64_t huge;		/* samples with a huge leaf */
	_Atomic uint64_t reached;	/* samples equal to the limit; others may look */
	uint64_t worst;
	uint64_t peak;
};

void sampler_begin(struct sampler *s, const struct vmm *vm, uint64_t limit);
/* Writes a VM's budget (0: off) with the limit that holds meanwhile; -errno. */
int sampler_budget(struct sampler *s, uint64_t pages);
/*
 * Ends the thread, says what was wrong; @must_reach: the limit must be seen, and is waited
 * for: where CPUs are busy, the sampler may not have run since it was last changed.
 */
bool sampler_end(struct sampler *s, bool must_reach);

#endif
