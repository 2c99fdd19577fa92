// SPDX-License-Identifier: GPL-2.0-only
/* module/set/policy/mru.c and last_only.c: the two ends of the ring. */
#include "unit.h"

#include "set/policy.h"
#include "script.h"

static const struct unit_script mru[] = {
	{ "nothing charged", "?- y" },
	{ "the newest first", "0a 0b 0c 0. ?c ?b ?a ?-" },
	{ "of settling, not of giving", "0a 1b 1. 0. ?a ?b ?-" },
	{ "given anew is newest", "0a 0b 0c 0. 0a 0. ?a =bc" },
	{ "shielded ones do not go", "0a 0b 0. 1c ?b ?a ?- 1=c" },
	{ "accessed makes no difference", "0a 0b 0. !b ?b y" },
	{ "holes", "0a 0b 0c 0. xc ?b xa ?-" },
	{ "from another policy", "0a 0b 0. fifo 0c 0. mru ?c ?b ?a" },
};

static const struct unit_script last_only[] = {
	{ "nothing charged", "?- y" },
	{ "the oldest first", "0a 0b 0c 0. ?a ?b ?c ?-" },
	{ "no shield: charged at once", "~a ~b =ab ?a ?b ?-" },
	{ "charged anew is newest", "~a ~b ~a =ba n2" },
	{ "from another policy's shield", "0a 0b ~a =a 0=b" },
	{ "accessed makes no difference", "~a ~b !a ?a y" },
};

static void test_mru(void **state)
{
	(void)state;
	unit_scripts("mru", mru, ARRAY_SIZE(mru));
}

static void test_last_only(void **state)
{
	(void)state;
	unit_scripts("last-only", last_only, ARRAY_SIZE(last_only));
}

/* It is the one that keeps a number of its own, and the one without a shield. */
static void test_alone(void **state)
{
	int i;

	(void)state;
	for (i = 0; nptb_policies[i]; i++) {
		bool it = nptb_policies[i] == &nptb_policy_last_only;

		assert_int_equal(nptb_policies[i]->keep, it ? 1 : 0);
		assert_int_equal(nptb_policies[i]->bare, it);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mru),
		cmocka_unit_test(test_last_only),
		cmocka_unit_test(test_alone),
	};

	return cmocka_run_group_tests_name("policy_small", tests, NULL, NULL);
}
