// SPDX-License-Identifier: GPL-2.0-only
/* module/set/policy/wsclock.c: the working set by age in evictions. */
#include "unit.h"

#include "set/policy.h"
#include "script.h"

static const struct unit_script ages[] = {
	{ "nothing charged asks nobody", "?- y" },
	{ "none accessed, all young: one round, then the oldest use",
	  "0a 0b 0c 0. ?a yabc ?b ybc ?c yc ?-" },
	{ "accessed: stays", "0a 0b 0c 0. !a ?b =ac" },
	{ "all accessed: fifo", "0a 0b 0c 0. !abc ?a yabc" },
	{ "the only page", "0a 0. !a ?a ya" },
	{ "used last goes last", "0a 0b 0c 0d 0. !c ?a !b ?d ?c ?b" },
	{ "a shielded page is not asked", "0a 0b 0. 1c !abc ?a yab 1=c" },
};

static void test_ages(void **state)
{
	(void)state;
	unit_scripts("wsclock", ages, ARRAY_SIZE(ages));
}

/* However many pages there are, the hand looks at 32 at most, each once. */
static void test_bound(void **state)
{
	static const struct {
		u64 pages, asked;
	} cases[] = { { 1, 1 }, { 2, 2 }, { 31, 31 }, { 32, 32 }, { 33, 32 }, { 1000, 32 } };
	struct nptb_page *pages = calloc(1000, sizeof(*pages));
	size_t i;
	u64 j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nptb_policy policy;
		u64 asked = 0;

		nptb_policy_init(&policy, &nptb_policy_wsclock, unit_always_young, &asked);
		for (j = 0; j < cases[i].pages; j++) {
			pages[j].key = j;
			nptb_policy_charge(&policy, &pages[j]);
		}
		assert_int_equal(nptb_policy_victim(&policy)->key, 0);
		assert_int_equal(asked, cases[i].asked);
	}
	free(pages);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests_name("policy_wsclock", tests, NULL, NULL);
}
