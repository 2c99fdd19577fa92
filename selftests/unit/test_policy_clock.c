// SPDX-License-Identifier: GPL-2.0-only
/* module/set/policy/clock.c: second chance, with the accessed bits scripted. */
#include "unit.h"

#include "pages.h"
#include "script.h"

static const struct unit_script chances[] = {
	{ "nothing charged asks nobody", "?- y" },
	{ "none accessed: fifo, one look a victim", "0a 0b 0c 0. ?a ya ?b yb ?c yc ?-" },
	{ "accessed: one more round", "0a 0b 0c 0. !a ?b yab =ca" },
	{ "and only one", "0a 0b 0c 0. !a ?b ?c ?a ?-" },
	{ "accessed again: another", "0a 0b 0c 0. !a ?b !a ?c !a ?a yabcaa" },
	{ "two in a row", "0a 0b 0c 0d 0. !ab ?c =dab yabc" },
	{ "not the oldest: not looked at", "0a 0b 0c 0. !b ?a ya ?c =b" },
	{ "all accessed: the hand comes round", "0a 0b 0c 0. !abc ?a =bc yabca" },
	{ "the only page", "0a 0. !a ?a yaa" },
	{ "given anew is youngest", "0a 0b 0. 0a 0. ?b ?a" },
	{ "a shielded page is not asked", "0a 0b 0. 1c !abc ?a yaba 1=c" },
	{ "a hole where the hand is", "0a 0b 0c 0. !a ?b xc ?a ?-" },
};

static void test_second_chance(void **state)
{
	(void)state;
	unit_scripts("clock", chances, ARRAY_SIZE(chances));
}

/*
 * However many pages are in use, the hand passes 32 at most; it goes on from
 * there, so that every page comes to its turn.
 */
static void test_bound(void **state)
{
	static const struct {
		u64 pages, asked, victim, next;
	} cases[] = {
		{ 1, 32, 0, 0 },
		{ 2, 32, 0, 0 },
		{ 3, 32, 2, 1 },
		{ 31, 32, 1, 2 },
		{ 32, 32, 0, 0 },
		{ 33, 32, 32, 31 },
		{ 1000, 32, 32, 64 },
	};
	size_t i;
	u64 j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nptb_policy policy;
		struct nptb_page *pages = unit_pages(&policy, cases[i].pages);
		u64 asked = 0;

		nptb_policy_init(&policy, &nptb_policy_clock, unit_always_young, &asked);
		for (j = 0; j < cases[i].pages; j++)
			nptb_policy_charge(&policy, &pages[j]);
		assert_int_equal(nptb_page_key(nptb_policy_victim(&policy)),
				 cases[i].victim);
		assert_int_equal(asked, cases[i].asked);
		assert_int_equal(policy.count, cases[i].pages);
		assert_int_equal(nptb_page_key(nptb_policy_victim(&policy)), cases[i].next);
		for (j = 0; j < cases[i].pages; j++)
			nptb_policy_forget(&policy, &pages[j]);
		assert_true(nptb_ring_empty(policy.table.slots, NPTB_SLOT_RING));
		assert_int_equal(policy.count, 0);
		unit_pages_free(&policy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_chance),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests_name("policy_clock", tests, NULL, NULL);
}
