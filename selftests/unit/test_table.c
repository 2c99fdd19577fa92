// SPDX-License-Identifier: GPL-2.0-only
/* module/set/table.h: the table of a set's pages, what fits into it, and what it does when full. */
#include "unit.h"

#include "pages.h"
#include "script.h"

/* Whatever is in the table is where it was, when that has grown. */
static const struct unit_script grown[] = {
	{ "empty", "^1 n0 ?- 0?-" },
	{ "charged, shielded, taken",
	  "0a 0b 0. 1c 1d xb ^100 =a 1=cd n3 0e 0. =ae ?a 1?c 1?d ?e ?-" },
	{ "again and again", "+a ^1 +b ^1 +c ^1 =abc 0b ^1 0=b =ac ?a ?c ?- 0. ?b" },
	{ "while the hash is moved", "+a +b #5 ^7 +c =abc xa xb xc n0" },
};

static void test_grow(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; nptb_policies[i]; i++)
		if (nptb_policies[i] != &nptb_policy_mru &&
		    nptb_policies[i] != &nptb_policy_random)
			unit_scripts(nptb_policies[i]->name, grown, ARRAY_SIZE(grown));
}

/* Where no slot is left a page stays out; one that goes makes room for another. */
static void test_full(void **state)
{
	struct nptb_shield shield, other;
	struct nptb_rset set;

	(void)state;
	unit_set_init(&set, 2, 4);
	nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
	assert_true(nptb_rset_new_shield(&set, &shield));
	assert_int_equal(nptb_rset_slots_left(&set), 3);
	assert_true(nptb_rset_give(&set, 1, true, &shield));
	assert_true(nptb_rset_charge(&set, 2, true));
	assert_true(nptb_rset_charge_newest(&set, 3, true));
	assert_int_equal(nptb_rset_slots_left(&set), 0);
	assert_false(nptb_rset_give(&set, 4, true, &shield));
	assert_false(nptb_rset_charge(&set, 4, true));
	assert_false(nptb_rset_charge_newest(&set, 4, true));
	assert_false(nptb_rset_new_shield(&set, &other));
	assert_null(nptb_rset_find(&set, 4));
	assert_int_equal(set.count, 3);
	assert_int_equal(set.leaves, 3);
	assert_int_equal(shield.count, 1);
	assert_int_equal(nptb_page_key(nptb_rset_victim(&set)), 2);
	assert_true(nptb_rset_charge(&set, 4, true));
	assert_false(nptb_rset_charge(&set, 5, true));
	unit_set_grow(&set, 2);
	assert_int_equal(nptb_rset_slots_left(&set), 2);
	assert_true(nptb_rset_charge(&set, 5, true));
	assert_true(nptb_rset_new_shield(&set, &other));
	assert_false(nptb_rset_charge(&set, 6, true));
	assert_int_equal(nptb_page_key(nptb_rset_victim(&set)), 3);
	assert_int_equal(nptb_page_key(nptb_rset_victim(&set)), 4);
	assert_int_equal(nptb_page_key(nptb_rset_victim(&set)), 5);
	assert_null(nptb_rset_victim(&set));
	unit_set_exit(&set);
}

/* What a page takes is what the documents say. */
static void test_size(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct nptb_page), 20);
	assert_int_equal(NPTB_SLOT * NPTB_UNIT, sizeof(struct nptb_page));
}

/* More leaves than a page can tell do not run over into its key or its owner. */
static void test_many_leaves(void **state)
{
	static const struct {
		u64 leaves, told;
	} cases[] = {
		{ 1, 1 }, { 255, 255 }, { 256, 256 },
		{ NPTB_LEAVES_MAX - 1, NPTB_LEAVES_MAX - 1 },
		{ NPTB_LEAVES_MAX, NPTB_LEAVES_MAX },
		{ NPTB_LEAVES_MAX + 1ULL, NPTB_LEAVES_MAX },
		{ 1ULL << 40, NPTB_LEAVES_MAX },
	};
	u64 key = nptb_key(1, (1ULL << NPTB_KEY_AS_SHIFT) - 1);
	struct nptb_shield shield;
	struct nptb_page *page;
	struct nptb_rset set;
	size_t i;

	(void)state;
	unit_set_init(&set, 1, 2);
	nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
	assert_true(nptb_rset_new_shield(&set, &shield));
	assert_true(nptb_rset_give(&set, key, true, &shield));
	page = nptb_rset_find(&set, key);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(nptb_rset_set_leaves(&set, page, cases[i].leaves),
				 cases[i].told == cases[i].leaves);
		assert_int_equal(nptb_page_leaves(page), cases[i].told);
		assert_int_equal(nptb_page_key(page), key);
		assert_ptr_equal(nptb_rset_shield_of(&set, page), &shield);
		assert_int_equal(set.leaves, cases[i].told);
		assert_int_equal(shield.leaves, cases[i].told);
	}
	nptb_rset_set_leaves(&set, page, 2);
	assert_int_equal(set.leaves, 2);
	nptb_rset_take(&set, page);
	assert_int_equal(set.leaves, 0);
	assert_int_equal(shield.leaves, 0);
	unit_set_exit(&set);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_many_leaves),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
