/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault loops: attempts that can never succeed. Pure: no clock, no KVM.
 *
 * An attempt is the faults of one vCPU since it last showed progress. It is in
 * a loop when a page that it was given faults again because a later fault of
 * the same attempt evicted it: the pages that it needs at once do not fit.
 *
 * Inline, as far as every fault, or every fault of a loop, does it.
 */
#ifndef NPTB_SET_ATTEMPT_H
#define NPTB_SET_ATTEMPT_H

#include <linux/types.h>
#include <nptbudget.h>

#include "cpu.h"

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
 * @number: counts up from 1, for each vCPU; with @vcpu unique in the VM
 * @state: as it has been since the first of these faults
 * @marker: the page whose return ends a lap, once there is a loop
 * @since: faults from the one that ended the last lap; set by the first of all
 * @laps: rounds of the loop, 0 as long as there is none
 * @stolen: faults on pages of its own that others had evicted
 * @steps: instructions emulated for it
 * @lent: pages lent to it, at most at a time
 * @npages: entries used in @pages
 * @evicting: entries of @pages evicted for a fault that is not let in yet, a bit each
 * @at: entry of @pages that the last fault was on
 * @record: in the table, where it may be found again; see nptb_loop_note()
 * @insn_len: bytes known of its instruction
 * @noted: classes that a record was made for, a bit each
 * @truncated: there were more pages
 * @again: the last fault was on a page that it had been given, and no lap
 * @certain: it needs more than it can be given; no lap was waited for
 * @refused: its instruction cannot be emulated
 * @reason: enum nptb_reason, why not
 * @maskless: its instruction is no gather or scatter
 * @vcpu: index of its vCPU; set by nptb_loop_note()
 * @budget: limit in force when it last was short of pages
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
	u64 marker;
	u64 since;
	u64 laps;
	u64 stolen;
	u64 steps;
	u64 evicting;
	u32 lent;
	u32 npages;
	u32 at;
	u32 record;
	u8 insn_len;
	u8 noted;
	bool truncated;
	bool again;
	bool certain;
	bool refused;
	bool maskless;
	u8 reason;
	u32 vcpu;
	u64 budget;
	u8 insn[NPTB_INSN_MAX];
	u64 mask_number;
	struct nptb_mask_bits mask;
	struct nptb_loop_page pages[NPTB_LOOP_PAGES_MAX];
};

u32 nptb_attempt_search(const struct nptb_attempt *attempt, u64 key);
void nptb_attempt_add(struct nptb_attempt *attempt, u64 key, u32 roles);
enum nptb_resolved nptb_attempt_resolved(const struct nptb_attempt *attempt);

/**
 * nptb_attempt_begin() - the vCPU has shown progress: begin anew
 * @attempt: to begin; its state is up to date
 * @number: of the new attempt
 */
static inline void nptb_attempt_begin(struct nptb_attempt *attempt, u64 number)
{
	attempt->number = number;
	attempt->laps = 0;
	attempt->stolen = 0;
	attempt->steps = 0;
	attempt->evicting = 0;
	attempt->lent = 0;
	attempt->npages = 0;
	attempt->at = 0;
	attempt->record = 0;
	attempt->insn_len = 0;
	attempt->noted = 0;
	attempt->truncated = false;
	attempt->again = false;
	attempt->certain = false;
	attempt->refused = false;
	attempt->maskless = false;
	attempt->reason = NPTB_REASON_NONE;
}

/* One more page, for which there is an entry. */
static inline void nptb_attempt_put(struct nptb_attempt *attempt, u64 key,
				    u32 roles)
{
	struct nptb_loop_page *page = &attempt->pages[attempt->npages++];

	page->key = key;
	page->faults = 1;
	page->roles = roles;
	page->evicted = false;
}

/*
 * Where a page is in an attempt; npages where it is not. A loop comes by its
 * pages in turn: it is the one of the last fault, or the next.
 */
static inline u32 nptb_attempt_find(const struct nptb_attempt *attempt, u64 key)
{
	u32 i = attempt->at;

	if (!attempt->npages)
		return 0;
	if (attempt->pages[i].key == key)
		return i;
	if (++i == attempt->npages)
		i = 0;
	if (attempt->pages[i].key == key)
		return i;
	return nptb_attempt_search(attempt, key);
}

/*
 * The first page that comes back is the marker of the laps. One that stays away
 * for twice as long as there are pages has left the loop: a budget was changed.
 */
static inline bool nptb_attempt_marks(const struct nptb_attempt *attempt,
				      const struct nptb_loop_page *page)
{
	return page->evicted && (!attempt->laps || attempt->marker == page->key ||
				 attempt->since >= 2 * attempt->npages);
}

/**
 * nptb_attempt_ends_lap() - will a fault end a lap of a fault loop?
 * @attempt: under way
 * @key: the page of the fault
 *
 * Return: what nptb_attempt_fault() will answer.
 */
static inline bool nptb_attempt_ends_lap(const struct nptb_attempt *attempt,
					 u64 key)
{
	u32 i = nptb_attempt_find(attempt, key);

	return i < attempt->npages &&
	       nptb_attempt_marks(attempt, &attempt->pages[i]);
}

/**
 * nptb_attempt_fault() - a fault of this attempt
 * @attempt: under way
 * @key: the page
 * @roles: what it was wanted for
 *
 * Return: true where the fault ends a lap of a fault loop; the first such
 * answer confirms the loop.
 */
static inline bool nptb_attempt_fault(struct nptb_attempt *attempt, u64 key,
				      u32 roles)
{
	struct nptb_loop_page *page;
	bool lap;
	u32 i;

	/* Nearly all attempts have one fault alone. */
	if (!attempt->npages) {
		nptb_attempt_put(attempt, key, roles);
		attempt->since = 1;
		return false;
	}
	i = nptb_attempt_find(attempt, key);
	if (i == attempt->npages) {
		nptb_attempt_add(attempt, key, roles);
		return false;
	}
	attempt->at = i;
	page = &attempt->pages[i];
	attempt->again = !page->evicted;
	page->faults++;
	page->roles |= roles;
	lap = nptb_attempt_marks(attempt, page);
	page->evicted = false;
	attempt->since++;
	if (!lap)
		return false;
	attempt->marker = key;
	attempt->since = 0;
	attempt->laps++;
	return true;
}

/**
 * nptb_attempt_evicted() - the attempt evicted a page that it may have been given
 * @attempt: under way
 * @key: the page
 * @budget: limit in force, pages
 *
 * Return: whether the page is one of its own.
 */
static inline bool nptb_attempt_evicted(struct nptb_attempt *attempt, u64 key,
					u64 budget)
{
	u32 i = nptb_attempt_find(attempt, key);

	attempt->budget = budget;
	if (i == attempt->npages)
		return false;
	attempt->pages[i].evicted = true;
	attempt->evicting |= 1ULL << i;
	return true;
}

/**
 * nptb_attempt_admitted() - is the fault let in that pages may have been evicted for?
 * @attempt: under way
 * @let_in: it is; or else it is sent back, since others took the room
 *
 * A fault that is sent back is none of the attempt's: what was evicted for it is no
 * proof of a loop when it comes back.
 */
static inline void nptb_attempt_admitted(struct nptb_attempt *attempt, bool let_in)
{
	u64 evicting = attempt->evicting;
	u32 i;

	if (!evicting)
		return;
	attempt->evicting = 0;
	for (i = 0; !let_in && evicting; i++, evicting >>= 1)
		if (evicting & 1)
			attempt->pages[i].evicted = false;
}

/* What it is: contention as long as it is not known to be short of pages. */
static inline u32 nptb_attempt_class(const struct nptb_attempt *attempt)
{
	if (attempt->stolen && !attempt->laps && !attempt->certain)
		return NPTB_LOOP_CONTENTION;
	return nptb_state_event(&attempt->state) >= 0 ? NPTB_LOOP_EVENT :
					    NPTB_LOOP_INSTRUCTION;
}

#endif /* NPTB_SET_ATTEMPT_H */
