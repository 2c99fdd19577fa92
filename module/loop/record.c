// SPDX-License-Identifier: GPL-2.0-only
/* Records of the places that looped. Pure; see loop/record.h. */
#include "lib/pure.h"
#include "loop/record.h"

static bool same_place(const struct nptb_loop_record *record,
		       const struct nptb_attempt *attempt)
{
	return nptb_state_same_place(&record->state, &attempt->state) &&
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
	if (table->count < table->max) {
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
	record->reason = NPTB_REASON_NONE;
	record->insn_len = 0;
	record->explain.attempt = 0;
	return record;
}

/* This attempt has become one that is known to loop, or to be robbed. */
static bool is_first(const struct nptb_attempt *attempt)
{
	return !(attempt->noted & (1u << nptb_attempt_class(attempt)));
}

/* Is it the attempt that the record was made for last? */
static bool same_attempt(const struct nptb_loop_record *record,
			 const struct nptb_attempt *attempt)
{
	return record->attempt == attempt->number &&
	       record->vcpu == attempt->vcpu;
}

/* The record that the attempt had before, or NULL: it may have given way. */
static struct nptb_loop_record *record_again(struct nptb_loop_table *table,
					     const struct nptb_attempt *attempt)
{
	struct nptb_loop_record *record = &table->records[attempt->record];

	return attempt->record < table->count &&
	       same_attempt(record, attempt) &&
	       record->cls == nptb_attempt_class(attempt) ? record : NULL;
}

static void note_rounds(struct nptb_loop_table *table,
			struct nptb_loop_record *record,
			const struct nptb_attempt *attempt, u32 rounds)
{
	u32 i;

	record->laps += rounds;
	record->budget = attempt->budget;
	record->used = ++table->clock;
	if (!record->exact)
		record->needs = attempt->npages;
	record->truncated = attempt->truncated;
	if (attempt->reason)
		record->reason = attempt->reason;
	record->npages = attempt->npages;
	for (i = 0; i < attempt->npages; i++)
		record->pages[i] = attempt->pages[i];
}

/**
 * nptb_loop_more() - have room for more records
 * @table: to put them into
 * @records: @max of them, all zero
 * @max: more than there is room for
 *
 * Return: the old ones, now the caller's to free.
 */
struct nptb_loop_record *nptb_loop_more(struct nptb_loop_table *table,
					struct nptb_loop_record *records,
					u32 max)
{
	struct nptb_loop_record *old = table->records;

	if (table->count)
		memcpy(records, old, table->count * sizeof(*records));
	table->records = records;
	table->max = max;
	return old;
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
					struct nptb_attempt *attempt,
					u32 vcpu, u32 rounds)
{
	struct nptb_loop_record *record = record_for(table, attempt);

	attempt->record = record - table->records;
	attempt->vcpu = vcpu;
	/* A record that gave way in mid-loop comes back as a new one. */
	if (is_first(attempt) || !record->times)
		record->times++;
	/* Two vCPUs may loop here in turn. */
	if (!same_attempt(record, attempt)) {
		record->attempt = attempt->number;
		record->state = attempt->state;
	}
	record->vcpu = vcpu;
	record->cls = nptb_attempt_class(attempt);
	note_rounds(table, record, attempt, rounds);
	if (attempt->insn_len) {
		record->insn_len = attempt->insn_len;
		memcpy(record->insn, attempt->insn, attempt->insn_len);
	}
	return record;
}

/**
 * nptb_loop_again() - keep record of one more lap, where that is all there is
 * @table: of the VM
 * @attempt: that has just ended a lap
 *
 * Return: false where nothing was done, and nptb_loop_note() has to be called:
 * there is no record yet, or something else to be told of this lap.
 */
bool nptb_loop_again(struct nptb_loop_table *table,
		     const struct nptb_attempt *attempt)
{
	struct nptb_loop_record *record;

	if (nptb_is_told(attempt->laps) || !attempt->insn_len)
		return false;
	record = record_again(table, attempt);
	if (!record || is_first(attempt))
		return false;
	note_rounds(table, record, attempt, 1);
	return true;
}

/**
 * nptb_loop_times() - how often has this place looped, as far as is recorded?
 * @table: of the VM
 * @attempt: that loops there, not noted
 *
 * Return: attempts.
 */
u64 nptb_loop_times(struct nptb_loop_table *table,
		    const struct nptb_attempt *attempt)
{
	const struct nptb_loop_record *record = record_find(table, attempt);

	return record ? record->times : 0;
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

	if (!record || !same_attempt(record, attempt))
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
