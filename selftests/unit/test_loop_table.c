// SPDX-License-Identifier: GPL-2.0-only
/* module/loop/record.c: the records of places that looped. */
#include "unit.h"

#include "loop/record.h"

struct books {
	struct nptb_loop_table table;
	struct nptb_attempt attempt;
};

static int setup(void **state)
{
	struct books *books = calloc(1, sizeof(*books));
	size_t size = NPTB_LOOP_RECORDS_MAX * sizeof(*books->table.records);

	/* On the heap and no byte longer, so that ASan sees the end. */
	books->table.records = malloc(size);
	memset(books->table.records, 0, size);
	books->table.max = NPTB_LOOP_RECORDS_MAX;
	*state = books;
	return 0;
}

static int teardown(void **state)
{
	struct books *books = *state;

	free(books->table.records);
	free(books);
	return 0;
}

static void begin(struct books *books, u64 rip, u64 cr3, s64 vector)
{
	struct nptb_state state = { .rip = rip, .cr3 = cr3, .vector = vector };

	books->attempt.state = state;
	nptb_attempt_begin(&books->attempt, books->attempt.number + 1);
}

/* One more lap: what the module does with it. */
static struct nptb_loop_record *note_of(struct books *books,
					struct nptb_attempt *attempt, u32 vcpu)
{
	struct nptb_loop_record *record;

	attempt->laps++;
	record = nptb_loop_note(&books->table, attempt, vcpu, 1);
	attempt->noted |= 1u << nptb_attempt_class(attempt);
	return record;
}

static struct nptb_loop_record *note(struct books *books)
{
	return note_of(books, &books->attempt, 0);
}

/* A place is RIP, CR3 and the vector; other registers are none of it. */
static void test_aggregation(void **state)
{
	static const struct {
		u64 rip, cr3;
		s64 vector;
		u32 count;
	} cases[] = {
		{ 0x10, 0x1000, -1, 1 },
		{ 0x10, 0x1000, -1, 1 },
		{ 0x11, 0x1000, -1, 2 },
		{ 0x10, 0x2000, -1, 3 },
		{ 0x10, 0x1000, 0, 4 },
		{ 0x10, 0x1000, 14, 5 },
		{ 0x10, 0x1000, -1, 5 },
		{ 0x10, 0x1000, 14, 5 },
	};
	struct books *books = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(books, cases[i].rip, cases[i].cr3, cases[i].vector);
		books->attempt.state.gpr[3] = i;
		note(books);
		assert_int_equal(books->table.count, cases[i].count);
	}
	assert_int_equal(books->table.records[0].times, 3);
	assert_int_equal(books->table.records[0].laps, 3);
	assert_int_equal(books->table.records[0].cls, NPTB_LOOP_INSTRUCTION);
	assert_int_equal(books->table.records[0].state.gpr[3], 6);
	assert_int_equal(books->table.records[3].cls, NPTB_LOOP_EVENT);
	assert_int_equal(books->table.records[4].times, 2);
	assert_int_equal(books->table.dropped, 0);
}

/* Laps add up over all times; times count attempts, not laps. */
static void test_laps_and_times(void **state)
{
	struct books *books = *state;
	struct nptb_loop_record *record = NULL;
	int i, j;

	for (i = 0; i < 3; i++) {
		begin(books, 0x10, 0, -1);
		for (j = 0; j < 5; j++)
			record = note(books);
	}
	assert_int_equal(record->times, 3);
	assert_int_equal(record->laps, 15);
	/* Two places of two attempts that take turns: two vCPUs do so. */
	begin(books, 0x20, 0, -1);
	assert_ptr_not_equal(note(books), record);
	assert_int_equal(record->times, 3);
}

/* Two vCPUs that loop at one place in turn loop twice, not at every lap. */
static void test_vcpus_in_turn(void **state)
{
	struct books *books = *state;
	struct nptb_attempt other;
	struct nptb_loop_record *record = NULL;
	int i;

	begin(books, 0x10, 0, -1);
	other = books->attempt;
	nptb_attempt_begin(&other, 1000);
	for (i = 0; i < 5; i++) {
		note(books);
		record = note_of(books, &other, 1);
	}
	assert_int_equal(books->table.count, 1);
	assert_int_equal(record->times, 2);
	assert_int_equal(record->laps, 10);
}

/* vCPUs number their attempts by themselves: the same number is another attempt. */
static void test_same_number(void **state)
{
	struct books *books = *state;
	struct nptb_attempt other;
	struct nptb_loop_record *record;

	begin(books, 0x10, 0, -1);
	other = books->attempt;
	note(books);
	record = note_of(books, &other, 1);
	assert_int_equal(record->times, 2);
	assert_int_equal(record->vcpu, 1);
	nptb_loop_end(&books->table, &books->attempt, NPTB_RESOLVED_STOPPED);
	assert_int_equal(record->how, NPTB_RESOLVED_NOT);
	nptb_loop_end(&books->table, &other, NPTB_RESOLVED_STOPPED);
	assert_int_equal(record->how, NPTB_RESOLVED_STOPPED);
}

/* The record is what the last lap was. */
static void test_last_lap(void **state)
{
	struct books *books = *state;
	struct nptb_loop_record *record;
	u32 i;

	begin(books, 0x10, 0x1000, -1);
	for (i = 0; i < NPTB_LOOP_PAGES_MAX + 1; i++)
		nptb_attempt_fault(&books->attempt, 100 + i, NPTB_ROLE_WRITE);
	nptb_attempt_evicted(&books->attempt, 100, 77);
	record = note_of(books, &books->attempt, 3);
	assert_int_equal(record->vcpu, 3);
	assert_int_equal(record->budget, 77);
	assert_int_equal(record->npages, NPTB_LOOP_PAGES_MAX);
	assert_true(record->truncated);
	assert_int_equal(record->pages[0].key, 100);
	assert_int_equal(record->pages[63].key, 163);
	assert_int_equal(record->pages[63].roles, NPTB_ROLE_WRITE);

	begin(books, 0x10, 0x1000, -1);
	nptb_attempt_fault(&books->attempt, 5, NPTB_ROLE_FETCH);
	nptb_attempt_evicted(&books->attempt, 5, 2);
	assert_ptr_equal(note_of(books, &books->attempt, 1), record);
	assert_int_equal(record->vcpu, 1);
	assert_int_equal(record->budget, 2);
	assert_int_equal(record->npages, 1);
	assert_false(record->truncated);
	assert_int_equal(record->pages[0].key, 5);
	assert_int_equal(record->pages[0].roles, NPTB_ROLE_FETCH);
}

static bool has(const struct books *books, u64 rip)
{
	u32 i;

	for (i = 0; i < books->table.count; i++)
		if (books->table.records[i].state.rip == rip)
			return true;
	return false;
}

/* The record not used for longest gives way, and that is counted. */
static void test_oldest_gives_way(void **state)
{
	struct books *books = *state;
	struct nptb_loop_record *record;
	u64 rip;

	for (rip = 1; rip <= NPTB_LOOP_RECORDS_MAX; rip++) {
		begin(books, rip, 0, -1);
		note(books);
		note(books);
		books->attempt.insn[0] = 0x90;
		books->attempt.insn_len = 1;
		note(books);
	}
	assert_int_equal(books->table.count, NPTB_LOOP_RECORDS_MAX);
	assert_int_equal(books->table.dropped, 0);
	/* 1 and 3 loop again: now 2 is the oldest, then 4. */
	begin(books, 1, 0, -1);
	note(books);
	begin(books, 3, 0, -1);
	note(books);
	begin(books, 1000, 0, -1);
	record = note(books);
	assert_int_equal(books->table.dropped, 1);
	assert_true(has(books, 1) && !has(books, 2) && has(books, 3));
	/* Nothing of the old record is left in the new. */
	assert_int_equal(record->state.rip, 1000);
	assert_int_equal(record->laps, 1);
	assert_int_equal(record->times, 1);
	assert_int_equal(record->insn_len, 0);
	begin(books, 2, 0, -1);
	note(books);
	assert_int_equal(books->table.dropped, 2);
	assert_true(has(books, 2) && !has(books, 4) && has(books, 5));
	assert_int_equal(books->table.count, NPTB_LOOP_RECORDS_MAX);
}

static void test_many_places(void **state)
{
	struct books *books = *state;
	u64 rip;

	for (rip = 0; rip < 1000; rip++) {
		begin(books, rip, 0, -1);
		note(books);
	}
	assert_int_equal(books->table.count, NPTB_LOOP_RECORDS_MAX);
	assert_int_equal(books->table.dropped, 1000 - NPTB_LOOP_RECORDS_MAX);
	for (rip = 0; rip < 1000; rip++)
		assert_int_equal(has(books, rip),
				 rip >= 1000 - NPTB_LOOP_RECORDS_MAX);
}

static void set_insn(struct books *books, const u8 *insn, u32 len)
{
	memcpy(books->attempt.insn, insn, len);
	books->attempt.insn_len = len;
}

static void test_insn(void **state)
{
	static const u8 insn[NPTB_INSN_MAX] = { 0x66, 0x01, 0x30, [14] = 0xcc };
	struct books *books = *state;
	struct nptb_loop_record *record;

	begin(books, 0x10, 0, -1);
	record = note(books);
	assert_int_equal(record->insn_len, 0);
	set_insn(books, insn, NPTB_INSN_MAX);
	note(books);
	assert_int_equal(record->insn_len, NPTB_INSN_MAX);
	assert_memory_equal(record->insn, insn, NPTB_INSN_MAX);
	/* Unreadable this time: what is known stays. */
	begin(books, 0x10, 0, -1);
	note(books);
	assert_int_equal(record->insn_len, NPTB_INSN_MAX);
	/* Other code at the same place: the newest counts. */
	set_insn(books, insn + 1, 2);
	note(books);
	assert_int_equal(record->insn_len, 2);
	assert_memory_equal(record->insn, insn + 1, 2);
	/* Another place has its own. */
	begin(books, 0x20, 0, -1);
	assert_int_equal(note(books)->insn_len, 0);
	assert_int_equal(record->insn_len, 2);
}

/* An attempt ends: on lent pages its need is known exactly. */
static void test_end(void **state)
{
	struct books *books = *state;
	struct nptb_attempt *attempt = &books->attempt;
	struct nptb_loop_record *record;
	u32 i;

	begin(books, 0x10, 0, -1);
	nptb_attempt_fault(attempt, 1, NPTB_ROLE_FETCH);
	assert_int_equal(nptb_loop_times(&books->table, attempt), 0);
	record = note(books);
	assert_int_equal(nptb_loop_times(&books->table, attempt), 1);
	assert_int_equal(record->how, NPTB_RESOLVED_NOT);
	assert_int_equal(record->needs, 1);
	assert_false(record->exact);
	nptb_attempt_fault(attempt, 2, NPTB_ROLE_READ);
	attempt->lent = 3;
	assert_int_equal(nptb_attempt_resolved(attempt), NPTB_RESOLVED_LENT);
	nptb_loop_end(&books->table, attempt, NPTB_RESOLVED_LENT);
	assert_int_equal(record->how, NPTB_RESOLVED_LENT);
	assert_int_equal(record->needs, 2);
	assert_int_equal(record->npages, 2);
	assert_int_equal(record->pages[1].key, 2);
	assert_int_equal(record->lent, 3);
	assert_true(record->exact);

	/* Again, by emulation: the most that was lent stays on record. */
	begin(books, 0x10, 0, -1);
	nptb_attempt_fault(attempt, 9, NPTB_ROLE_FETCH);
	note(books);
	assert_int_equal(record->how, NPTB_RESOLVED_LENT);
	assert_int_equal(record->needs, 2);
	attempt->steps = 7;
	assert_int_equal(nptb_attempt_resolved(attempt), NPTB_RESOLVED_EMULATED);
	nptb_loop_end(&books->table, attempt, NPTB_RESOLVED_EMULATED);
	assert_int_equal(record->how, NPTB_RESOLVED_EMULATED);
	assert_true(record->exact);
	assert_int_equal(record->lent, 3);
	assert_int_equal(record->steps, 7);

	/* More pages than are told apart: not exact. */
	begin(books, 0x10, 0, -1);
	for (i = 0; i <= NPTB_LOOP_PAGES_MAX; i++)
		nptb_attempt_fault(attempt, 1 + i, NPTB_ROLE_READ);
	note(books);
	attempt->lent = 1;
	nptb_loop_end(&books->table, attempt, NPTB_RESOLVED_LENT);
	assert_false(record->exact);

	/* Somebody else's record, or one that has given way, is let alone. */
	begin(books, 0x10, 0, -1);
	nptb_loop_end(&books->table, attempt, NPTB_RESOLVED_STOPPED);
	assert_int_equal(record->how, NPTB_RESOLVED_LENT);
	assert_int_equal(record->lent, 3);
	begin(books, 0x99, 0, -1);
	nptb_loop_end(&books->table, attempt, NPTB_RESOLVED_STOPPED);
	assert_int_equal(books->table.count, 1);
	assert_int_equal(nptb_attempt_resolved(attempt), NPTB_RESOLVED_ITSELF);
}

/* Being robbed is no loop; a record of its own tells. */
static void test_contention(void **state)
{
	struct books *books = *state;
	struct nptb_attempt *attempt = &books->attempt;
	struct nptb_loop_record *robbed, *loop;

	begin(books, 0x10, 0, -1);
	attempt->stolen = 1;
	robbed = nptb_loop_note(&books->table, attempt, 0, 1);
	assert_int_equal(robbed->cls, NPTB_LOOP_CONTENTION);
	attempt->noted |= 1u << NPTB_LOOP_CONTENTION;
	attempt->stolen++;
	assert_ptr_equal(nptb_loop_note(&books->table, attempt, 0, 1), robbed);
	assert_int_equal(robbed->laps, 2);
	assert_int_equal(robbed->times, 1);
	/* Then it loops as well. */
	loop = note(books);
	assert_ptr_not_equal(loop, robbed);
	assert_int_equal(loop->cls, NPTB_LOOP_INSTRUCTION);
	assert_int_equal(loop->times, 1);
	assert_int_equal(loop->laps, 1);
	/* Certain to be short of pages, without a lap. */
	begin(books, 0x11, 0, -1);
	attempt->stolen = 1;
	attempt->certain = true;
	assert_int_equal(nptb_attempt_class(attempt), NPTB_LOOP_INSTRUCTION);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_aggregation),
		TEST(test_laps_and_times),
		TEST(test_vcpus_in_turn),
		TEST(test_same_number),
		TEST(test_last_lap),
		TEST(test_oldest_gives_way),
		TEST(test_many_places),
		TEST(test_insn),
		TEST(test_end),
		TEST(test_contention),
	};

	return cmocka_run_group_tests_name("loop_table", tests, NULL, NULL);
}
