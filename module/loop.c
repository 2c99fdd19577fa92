// SPDX-License-Identifier: GPL-2.0-only
/* Fault loops, found without a threshold. Pure; see loop.h. */
#include "loop.h"
#include "pure.h"

/**
 * nptb_attempt_begin() - the vCPU has shown progress: begin anew
 * @attempt: to begin; its state is up to date
 * @number: of the new attempt
 */
void nptb_attempt_begin(struct nptb_attempt *attempt, u64 number)
{
	attempt->number = number;
	attempt->laps = 0;
	attempt->since = 0;
	attempt->stolen = 0;
	attempt->steps = 0;
	attempt->lent = 0;
	attempt->npages = 0;
	attempt->insn_len = 0;
	attempt->noted = 0;
	attempt->truncated = false;
	attempt->again = false;
	attempt->certain = false;
	attempt->refused = false;
}

/* Where a page is in an attempt; npages where it is not. */
static u32 attempt_find(const struct nptb_attempt *attempt, u64 key)
{
	u32 i;

	for (i = 0; i < attempt->npages; i++)
		if (attempt->pages[i].key == key)
			break;
	return i;
}

/*
 * The first page that comes back is the marker of the laps. One that stays away
 * for twice as long as there are pages has left the loop: a budget was changed.
 */
static bool ends_lap(const struct nptb_attempt *attempt,
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
bool nptb_attempt_ends_lap(const struct nptb_attempt *attempt, u64 key)
{
	/* A new attempt, as nearly all are, searches nothing. */
	u32 i = attempt_find(attempt, key);

	return i < attempt->npages && ends_lap(attempt, &attempt->pages[i]);
}

static void attempt_add(struct nptb_attempt *attempt, u64 key, u32 roles)
{
	if (attempt->npages == NPTB_LOOP_PAGES_MAX) {
		attempt->truncated = true;
		return;
	}
	attempt->pages[attempt->npages++] = (struct nptb_loop_page){
		.key = key,
		.faults = 1,
		.roles = roles,
	};
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
bool nptb_attempt_fault(struct nptb_attempt *attempt, u64 key, u32 roles)
{
	u32 i = attempt_find(attempt, key);
	struct nptb_loop_page *page = &attempt->pages[i];
	bool lap;

	if (i == attempt->npages) {
		attempt_add(attempt, key, roles);
		attempt->since++;
		attempt->again = false;
		return false;
	}
	attempt->again = !page->evicted;
	page->faults++;
	page->roles |= roles;
	lap = ends_lap(attempt, page);
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
bool nptb_attempt_evicted(struct nptb_attempt *attempt, u64 key, u64 budget)
{
	u32 i = attempt_find(attempt, key);

	attempt->budget = budget;
	if (i == attempt->npages)
		return false;
	attempt->pages[i].evicted = true;
	return true;
}

/**
 * nptb_attempt_resolved() - how has an attempt that looped come to its end?
 * @attempt: the vCPU has just shown progress
 *
 * Return: what was done for it last.
 */
enum nptb_resolved nptb_attempt_resolved(const struct nptb_attempt *attempt)
{
	if (attempt->steps)
		return NPTB_RESOLVED_EMULATED;
	if (attempt->lent)
		return NPTB_RESOLVED_LENT;
	return NPTB_RESOLVED_ITSELF;
}

static bool same_place(const struct nptb_loop_record *record,
		       const struct nptb_attempt *attempt)
{
	return record->state.rip == attempt->state.rip &&
	       record->state.cr3 == attempt->state.cr3 &&
	       record->state.vector == attempt->state.vector &&
	       record->cls == nptb_attempt_class(attempt);
}

static struct nptb_loop_record *record_find(struct nptb_loop_table *table,
					    const struct nptb_attempt *attempt)
{
	u32 i;

	for (i = 0; i < table->count; i++)
		if (same_place(&table->records[i], attempt))
			return &table->records[i];
	return NULL;
}

static struct nptb_loop_record *record_oldest(struct nptb_loop_table *table)
{
	struct nptb_loop_record *oldest = &table->records[0];
	u32 i;

	for (i = 1; i < table->count; i++)
		if (table->records[i].used < oldest->used)
			oldest = &table->records[i];
	return oldest;
}

static struct nptb_loop_record *record_for(struct nptb_loop_table *table,
					   const struct nptb_attempt *attempt)
{
	struct nptb_loop_record *record = record_find(table, attempt);

	if (record)
		return record;
	if (table->count < NPTB_LOOP_RECORDS_MAX) {
		record = &table->records[table->count++];
	} else {
		record = record_oldest(table);
		table->dropped++;
	}
	/* The loop set is left as it is: @npages says what holds of it. */
	record->laps = 0;
	record->times = 0;
	record->attempt = 0;
	record->how = NPTB_RESOLVED_NOT;
	record->exact = false;
	record->lent = 0;
	record->steps = 0;
	record->insn_len = 0;
	record->explain.attempt = 0;
	return record;
}

/* This attempt has become one that is known to loop, or to be robbed. */
static bool is_first(const struct nptb_attempt *attempt)
{
	return !(attempt->noted & (1u << nptb_attempt_class(attempt)));
}

/**
 * nptb_loop_note() - keep a record of a loop, or of one more round of it
 * @table: of the VM
 * @attempt: its bit in &nptb_attempt.noted is still as before
 * @vcpu: index of its vCPU
 * @rounds: laps, or pages stolen, since the last call for this attempt
 *
 * Return: the record.
 */
struct nptb_loop_record *nptb_loop_note(struct nptb_loop_table *table,
					const struct nptb_attempt *attempt,
					u32 vcpu, u32 rounds)
{
	struct nptb_loop_record *record = record_for(table, attempt);

	/* A record that gave way in mid-loop comes back as a new one. */
	if (is_first(attempt) || !record->times)
		record->times++;
	/* Two vCPUs may loop here in turn. */
	if (record->attempt != attempt->number) {
		record->attempt = attempt->number;
		record->state = attempt->state;
	}
	record->laps += rounds;
	record->budget = attempt->budget;
	record->used = ++table->clock;
	record->vcpu = vcpu;
	record->cls = nptb_attempt_class(attempt);
	if (!record->exact)
		record->needs = attempt->npages;
	record->truncated = attempt->truncated;
	record->npages = attempt->npages;
	memcpy(record->pages, attempt->pages,
	       attempt->npages * sizeof(attempt->pages[0]));
	if (attempt->insn_len) {
		record->insn_len = attempt->insn_len;
		memcpy(record->insn, attempt->insn, attempt->insn_len);
	}
	return record;
}

/**
 * nptb_loop_end() - the attempt that a record is of has come to its end
 * @table: of the VM
 * @attempt: as it was at its end
 * @how: how it got there
 *
 * An attempt that was lent pages has run to its end on exactly those that it
 * lists. Nothing happens where the record has given way.
 */
void nptb_loop_end(struct nptb_loop_table *table,
		   const struct nptb_attempt *attempt, enum nptb_resolved how)
{
	struct nptb_loop_record *record = record_find(table, attempt);

	if (!record || record->attempt != attempt->number)
		return;
	record->how = how;
	record->steps += attempt->steps;
	if (how != NPTB_RESOLVED_LENT)
		return;
	if (attempt->lent > record->lent)
		record->lent = attempt->lent;
	record->needs = attempt->npages;
	record->exact = !attempt->truncated;
	record->npages = attempt->npages;
	memcpy(record->pages, attempt->pages,
	       attempt->npages * sizeof(attempt->pages[0]));
}

/**
 * nptb_loop_set_explain() - keep what the pages of a loop are for
 * @table: of the VM
 * @attempt: that nptb_loop_note() was called for
 * @explain: made for this attempt
 *
 * Nothing happens where the record has given way in between.
 */
void nptb_loop_set_explain(struct nptb_loop_table *table,
			   const struct nptb_attempt *attempt,
			   const struct nptb_explain *explain)
{
	struct nptb_loop_record *record = record_find(table, attempt);

	if (record)
		record->explain = *explain;
}
