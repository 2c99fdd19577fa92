// SPDX-License-Identifier: GPL-2.0-only
/* module/loop/record.c: attempts, fault loops and the pages in them. */
#include "unit.h"

#include "loop/record.h"

static void test_roles(void **state)
{
	static const struct {
		u64 code;
		u32 role;
	} cases[] = {
		{ 0, NPTB_ROLE_READ },
		{ 0x1, NPTB_ROLE_READ },
		{ 0x4, NPTB_ROLE_READ },
		{ 0x100000000, NPTB_ROLE_READ },
		{ 0x100000004, NPTB_ROLE_READ },
		{ 0x2, NPTB_ROLE_WRITE },
		{ 0x100000006, NPTB_ROLE_WRITE },
		{ 0x100000007, NPTB_ROLE_WRITE },
		{ 0x10, NPTB_ROLE_FETCH },
		{ 0x100000014, NPTB_ROLE_FETCH },
		{ 0x12, NPTB_ROLE_FETCH },
		/* A walk writes accessed bits, whatever the access was. */
		{ 0x200000000, NPTB_ROLE_TABLE },
		{ 0x200000004, NPTB_ROLE_TABLE },
		{ 0x200000006, NPTB_ROLE_TABLE },
		{ 0x200000014, NPTB_ROLE_TABLE },
		{ 0x200000016, NPTB_ROLE_TABLE },
		{ ~0ULL, NPTB_ROLE_TABLE },
		{ ~(1ULL << 33), NPTB_ROLE_FETCH },
		{ ~(1ULL << 33 | 1 << 4), NPTB_ROLE_WRITE },
		{ ~(1ULL << 33 | 1 << 4 | 1 << 1), NPTB_ROLE_READ },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (nptb_roles(cases[i].code) != cases[i].role)
			fail_msg("%#llx: %#x", (unsigned long long)cases[i].code,
				 nptb_roles(cases[i].code));
}

static struct nptb_state some_state(void)
{
	struct nptb_state state = {
		.rip = 0x7c00, .rflags = 2, .cr0 = 0x80000011, .cr3 = 0x1000,
		.cr4 = 0x20, .efer = 0x500, .vector = -1,
	};
	u32 i;

	for (i = 0; i < NPTB_GPRS; i++)
		state.gpr[i] = 0x100 + i;
	return state;
}

/* What nptb_kvm_keep_state() does, and then the engine. */
static void begin(struct nptb_attempt *attempt, const struct nptb_state *state,
		  u64 number)
{
	attempt->state = *state;
	nptb_attempt_begin(attempt, number);
}

/* Nothing of the last attempt is left in the next. */
static void test_begin(void **state)
{
	struct nptb_attempt attempt;
	struct nptb_state first = some_state();

	(void)state;
	memset(&attempt, 0xa5, sizeof(attempt));
	begin(&attempt, &first, 7);
	assert_int_equal(attempt.number, 7);
	assert_int_equal(attempt.laps, 0);
	assert_int_equal(attempt.npages, 0);
	assert_false(attempt.truncated);
	assert_memory_equal(&attempt.state, &first, sizeof(first));
	assert_int_equal(nptb_attempt_class(&attempt), NPTB_LOOP_INSTRUCTION);
	/* A vector of 0, a divide error, is being delivered, too. */
	first.vector = 0;
	begin(&attempt, &first, 8);
	assert_int_equal(nptb_attempt_class(&attempt), NPTB_LOOP_EVENT);
}

/*
 * Attempts as rows of words:
 *   a    page a faults, and that ends no lap; "a!": it does
 *   -a   the attempt evicted page a
 *   ~    the fault that this was for is sent back
 *   /    progress: a new attempt
 *   *2   there were 2 laps so far
 *   p3   3 pages are known
 * An eviction by anybody else is no word: nobody tells the attempt.
 */
static const char * const attempts[] = {
	"*0 p0 a *0 p1",
	/* Different pages, the same page again: nothing was evicted. */
	"a b c d p4 *0",
	"a a a p1 *0",
	"a b a b a b p2 *0",
	/* Budget 1, two pages: the loop is there when the first comes back. */
	"a -a b -b a! *1 -a b *1 -b a! *2 -a b -b a! *3 p2",
	/* Budget 2, three pages; budget 3, four pages. */
	"a b -a c -b a! -c b -a c *1 -b a! *2",
	"a b c -a d -b a! -c b -d c -a d -b a! *2 p4",
	/* The first to come back ends the laps, whichever it is. */
	"a b -b c b! *1 -c a c *1 -b a *1 b! *2",
	"a b c -c d -d c! -c d -d c! *2 p4",
	/* One that has left the loop ends no lap any more: another does. */
	"a -a b -b a! c -c b -b c -c b -b c -c b -b c! *2 -c b -b c! *3 p3",
	/* A page that stays is part of the attempt, not of the lap. */
	"t a -a b -b a! t -a b *1 -b a! *2 p3",
	/* Others evict: the attempt only comes back, once or often. */
	"a b a b a b a b *0",
	"a -a b a! *1 b b b *1 a *1 a *1",
	/* An eviction counts once. */
	"a -a -a a! a a *1",
	/* Progress makes all well. */
	"a -a / a *0 p1",
	"a -a b / a -a b *0 p2",
	"a -a b -b a! / *0 p0 b -b a -a b! *1",
	/* Evicted after progress, but given before: not this attempt's page. */
	"a / -a a *0",
	"a / b -a a *0 p2",
	/* What was never given cannot come back. */
	"-a a *0", "-z a z *0",
	/* Evicted for a fault that is sent back: no proof; for the next, it is. */
	"a -a ~ a *0 -a b -b a! *1 p2",
	"a b -a c -b ~ b *0 a! *1", "a -a ~ ~ -a b -b ~ a! *1",
	/* Another page evicted, and this one comes back: no loop. */
	"a b -b a *0 b! *1",
};

static void play(struct nptb_attempt *attempt, const char *script,
		 const char *word)
{
	struct nptb_state state = some_state();
	bool lap, foreseen;

	switch (word[0]) {
	case '/':
		state.rip += attempt->number;
		begin(attempt, &state, attempt->number + 1);
		return;
	case '-':
		nptb_attempt_evicted(attempt, word[1], 1);
		return;
	case '~':
		nptb_attempt_admitted(attempt, false);
		return;
	case '*':
		if (attempt->laps != (u64)atoi(word + 1))
			fail_msg("\"%s\": at \"%s\": %d laps", script, word,
				 (int)attempt->laps);
		return;
	case 'p':
		if (attempt->npages != (u32)atoi(word + 1))
			fail_msg("\"%s\": at \"%s\": %u pages", script, word,
				 attempt->npages);
		return;
	}
	nptb_attempt_admitted(attempt, true);
	foreseen = nptb_attempt_ends_lap(attempt, word[0]);
	lap = nptb_attempt_fault(attempt, word[0], NPTB_ROLE_READ);
	if (lap != foreseen)
		fail_msg("\"%s\": at \"%s\": foreseen otherwise", script, word);
	if (lap != (word[1] == '!'))
		fail_msg("\"%s\": at \"%s\": %s lap", script, word,
			 lap ? "a" : "no");
}

static void test_laps(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(attempts); i++) {
		char *words = strdup(attempts[i]), *rest = words, *word;
		struct nptb_state first = some_state();
		struct nptb_attempt attempt;

		memset(&attempt, 0xa5, sizeof(attempt));
		begin(&attempt, &first, 1);
		while ((word = strsep(&rest, " ")))
			play(&attempt, attempts[i], word);
		free(words);
	}
}

/* Roles add up, faults are counted, order is that of the first faults. */
static void test_pages(void **state)
{
	struct nptb_state first = some_state();
	struct nptb_attempt attempt;

	(void)state;
	memset(&attempt, 0xa5, sizeof(attempt));
	begin(&attempt, &first, 1);
	nptb_attempt_fault(&attempt, 9, NPTB_ROLE_FETCH);
	nptb_attempt_fault(&attempt, 4, NPTB_ROLE_READ);
	nptb_attempt_fault(&attempt, 9, NPTB_ROLE_FETCH);
	nptb_attempt_evicted(&attempt, 4, 9);
	nptb_attempt_fault(&attempt, 4, NPTB_ROLE_WRITE);
	nptb_attempt_fault(&attempt, 4, NPTB_ROLE_TABLE);
	assert_int_equal(attempt.npages, 2);
	assert_int_equal(attempt.pages[0].key, 9);
	assert_int_equal(attempt.pages[0].faults, 2);
	assert_int_equal(attempt.pages[0].roles, NPTB_ROLE_FETCH);
	assert_int_equal(attempt.pages[1].key, 4);
	assert_int_equal(attempt.pages[1].faults, 3);
	assert_int_equal(attempt.pages[1].roles,
			 NPTB_ROLE_READ | NPTB_ROLE_WRITE | NPTB_ROLE_TABLE);
	assert_int_equal(attempt.laps, 1);
	assert_int_equal(attempt.budget, 9);
	/* The same frame in another address space is another page. */
	nptb_attempt_fault(&attempt, 9 | 1ULL << 56, NPTB_ROLE_READ);
	assert_int_equal(attempt.npages, 3);
}

/* A loop of @pages pages under a budget of one: confirmed, however large. */
static void test_truncation(void **state)
{
	static const u32 sizes[] = { 2, 63, 64, 65, 66, 200 };
	struct nptb_state first = some_state();
	size_t i;
	u32 lap, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 known = sizes[i] < NPTB_LOOP_PAGES_MAX ? sizes[i] :
			NPTB_LOOP_PAGES_MAX;
		struct nptb_attempt *attempt = malloc(sizeof(*attempt));

		begin(attempt, &first, 1);
		for (lap = 0; lap < 4; lap++)
			for (j = 0; j < sizes[i]; j++) {
				bool ends = nptb_attempt_fault(attempt, j,
							       NPTB_ROLE_READ);

				assert_int_equal(ends, lap && !j);
				nptb_attempt_evicted(attempt, j, 1);
			}
		assert_int_equal(attempt->laps, 3);
		assert_int_equal(attempt->npages, known);
		assert_int_equal(attempt->truncated, sizes[i] > known);
		for (j = 0; j < known; j++)
			assert_int_equal(attempt->pages[j].faults, 4);
		/* The next attempt starts with room. */
		begin(attempt, &first, 2);
		assert_false(attempt->truncated);
		free(attempt);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_laps),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_truncation),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
