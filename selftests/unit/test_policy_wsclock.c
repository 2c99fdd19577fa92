// SPDX-License-Identifier: GPL-2.0-only
/* module/set/policy/wsclock.c: the working set by age in evictions. */
#include "unit.h"

#include "pages.h"
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
	size_t i;
	u64 j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nptb_policy policy;
		struct nptb_page *pages = unit_pages(&policy, cases[i].pages);
		u64 asked = 0;

		nptb_policy_init(&policy, &nptb_policy_wsclock, unit_always_young, &asked);
		for (j = 0; j < cases[i].pages; j++)
			nptb_policy_charge(&policy, &pages[j]);
		assert_int_equal(nptb_page_key(nptb_policy_victim(&policy)), 0);
		assert_int_equal(asked, cases[i].asked);
		unit_pages_free(&policy);
	}
}

#define WRAP_PAGES	64
#define WRAP_BUDGET	40

static bool accessed[WRAP_PAGES];

static bool young(void *ctx, u64 key)
{
	bool was = accessed[key];

	(void)ctx;
	accessed[key] = false;
	return was;
}

/* The victims of a run that begins at @now, as a checksum. */
static u64 victims(u32 now, u32 seed)
{
	struct nptb_policy policy;
	struct nptb_page *pages = unit_pages(&policy, WRAP_PAGES);
	bool in[WRAP_PAGES] = { false };
	u64 sum = 0;
	u32 i;

	memset(accessed, 0, sizeof(accessed));
	nptb_policy_init(&policy, &nptb_policy_wsclock, young, NULL);
	policy.now = now;
	for (i = 0; i < 4000; i++) {
		u64 key;

		seed = seed * 1664525 + 1013904223;
		/* Few pages are left: no use of theirs is recent then. */
		if (i % 128 == 127)
			for (key = 0; key < WRAP_PAGES && policy.count > 5; key++) {
				if (in[key])
					nptb_policy_forget(&policy, &pages[key]);
				in[key] = false;
			}
		/* Half of them are used far more often. */
		key = (seed >> 8) % (seed >> 30 ? WRAP_PAGES / 2 : WRAP_PAGES);
		accessed[key] = true;
		if (in[key])
			continue;
		if (policy.count == WRAP_BUDGET || (policy.count && i % 16 == 0)) {
			struct nptb_page *page = nptb_policy_victim(&policy);

			nptb_policy_forget(&policy, page);
			in[nptb_page_key(page)] = false;
			sum = sum * 31 + nptb_page_key(page);
		}
		in[key] = true;
		nptb_policy_charge(&policy, &pages[key]);
	}
	/* Time has wrapped around where it was to. */
	assert_true(policy.now - now > 200);
	unit_pages_free(&policy);
	return sum;
}

/* Time has 32 bits: when it wraps around nobody notices. */
static void test_wraps(void **state)
{
	u32 x, before;

	(void)state;
	for (x = 1; x < 4; x++) {
		u64 want = victims(0, x);

		for (before = 1; before < 200; before += 2)
			assert_true(victims(-before, x) == want);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_wraps),
	};

	return cmocka_run_group_tests_name("policy_wsclock", tests, NULL, NULL);
}
