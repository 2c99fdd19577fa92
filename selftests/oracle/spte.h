/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The second oracle: adds up KVM's own tracepoint of every change of a page-
 * table entry, kvmmmu:kvm_tdp_mmu_spte_changed. Where the sampler sees a
 * sample, this sees all; the running sum of present leaves may never exceed the
 * budget. The event does not name its VM: only one may run meanwhile.
 */
#ifndef NPTB_ST_SPTE_H
#define NPTB_ST_SPTE_H

#include <stdbool.h>
#include <stdint.h>

struct spte_result {
	uint64_t events;
	uint64_t lost;		/* events the kernel had no room for */
	int64_t now;		/* sum of present leaves at the end */
	int64_t peak;		/* largest running sum */
	int64_t low;		/* smallest; below 0 where the sum is broken */
	uint64_t huge;		/* huge leaves that came */
};

/* NULL where this kernel and KVM have the event, else the reason why not. */
const char *spte_unusable(void);
/* Starts recording, @mib MiB of buffer per CPU. */
void spte_begin(unsigned int mib);
/* Stops and adds up. */
struct spte_result spte_end(void);

#endif
