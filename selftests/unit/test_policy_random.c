// SPDX-License-Identifier: GPL-2.0-only
/* module/set/policy/random.c: every page as likely, the same dice for a seed. */
#include "unit.h"

#include "set/policy.h"
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

static struct nptb_page pages[PAGES];
static struct nptb_policy policy;

static void charge(u64 key)
{
	memset(&pages[key], 0xa5, sizeof(pages[key]));
	pages[key].key = key;
	nptb_policy_charge(&policy, &pages[key]);
}

static u64 evict(void)
{
	struct nptb_page *page = nptb_policy_victim(&policy);

	assert_non_null(page);
	nptb_policy_forget(&policy, page);
	return page->key;
}

static void begin(u64 seed, u64 count)
{
	u64 i;

	nptb_policy_init(&policy, &nptb_policy_random, NULL, NULL);
	nptb_policy_seed(&policy, seed);
	for (i = 0; i < count; i++)
		charge(i);
}

static u64 checksum(u64 seed)
{
	u64 sum = 0;
	u32 i;

	begin(seed, 100);
	for (i = 0; i < 1000; i++) {
		u64 key = evict();

		sum = sum * 31 + key;
		charge(key);
	}
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
 * Chi-squared over which of 10 pages goes, wherever in the tree it is: 9
 * degrees of freedom, below 27.9 with a probability of 0.999.
 */
static void test_even(void **state)
{
	const u32 n = 10, draws = 20000;
	u64 seed;

	(void)state;
	for (seed = 0; seed < 4; seed++) {
		u64 seen[10] = { 0 };
		double chi = 0, want = draws / (double)n;
		u32 i;

		begin(seed, n);
		for (i = 0; i < draws; i++) {
			u64 key = evict();

			seen[key]++;
			charge(key);
		}
		for (i = 0; i < n; i++)
			chi += (seen[i] - want) * (seen[i] - want) / want;
		assert_true(chi < 27.9);
		assert_true(chi > 0.5);
	}
}

/* Nodes of the tree below @page, whose parent must be @up. */
static u64 nodes(const struct nptb_page *page, const struct nptb_page *up)
{
	if (!page)
		return 0;
	assert_ptr_equal(page->up, up);
	return 1 + nodes(page->down[0], page) + nodes(page->down[1], page);
}

/* Pages come and go in any order: the tree holds what the ring holds. */
static void test_tree(void **state)
{
	bool in[PAGES] = { false };
	u64 count = 0;
	u32 i, x = 12345;

	(void)state;
	begin(7, 0);
	for (i = 0; i < 20000; i++) {
		u64 key;

		x = x * 1664525 + 1013904223;
		key = (x >> 8) % PAGES;
		if (i % 500 == 499) {
			/* Nearly empty, and up again. */
			while (count > 2) {
				in[evict()] = false;
				count--;
			}
		} else if (in[key]) {
			nptb_policy_forget(&policy, &pages[key]);
			in[key] = false;
			count--;
		} else {
			charge(key);
			in[key] = true;
			count++;
		}
		assert_int_equal(policy.count, count);
		if (i % 16 == 0)
			assert_int_equal(nodes(policy.root, NULL), count);
	}
	while (count--)
		in[evict()] = false;
	for (i = 0; i < PAGES; i++)
		assert_false(in[i]);
	assert_null(policy.root);
	assert_true(nptb_ring_empty(&policy.ring));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_even),
		cmocka_unit_test(test_tree),
	};

	return cmocka_run_group_tests_name("policy_random", tests, NULL, NULL);
}
