/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a VM's memory is in host memory, by the kernel's own files of the VMM's
 * process: /proc/self/pagemap, smaps, and mincore(2). They know nothing of the module.
 *
 * A snapshot of all pages takes a while. So that none changes meanwhile, the whole
 * program runs on one CPU (backed_one_cpu()), and the thread that samples has a
 * real-time priority: nothing else of it runs while it looks.
 */
#ifndef NPTB_ST_BACKED_H
#define NPTB_ST_BACKED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../vmm/vmm.h"

struct backed {
	const struct vmm *vm;
	/* Done after every eighth sample, where it is there. */
	void (*disturb)(const struct vmm *vm);
	pthread_t thread;
	_Atomic bool stop;
	_Atomic uint64_t limit;
	uint64_t samples;
	uint64_t over;
	uint64_t peak;
};

void backed_one_cpu(void);
/* Of @pages entries of some process's pagemap: those present, without pages of zeros. */
uint64_t backed_count(const uint64_t *entries, size_t pages);
/* Pages of @vm's memory that its page tables map; those of zeros are none. */
uint64_t backed_pagemap(const struct vmm *vm);
/* The same by "Rss" of smaps. */
uint64_t backed_smaps(const struct vmm *vm);
/* Pages that are in memory by mincore(2): those in the caches are, too; no zeros. */
uint64_t backed_mincore(const struct vmm *vm);

/* All but @disturb is set here. */
void backed_begin(struct backed *b, const struct vmm *vm, uint64_t limit);
/* Ends the thread; false, and a note, where there were more than the limit. */
bool backed_end(struct backed *b);

#endif
