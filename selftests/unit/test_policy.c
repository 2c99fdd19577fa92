// SPDX-License-Identifier: GPL-2.0-only
/* module/set/policy.c: the table of policies, and going from one to another. */
#include "unit.h"

#include <nptbudget.h>

#include "set/policy.h"
#include "script.h"

static void test_table(void **state)
{
	int i, j;

	(void)state;
	assert_ptr_equal(nptb_policies[0], &nptb_policy_fifo);
	for (i = 0; nptb_policies[i]; i++) {
		const struct nptb_policy_ops *ops = nptb_policies[i];

		assert_in_range(strlen(ops->name), 1, NPTB_POLICY_NAME_MAX - 1);
		assert_int_equal(strcspn(ops->name, " \t\n,="), strlen(ops->name));
		assert_ptr_equal(nptb_policy_find(ops->name), ops);
		for (j = 0; j < i; j++)
			assert_string_not_equal(nptb_policies[j]->name, ops->name);
	}
	assert_int_equal(i, 7);
}

static void test_find_refuses(void **state)
{
	static const char * const names[] = {
		"", " ", "fif", "fifo ", " fifo", "fifo\n", "FIFO", "fifoclock",
		"lru2", "clock0", "last_only", "last", "rand", "opt",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_null(nptb_policy_find(names[i]));
	assert_ptr_equal(nptb_policy_find("fifo"), &nptb_policy_fifo);
	assert_ptr_equal(nptb_policy_find("clock"), &nptb_policy_clock);
}

static const struct unit_script switches[] = {
	{ "nothing charged", "clock = ?- fifo = ?-" },
	{ "order and number stay", "0a 0b 0c 0. clock =abc n3 fifo =abc n3" },
	{ "to itself", "0a 0b 0c 0. fifo =abc fifo =abc ?a ?b ?c ?-" },
	{ "shielded pages stay shielded", "0a 0b 0. 0c 1d clock =ab 0=c 1=d n4" },
	{ "and are charged by the new one", "0a 1b clock 0. 1. !a ?b ?a ?-" },
	{ "the new one rules", "0a 0b 0. !a clock ?b ?a ?-" },
	{ "the old one no longer", "clock 0a 0b 0. !a fifo ?a ?b ?- y" },
	{ "after the hand has turned", "clock 0a 0b 0c 0. !a ?b fifo =ca ?c ?a ?-" },
	{ "back and forth", "0a 0b 0c 0. clock fifo clock fifo clock =abc n3 xb =ac" },
};

static void test_switch(void **state)
{
	(void)state;
	unit_scripts("fifo", switches, ARRAY_SIZE(switches));
}

static void test_key(void **state)
{
	static const struct {
		u32 as;
		u64 gfn;
	} cases[] = {
		{ 0, 0 }, { 0, 1 }, { 1, 0 }, { 0, (1ULL << 40) - 1 },
		{ 1, (1ULL << 40) - 1 }, { 1, 0x7c }, { 3, 0xfffff },
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 key = nptb_key(cases[i].as, cases[i].gfn);

		assert_int_equal(nptb_key_as(key), cases[i].as);
		assert_int_equal(nptb_key_gfn(key), cases[i].gfn);
		for (j = 0; j < i; j++)
			assert_int_not_equal(nptb_key(cases[j].as, cases[j].gfn),
					     key);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_find_refuses),
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
