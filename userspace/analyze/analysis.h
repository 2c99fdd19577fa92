/* SPDX-License-Identifier: GPL-2.0-only */
/* What a recording comes to: pages, places, loops, in memory that is bounded. */
#ifndef NPTB_ANALYSIS_H
#define NPTB_ANALYSIS_H

#include "analyze/reuse.h"
#include "analyze/index.h"
#include "model/recording.h"

/* Told apart; all others are counted together. 200 MiB where all of that is used. */
#define ANALYSIS_PAGES	(2u << 20)
#define ANALYSIS_RIPS	(1u << 20)
#define ANALYSIS_LOOPS	4096
/* Distances of 0, 1, 2-3, 4-7 and so on. */
#define REUSE_BUCKETS	34
#define VERDICTS	10

/**
 * enum analysis_role - what a fault was for
 * @ROLE_CODE: an instruction fetch
 * @ROLE_READ: data that was read
 * @ROLE_WRITE: data that was written
 * @ROLE_TABLE: the guest's own page tables
 * @ROLE_EVENT: the delivery of an event, whatever was read or written for it
 * @ROLE_NR: number of roles
 */
enum analysis_role { ROLE_CODE, ROLE_READ, ROLE_WRITE, ROLE_TABLE, ROLE_EVENT, ROLE_NR };

/**
 * struct page_stat - a page
 * @key: VM, address space and frame, see page_key()
 * @vcpus: that faulted on it, a bit each; the last one for 63 and above
 * @faults: of all kinds
 * @mapped: that made it resident
 * @evictions: of it
 * @role: bits of enum analysis_role
 */
struct page_stat {
	uint64_t key;
	uint64_t vcpus;
	uint32_t faults, mapped, evictions;
	uint32_t role;
};

/**
 * struct rip_stat - a place in the guest's code, of any VM
 * @key: RIP
 * @faults: there
 */
struct rip_stat {
	uint64_t key;
	uint64_t faults;
};

/**
 * struct loop_stat - a place that looped
 * @key: hash of VM, RIP, class and vector
 * @rip: the place
 * @laps: rounds, of all attempts, as far as reports tell
 * @last_laps: of the attempt that was reported last
 * @last_attempt: its number
 * @vm: index of the VM
 * @times: attempts that were reported
 * @class: enum nptb_loop_class
 * @vector: of an event's delivery, or -1
 * @pages: distinct ones, at most
 * @insn: the instruction's bytes
 * @insn_len: how many
 */
struct loop_stat {
	uint64_t key;
	uint64_t rip, laps, last_laps, last_attempt;
	uint32_t vm, times, class;
	int32_t vector;
	uint32_t pages;
	uint8_t insn[NPTB_INSN_MAX];
	uint8_t insn_len;
};

/**
 * struct analysis - what came of a recording
 * @pages: struct page_stat
 * @rips: struct rip_stat
 * @loops: struct loop_stat
 * @reuse: of mapped pages
 * @distance: reuse distances, see REUSE_BUCKETS
 * @first: mapped pages that had not been before
 * @faults: all
 * @verdict: of them, by how they ended
 * @role: of them, by what they were for
 * @evictions: of single pages
 * @own: of them, of pages of the attempt that wanted room
 * @flushes: of all pages at once
 * @peak: most resident pages after a fault
 * @reports: of loops
 * @other_pages: faults on pages beyond ANALYSIS_PAGES
 * @other_rips: faults at RIPs beyond ANALYSIS_RIPS
 * @other_loops: reports of loops beyond ANALYSIS_LOOPS
 */
struct analysis {
	struct index pages, rips, loops;
	struct reuse reuse;
	uint64_t distance[REUSE_BUCKETS];
	uint64_t first, faults;
	uint64_t verdict[VERDICTS];
	uint64_t role[ROLE_NR];
	uint64_t evictions, own, flushes, peak, reports;
	uint64_t other_pages, other_rips, other_loops;
};

extern const char *const analysis_roles[ROLE_NR];

void analysis_init(struct analysis *a);
int analysis_feed(const struct recording *r, const struct rec_event *e, void *analysis);
uint64_t analysis_shared(const struct analysis *a);
void analysis_top(struct index *t, int (*order)(const void *a, const void *b));
int page_by_faults(const void *a, const void *b);
int page_by_key(const void *a, const void *b);
int rip_by_faults(const void *a, const void *b);
int loop_by_laps(const void *a, const void *b);
void analysis_free(struct analysis *a);

static inline uint64_t page_key(unsigned int vm, unsigned int as, uint64_t gfn)
{
	return (uint64_t)vm << 44 | (uint64_t)(as & 0xf) << 40 | (gfn & NPTB_GFN_MAX);
}

static inline unsigned int page_vm(uint64_t key)
{
	return (unsigned int)(key >> 44);
}

static inline unsigned int page_as(uint64_t key)
{
	return (unsigned int)(key >> 40) & 0xf;
}

static inline uint64_t page_gfn(uint64_t key)
{
	return key & NPTB_GFN_MAX;
}

#endif /* NPTB_ANALYSIS_H */
