/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The second oracle: adds up KVM's own tracepoint of every change of a page-
 * table entry, kvmmmu:kvm_tdp_mmu_spte_changed. Where the sampler sees a
 * sample, this sees all; the running sum of present leaves may never exceed the
 * budget. The event does not name its VM: only one may run meanwhile.
 *
 * Where the budget is not the same all the time, spte_limit() marks in the
 * recording itself what is in force from there on.
 */
#ifndef NPTB_ST_SPTE_H
#define NPTB_ST_SPTE_H

#include <stdbool.h>
#include <stdint.h>

struct spte_result {
	uint64_t events;
	uint64_t lost;		/* events the kernel had no room for */
	int64_t now;		/* sum of present leaves at the end */
	int64_t peak;		/* largest running sum under a limit */
	int64_t over;		/* most that it was over the limit, or 0 */
	int64_t low;		/* smallest; below 0 where the sum is broken */
	uint64_t huge;		/* huge leaves that came under a limit */
	uint64_t huge_off;	/* and while there was none */
	uint64_t also;		/* events of the kind that spte_also() named */
	uint64_t apart_came;	/* leaves made of the frames of spte_apart() */
	uint64_t apart_gone;	/* and taken away */
};

/* NULL where this kernel and KVM have the event, else the reason why not. */
const char *spte_unusable(void);
/*
 * Starts recording, @mib MiB of buffer per CPU, under a limit that is not
 * known. The buffer stays for the next recording until the program ends.
 */
void spte_begin(unsigned int mib);
/* From here on these are the most pages there may be; 0: no limit. */
void spte_limit(uint64_t pages);
/*
 * Tells guest frames apart in this recording, once begun; unless @counts, their
 * leaves are left out of the sum.
 */
void spte_apart(uint64_t first, uint64_t last, bool counts);
/* Counts another event of KVM in this recording, once begun. */
void spte_also(const char *system, const char *event);
/* Stops and adds up. */
struct spte_result spte_end(void);
/* Forgets buffer and formats: KVM is about to go, and its events with it. */
void spte_close(void);

#endif
