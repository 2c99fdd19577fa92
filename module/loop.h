/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault loops: attempts that can never succeed. Pure: no clock, no KVM.
 *
 * An attempt is the faults of one vCPU since it last showed progress. It is in
 * a loop when a page that it was given faults again because a later fault of
 * the same attempt evicted it: the pages that it needs at once do not fit.
 */
#ifndef NPTB_LOOP_H
#define NPTB_LOOP_H

#include <linux/types.h>
#include <nptbudget.h>

#include "explain.h"
#include "insn.h"

#define NPTB_GPRS	16

/**
 * struct nptb_state - what changes when a vCPU makes progress
 * @rip: of the instruction, as an offset in its code segment
 * @gpr: general registers, numbered as in ModRM
 * @rflags: flags
 * @cr0: mode
 * @cr3: address space
 * @cr4: mode
 * @efer: mode
 * @vector: of the event being delivered, or -1
 * @soft: the event is an INT instruction's
 */
struct nptb_state {
	u64 rip;
	u64 gpr[NPTB_GPRS];
	u64 rflags;
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	s64 vector;
	u64 soft;
};

/**
 * struct nptb_loop_page - a page of an attempt
 * @key: from nptb_key()
 * @faults: taken on it in this attempt
 * @roles: NPTB_ROLE_* bits
 * @evicted: a later fault of the same attempt evicted it
 */
struct nptb_loop_page {
	u64 key;
	u64 faults;
	u32 roles;
	bool evicted;
};

/**
 * struct nptb_attempt - the faults of one vCPU since it last showed progress
 * @number: unique in the VM, counts up from 1
 * @state: as it has been since the first of these faults
 * @laps: rounds of the loop, 0 as long as there is none
 * @marker: the page whose return ends a lap, once there is a loop
 * @since: faults from the one that ended the last lap
 * @stolen: faults on pages of its own that others had evicted
 * @steps: instructions emulated for it
 * @lent: pages lent to it, at most at a time
 * @npages: entries used in @pages
 * @noted: classes that a record was made for, a bit each
 * @truncated: there were more pages
 * @again: the last fault was on a page that it had been given, and no lap
 * @certain: it needs more than it can be given; no lap was waited for
 * @refused: its instruction cannot be emulated
 * @budget: limit in force when it last was short of pages
 * @insn_len: bytes known of its instruction
 * @insn: the bytes
 * @mask_number: the attempt that @mask was read in
 * @mask: mask register of a gather or scatter
 * @pages: in the order of their first faults
 *
 * What nptb_attempt_begin() has to clear stands together.
 */
struct nptb_attempt {
	u64 number;
	struct nptb_state state;
	u64 laps;
	u64 marker;
	u64 since;
	u64 stolen;
	u64 steps;
	u32 lent;
	u32 npages;
	u32 insn_len;
	u8 noted;
	bool truncated;
	bool again;
	bool certain;
	bool refused;
	u64 budget;
	u8 insn[NPTB_INSN_MAX];
	u64 mask_number;
	struct nptb_mask_bits mask;
	struct nptb_loop_page pages[NPTB_LOOP_PAGES_MAX];
};

/**
 * struct nptb_loop_record - a place in the guest that looped
 * @state: at the last lap
 * @laps: rounds in all
 * @times: attempts that looped here
 * @attempt: the last of these
 * @budget: limit that made the last lap, pages
 * @used: age, for choosing which record gives way
 * @vcpu: index of the vCPU that looped last
 * @cls: enum nptb_loop_class
 * @how: enum nptb_resolved, how the last attempt here that ended did
 * @needs: distinct pages that it takes, as far as is known
 * @exact: one was run to its end: @needs is neither more nor less
 * @lent: pages lent, at most at a time
 * @steps: instructions emulated in all
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
 * @records: NPTB_LOOP_RECORDS_MAX of them, the caller's to free
 * @count: entries used in @records
 * @clock: counts up with each use, for &nptb_loop_record.used
 * @dropped: records that gave way
 */
struct nptb_loop_table {
	struct nptb_loop_record *records;
	u32 count;
	u64 clock;
	u64 dropped;
};

void nptb_attempt_begin(struct nptb_attempt *attempt, u64 number);
bool nptb_attempt_ends_lap(const struct nptb_attempt *attempt, u64 key);
bool nptb_attempt_fault(struct nptb_attempt *attempt, u64 key, u32 roles);
bool nptb_attempt_evicted(struct nptb_attempt *attempt, u64 key, u64 budget);
enum nptb_resolved nptb_attempt_resolved(const struct nptb_attempt *attempt);
struct nptb_loop_record *nptb_loop_note(struct nptb_loop_table *table,
					const struct nptb_attempt *attempt,
					u32 vcpu, u32 rounds);
void nptb_loop_end(struct nptb_loop_table *table,
		   const struct nptb_attempt *attempt, enum nptb_resolved how);
void nptb_loop_set_explain(struct nptb_loop_table *table,
			   const struct nptb_attempt *attempt,
			   const struct nptb_explain *explain);

/* NPF error code: AMD64 APM volume 2, sections 8.4.2 and 15.25.6. */
#define NPTB_NPF_WRITE	(1ULL << 1)
#define NPTB_NPF_FETCH	(1ULL << 4)
#define NPTB_NPF_TABLE	(1ULL << 33)

/**
 * nptb_roles() - what a page was wanted for
 * @error_code: of the nested page fault, EXITINFO1
 *
 * The guest's own table walk is looked at first: W and I/D speak of the walk
 * then, not of the instruction.
 *
 * Return: one NPTB_ROLE_* bit.
 */
static inline u32 nptb_roles(u64 error_code)
{
	if (error_code & NPTB_NPF_TABLE)
		return NPTB_ROLE_TABLE;
	if (error_code & NPTB_NPF_FETCH)
		return NPTB_ROLE_FETCH;
	if (error_code & NPTB_NPF_WRITE)
		return NPTB_ROLE_WRITE;
	return NPTB_ROLE_READ;
}

/* What it is: contention as long as it is not known to be short of pages. */
static inline u32 nptb_attempt_class(const struct nptb_attempt *attempt)
{
	if (attempt->stolen && !attempt->laps && !attempt->certain)
		return NPTB_LOOP_CONTENTION;
	return attempt->state.vector >= 0 ? NPTB_LOOP_EVENT :
					    NPTB_LOOP_INSTRUCTION;
}

#endif /* NPTB_LOOP_H */
