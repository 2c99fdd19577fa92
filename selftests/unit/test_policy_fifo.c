// SPDX-License-Identifier: GPL-2.0-only
/* module/set/policy/fifo.c: first in, first out, whatever was accessed. */
#include "unit.h"

#include "pages.h"
#include "script.h"

static const struct unit_script order[] = {
	{ "nothing charged", "?- =" },
	{ "one", "0a 0. ?a ?-" },
	{ "in the order of charging", "0a 0b 0c 0. ?a ?b ?c ?-" },
	{ "of settling, not of giving", "0a 1b 1. 0. ?b ?a ?-" },
	{ "given anew is youngest", "0a 0b 0c 0. 0a 0. =bca ?b ?c ?a" },
	{ "accessed makes no difference", "0a 0b 0c 0. !ab ?a !b ?b !c ?c y" },
	{ "a hole in the middle", "0a 0b 0c 0. xb =ac ?a ?c ?-" },
	{ "a hole at the front", "0a 0b 0c 0. xa ?b ?c ?-" },
	{ "a hole at the end", "0a 0b 0c 0. xc ?a ?b ?-" },
	{ "after running empty", "0a 0. ?a ?- 0b 0. ?b ?-" },
};

static void test_order(void **state)
{
	(void)state;
	unit_scripts("fifo", order, ARRAY_SIZE(order));
}

/* A victim is named, not taken: asking twice must not change the answer. */
static void test_victim_stays_charged(void **state)
{
	struct nptb_policy policy;
	struct nptb_page *pages = unit_pages(&policy, 2);

	(void)state;
	nptb_policy_init(&policy, &nptb_policy_fifo, NULL, NULL);
	nptb_policy_charge(&policy, &pages[0]);
	nptb_policy_charge(&policy, &pages[1]);
	assert_ptr_equal(nptb_policy_victim(&policy), &pages[0]);
	assert_ptr_equal(nptb_policy_victim(&policy), &pages[0]);
	assert_int_equal(policy.count, 2);
	unit_pages_free(&policy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_victim_stays_charged),
	};

	return cmocka_run_group_tests_name("policy_fifo", tests, NULL, NULL);
}
