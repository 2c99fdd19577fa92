// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/set/contention.c: when a shield is broken, whose, and by whom. Every case runs at
 * several times of the clock, so that ticks wrap in the midst of it.
 */
#include "unit.h"

#include "set/contention.h"

#define NR	3

/* vCPUs 0 to NR - 1; how many pages each shields is what a test says. */
static struct nptb_turns turns;
static struct nptb_turn turn[NR];
static struct nptb_shield shield[NR];

/* Tick 0 of a case: far from the wrap-around, and less and less before it. */
static const unsigned long starts[] = { 1000, -1UL - 3, -1UL - 1, -1UL, 0 };
static unsigned long start;

static void begin(const u64 pages[NR])
{
	int i;

	memset(&turns, 0, sizeof(turns));
	memset(turn, 0, sizeof(turn));
	for (i = 0; i < NR; i++) {
		shield[i] = (struct nptb_shield){ 0 };
		shield[i].count = pages[i];
		nptb_turns_add(&turns, &turn[i], &shield[i]);
	}
}

#define BEGIN(...)	begin((const u64[NR]) { __VA_ARGS__ })

/* vCPU @i is deferred at @tick. Return: whose shield it breaks, or -1. */
static int take(int i, unsigned long tick)
{
	struct nptb_turn *broken;

	broken = nptb_turns_take(&turns, &turn[i], start + tick);
	return broken ? broken - turn : -1;
}

/* Its shield was settled: the pages are there for anybody. */
static void settle(int i)
{
	shield[i].count = 0;
}

static void nobody_blocks(void)
{
	int tick;

	BEGIN(0, 0, 0);
	for (tick = 0; tick < 5; tick++)
		assert_int_equal(take(0, tick), -1);
	/* Its own pages shield nothing from it. */
	BEGIN(7, 0, 0);
	for (tick = 0; tick < 5; tick++)
		assert_int_equal(take(0, tick), -1);
	assert_int_equal(turn[0].robbed, 0);
	assert_false(turn[0].blocking);
}

static void holds_for_a_tick(void)
{
	BEGIN(0, 1, 0);
	assert_int_equal(take(0, 0), -1);
	assert_int_equal(take(0, 0), -1);
	/* The tick may have been half over. */
	assert_int_equal(take(0, 1), -1);
	assert_int_equal(take(0, 1), -1);
	assert_int_equal(take(0, 2), 1);
}

/* The tick begins with the first deferral, by whomever: later ones add none. */
static void holds_from_the_first(void)
{
	BEGIN(0, 0, 4);
	assert_int_equal(take(0, 0), -1);
	assert_int_equal(take(1, 1), -1);
	assert_int_equal(take(0, 2), 2);
}

static void robbed(void)
{
	BEGIN(0, 1, 1);
	take(0, 0);
	shield[2].count = 0;
	assert_int_equal(take(0, 2), 1);
	assert_int_equal(turn[1].robbed, 1);
	assert_int_equal(turn[0].robbed + turn[2].robbed, 0);
	/* It gets pages again: those have a whole tick. */
	assert_int_equal(take(0, 3), -1);
	assert_int_equal(take(0, 4), -1);
	assert_int_equal(turn[1].robbed, 1);
	assert_int_equal(take(0, 5), 1);
	assert_int_equal(turn[1].robbed, 2);
}

/* Which shield: that which has deferred others for longest. */
static void oldest_deferral(void)
{
	BEGIN(0, 0, 1);
	assert_int_equal(take(0, 0), -1);
	shield[1].count = 1;
	assert_int_equal(take(0, 1), -1);
	assert_int_equal(take(0, 5), 2);
	settle(2);
	assert_int_equal(take(0, 5), 1);

	/* And the other way round. */
	BEGIN(0, 1, 0);
	assert_int_equal(take(0, 0), -1);
	shield[2].count = 1;
	assert_int_equal(take(0, 1), -1);
	assert_int_equal(take(0, 5), 1);
}

/* All the shields it needs, one after the other, but not too early. */
static void one_after_the_other(void)
{
	BEGIN(0, 1, 0);
	assert_int_equal(take(0, 0), -1);
	shield[2].count = 1;
	assert_int_equal(take(0, 1), -1);
	assert_int_equal(take(0, 2), 1);
	settle(1);
	assert_int_equal(take(0, 2), -1);
	assert_int_equal(take(0, 3), 2);
}

static void no_shield(void)
{
	BEGIN(0, 0, 1);
	take(0, 0);
	assert_false(turn[1].blocking);
	assert_true(turn[2].blocking);
	/* Without pages it is passed over, however long it deferred somebody. */
	settle(2);
	assert_int_equal(take(0, 5), -1);
	assert_int_equal(turn[2].robbed, 0);
}

/* Who waits longest goes first. */
static void longest_wait(void)
{
	BEGIN(0, 0, 1);
	assert_int_equal(take(1, 0), -1);
	assert_int_equal(take(0, 0), -1);
	assert_int_equal(take(1, 1), -1);
	assert_int_equal(take(0, 2), -1);
	assert_int_equal(take(1, 2), 2);
	/* It has the turn until it shows progress. */
	assert_int_equal(take(0, 3), -1);
	assert_int_equal(take(1, 4), -1);
	assert_int_equal(take(0, 5), -1);
	nptb_turn_end(&turn[1]);
	assert_int_equal(take(0, 5), 2);
}

/* But for one who has not come back within a tick: it may want nothing more. */
static void gone(void)
{
	BEGIN(0, 0, 1);
	assert_int_equal(take(1, 0), -1);
	assert_int_equal(take(0, 1), -1);
	assert_int_equal(take(1, 3), 2);

	BEGIN(0, 0, 1);
	assert_int_equal(take(1, 1), -1);
	assert_int_equal(take(0, 1), -1);
	assert_int_equal(take(1, 2), -1);
	assert_int_equal(take(0, 3), -1);
	assert_int_equal(take(0, 4), 2);
	/* Its place is still before, once it does come back. */
	assert_int_equal(take(1, 5), -1);
	assert_int_equal(take(1, 6), -1);
	assert_int_equal(take(0, 7), -1);
	assert_int_equal(take(1, 7), 2);
}

/* Progress: the shield begins anew, and so does the wait. */
static void progress(void)
{
	BEGIN(0, 0, 1);
	assert_int_equal(take(0, 0), -1);
	assert_int_equal(take(1, 0), -1);
	nptb_turn_end(&turn[2]);
	assert_int_equal(take(0, 2), -1);
	assert_int_equal(take(0, 3), -1);
	/* The first of the queue goes to its end. */
	nptb_turn_end(&turn[0]);
	assert_int_equal(take(0, 3), -1);
	assert_int_equal(take(1, 3), -1);
	assert_int_equal(take(0, 4), -1);
	assert_int_equal(take(1, 4), 2);
}

/* Who takes the turn has a whole tick for itself, whomever it deferred before. */
static void own_tick(void)
{
	BEGIN(1, 1, 0);
	assert_int_equal(take(0, 0), -1);
	assert_int_equal(take(1, 0), -1);
	assert_int_equal(take(0, 1), -1);
	assert_int_equal(take(0, 2), 1);
	settle(1);
	shield[0].count++;
	/* Its turn is over by then, but not its shield. */
	assert_int_equal(take(1, 4), -1);
	assert_int_equal(take(1, 5), -1);
	assert_int_equal(take(1, 6), 0);
}

static void at_all_starts(void (*test)(void))
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		start = starts[i];
		test();
	}
}

#define CASE(name)					\
static void test_##name(void **state)			\
{							\
	(void)state;					\
	at_all_starts(name);				\
}

CASE(nobody_blocks)
CASE(holds_for_a_tick)
CASE(holds_from_the_first)
CASE(robbed)
CASE(oldest_deferral)
CASE(one_after_the_other)
CASE(no_shield)
CASE(longest_wait)
CASE(gone)
CASE(progress)
CASE(own_tick)

static void test_tick_over(void **state)
{
	(void)state;
	assert_false(nptb_tick_over(5, 5));
	assert_false(nptb_tick_over(5, 6));
	assert_true(nptb_tick_over(5, 7));
	assert_false(nptb_tick_over(-1UL, 0));
	assert_true(nptb_tick_over(-1UL, 1));
	/* Written later than the clock was read. */
	assert_false(nptb_tick_over(6, 5));
	assert_false(nptb_tick_over(0, -1UL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_blocks),
		cmocka_unit_test(test_holds_for_a_tick),
		cmocka_unit_test(test_holds_from_the_first),
		cmocka_unit_test(test_robbed),
		cmocka_unit_test(test_oldest_deferral),
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_no_shield),
		cmocka_unit_test(test_longest_wait),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_own_tick),
		cmocka_unit_test(test_tick_over),
	};

	return cmocka_run_group_tests_name("contention", tests, NULL, NULL);
}
