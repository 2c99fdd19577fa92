// SPDX-License-Identifier: GPL-2.0-only
/* module/set/policy/random.c: every page as likely, the same dice for a seed. */
#include "unit.h"

#include "pages.h"
#include "script.h"

#define PAGES	1000

static const struct unit_script any[] = {
	{ "nothing charged", "?- y" },
	{ "the only page", "0a 0. ?a ?- y" },
	{ "the only page that is left", "0a 0b 0c 0. xa xc ?b ?-" },
	{ "shielded pages are not drawn", "0a 0b 0c 1d 0. xa xb ?c ?- 1=d" },
	{ "order of charging is kept", "0a 0b 0c 0d 0. xb fifo =acd" },
	{ "accessed or not is not asked", "0a 0b 0. !ab xa ?b y" },
	{ "from another policy", "fifo 0a 0b 0. random xb ?a ?-" },
};

static void test_any(void **state)
{
	(void)state;
	unit_scripts("random", any, ARRAY_SIZE(any));
}

static struct nptb_page *pages;
static struct nptb_policy policy;

static void charge(u64 key)
{
	nptb_policy_charge(&policy, &pages[key]);
}

static u64 evict(void)
{
	struct nptb_page *page = nptb_policy_victim(&policy);

	assert_non_null(page);
	nptb_policy_forget(&policy, page);
	page->tag = NPTB_TAG_NONE;
	return nptb_page_key(page);
}

/* @count pages are charged, in a table that has had @used. */
static void begin(u64 seed, u64 count, u64 used)
{
	u64 i;

	pages = unit_pages(&policy, used);
	nptb_policy_init(&policy, &nptb_policy_random, NULL, NULL);
	nptb_policy_seed(&policy, seed);
	for (i = 0; i < count; i++)
		charge(i);
}

static void end(void)
{
	unit_pages_free(&policy);
}

static u64 checksum(u64 seed)
{
	u64 sum = 0;
	u32 i;

	begin(seed, 100, PAGES);
	for (i = 0; i < 1000; i++) {
		u64 key = evict();

		sum = sum * 31 + key;
		charge(key);
	}
	end();
	return sum;
}

static void test_seed(void **state)
{
	static const u64 seeds[] = { 0, 1, 2, 1000, ~0ULL };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(seeds); i++) {
		assert_int_equal(checksum(seeds[i]), checksum(seeds[i]));
		for (j = 0; j < i; j++)
			assert_int_not_equal(checksum(seeds[i]),
					     checksum(seeds[j]));
	}
}

/*
 * Chi-squared over which of 10 pages goes: 9 degrees of freedom, below 27.9 with a
 * probability of 0.999.
 */
static void even(u64 seed, u32 used)
{
	const u32 n = 10, draws = 20000;
	double chi = 0, want = draws / (double)n;
	u64 seen[10] = { 0 };
	u32 i;

	begin(seed, n, used);
	for (i = 0; i < draws; i++) {
		u64 key = evict();

		seen[key]++;
		charge(key);
	}
	end();
	for (i = 0; i < n; i++)
		chi += (seen[i] - want) * (seen[i] - want) / want;
	assert_true(chi < 27.9);
	assert_true(chi > 0.5);
}

/* Also where the table once had more, and where hardly any draw finds a page. */
static void test_even(void **state)
{
	u64 seed;

	(void)state;
	for (seed = 0; seed < 4; seed++) {
		even(seed, 10);
		even(seed, 17);
		even(seed, 80);
		even(seed, 10000);
	}
}

/* Pages come and go in any order: what is drawn is charged, and all are drawn at last. */
static void test_any_order(void **state)
{
	bool in[PAGES] = { false };
	u64 count = 0, key;
	u32 i, x = 12345;

	(void)state;
	begin(7, 0, PAGES);
	for (i = 0; i < 20000; i++) {
		x = x * 1664525 + 1013904223;
		key = (x >> 8) % PAGES;
		if (i % 500 == 499) {
			/* Nearly empty, and up again. */
			while (count > 2) {
				key = evict();
				assert_true(in[key]);
				in[key] = false;
				count--;
			}
		} else if (in[key]) {
			nptb_policy_forget(&policy, &pages[key]);
			pages[key].tag = NPTB_TAG_NONE;
			in[key] = false;
			count--;
		} else {
			charge(key);
			in[key] = true;
			count++;
		}
		assert_int_equal(policy.count, count);
	}
	while (count--)
		in[evict()] = false;
	for (i = 0; i < PAGES; i++)
		assert_false(in[i]);
	assert_true(nptb_ring_empty(policy.table.slots, NPTB_SLOT_RING));
	assert_null(nptb_policy_victim(&policy));
	end();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_even),
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests_name("policy_random", tests, NULL, NULL);
}
