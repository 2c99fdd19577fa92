/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of fault loops: the places in a guest that looped. Pure. */
#ifndef NPTB_LOOP_RECORD_H
#define NPTB_LOOP_RECORD_H

#include "set/attempt.h"
#include "set/explain.h"

/**
 * struct nptb_loop_record - a place in the guest that looped
 * @state: at the last lap
 * @laps: rounds in all
 * @times: attempts that looped here
 * @attempt: number of the last of these, which was of @vcpu
 * @budget: limit that made the last lap, pages
 * @used: age, for choosing which record gives way
 * @vcpu: index of the vCPU that looped last
 * @cls: enum nptb_loop_class
 * @how: enum nptb_resolved, how the last attempt here that ended did
 * @needs: distinct pages that it takes, as far as is known
 * @exact: one was run to its end: @needs is neither more nor less
 * @lent: pages lent, at most at a time
 * @steps: instructions emulated in all
 * @reason: enum nptb_reason, why it was not emulated the last time that it was not
 * @truncated: the loop set was larger than @pages
 * @npages: entries used in @pages
 * @pages: the loop set
 * @insn_len: bytes known of the instruction
 * @insn: its bytes
 * @explain: segments, and what the pages are for, as of one of these attempts
 */
struct nptb_loop_record {
	struct nptb_state state;
	u64 laps;
	u64 times;
	u64 attempt;
	u64 budget;
	u64 used;
	u32 vcpu;
	u32 cls;
	u32 how;
	u32 needs;
	u32 lent;
	u32 reason;
	u64 steps;
	bool exact;
	bool truncated;
	u32 npages;
	struct nptb_loop_page pages[NPTB_LOOP_PAGES_MAX];
	u32 insn_len;
	u8 insn[NPTB_INSN_MAX];
	struct nptb_explain explain;
};

/**
 * struct nptb_loop_table - the places that looped in one VM
 * @records: the records, the caller's to free
 * @max: entries in @records, at most NPTB_LOOP_RECORDS_MAX
 * @count: entries used in @records
 * @clock: counts up with each use, for &nptb_loop_record.used
 * @dropped: records that gave way
 */
struct nptb_loop_table {
	struct nptb_loop_record *records;
	u32 max;
	u32 count;
	u64 clock;
	u64 dropped;
};

/**
 * nptb_is_told() - is it told at length that something happened again?
 * @times: how often it has happened, this time included; 0 is told
 *
 * Return: true for 1, 2, 4, 8 and so on.
 */
static inline bool nptb_is_told(u64 times)
{
	return !(times & (times - 1));
}

struct nptb_loop_record *nptb_loop_more(struct nptb_loop_table *table,
					struct nptb_loop_record *records,
					u32 max);
struct nptb_loop_record *nptb_loop_note(struct nptb_loop_table *table,
					struct nptb_attempt *attempt,
					u32 vcpu, u32 rounds);
bool nptb_loop_again(struct nptb_loop_table *table,
		     const struct nptb_attempt *attempt);
u64 nptb_loop_times(struct nptb_loop_table *table,
		    const struct nptb_attempt *attempt);
void nptb_loop_end(struct nptb_loop_table *table,
		   const struct nptb_attempt *attempt, enum nptb_resolved how);
void nptb_loop_set_explain(struct nptb_loop_table *table,
			   const struct nptb_attempt *attempt,
			   const struct nptb_explain *explain);

#endif /* NPTB_LOOP_RECORD_H */
