// SPDX-License-Identifier: GPL-2.0-only
/* module/loop/lend_stats.c: what was lent pages, by kind. */
#include "unit.h"

#include "loop/lend_stats.h"

static struct nptb_opcode op(u8 first, u8 second)
{
	return (struct nptb_opcode){ .len = 2, .bytes = { first, second } };
}

static void test_kinds(void **state)
{
	static struct nptb_lends lends;
	const struct nptb_lends_entry *e = lends.entry;

	(void)state;
	nptb_lends_refused(&lends, op(0x48, 0xcf), -1);
	nptb_lends_lent(&lends, op(0x48, 0xcf), -1, 5);
	nptb_lends_refused(&lends, op(0x48, 0xcf), -1);
	nptb_lends_lent(&lends, op(0x48, 0xcf), -1, 3);
	/* A delivery: the instruction is none of it. */
	nptb_lends_lent(&lends, op(0x48, 0xcf), 14, 9);
	nptb_lends_lent(&lends, op(0x90, 0), 14, 10);
	nptb_lends_lent(&lends, op(0x90, 0), 0, 1);
	/* As long, other bytes; the same bytes, longer. */
	nptb_lends_refused(&lends, op(0x48, 0xce), -1);
	nptb_lends_refused(&lends, (struct nptb_opcode){ .len = 1, .bytes = { 0x48 } }, -1);
	assert_int_equal(lends.count, 5);
	assert_int_equal(e[0].refused, 2);
	assert_int_equal(e[0].lends, 2);
	assert_int_equal(e[0].pages, 8);
	assert_int_equal(e[0].peak, 5);
	assert_int_equal(e[0].vector, -1);
	assert_int_equal(e[1].vector, 14);
	assert_int_equal(e[1].lends, 2);
	assert_int_equal(e[1].peak, 10);
	assert_int_equal(e[2].vector, 0);
	assert_int_equal(e[3].refused, 1);
	assert_int_equal(e[4].op.len, 1);
}

/* Kinds beyond the table share one entry; what is in it is found again. */
static void test_full(void **state)
{
	static struct nptb_lends lends;
	u32 i;

	(void)state;
	for (i = 0; i < NPTB_LENDS_MAX + 10; i++) {
		nptb_lends_refused(&lends, op(i, 1), -1);
		nptb_lends_refused(&lends, op(i, 1), -1);
	}
	assert_int_equal(lends.count, NPTB_LENDS_MAX);
	assert_int_equal(lends.entry[NPTB_LENDS_MAX].refused, 20);
	assert_int_equal(lends.entry[NPTB_LENDS_MAX - 1].refused, 2);
	nptb_lends_lent(&lends, op(3, 1), -1, 1);
	assert_int_equal(lends.entry[3].lends, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests_name("lend_stats", tests, NULL, NULL);
}
