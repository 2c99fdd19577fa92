// SPDX-License-Identifier: GPL-2.0-only
/*
 * Going from one policy to another a few pages at a time, with everything else
 * going on in between: no page is lost or charged twice, a step charges no more
 * than it is told, and where order is all that counts the switch does not show.
 */
#include "unit.h"

#include "pages.h"

#define PAGES	64
#define STEPS	40000

static u64 seed;
static u32 charged;

/* xorshift64: the same on every machine. */
static u32 dice(u32 sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 16) % sides;
}

static bool young(void *ctx, u64 key)
{
	(void)ctx;
	(void)key;
	return !dice(3);
}

static void count_charge(struct nptb_policy *policy, struct nptb_page *page)
{
	charged++;
	nptb_policy_add(policy, page);
}

/* As fifo, but it says what it was charged with. */
static const struct nptb_policy_ops counting = {
	.name = "counting",
	.charge = count_charge,
};

/* What is charged, oldest first. */
struct model {
	struct nptb_page *page[PAGES];
	u32 count;
};

static void cut(struct model *m, u32 at)
{
	memmove(&m->page[at], &m->page[at + 1],
		(--m->count - at) * sizeof(m->page[0]));
}

static u32 index_of(const struct model *m, const struct nptb_page *page)
{
	u32 i;

	for (i = 0; i < m->count && m->page[i] != page; i++)
		;
	return i;
}

static void compare_order(const struct nptb_policy *policy,
			  const struct model *m)
{
	u64 keys[2 * PAGES];
	u32 n = unit_ring(&policy->table, NPTB_SLOT_RING, keys, PAGES), i;

	n += unit_ring(&policy->table, NPTB_SLOT_PENDING, &keys[n], PAGES);
	assert_int_equal(n, m->count);
	for (i = 0; i < m->count; i++)
		assert_int_equal(keys[i], nptb_page_key(m->page[i]));
}

static void forget(struct nptb_policy *policy, struct nptb_page *page)
{
	nptb_policy_forget(policy, page);
	page->tag = NPTB_TAG_NONE;
}

/* @ordered: all policies are first in, first out. */
static void step(struct nptb_policy *policy, struct model *m,
		 struct nptb_page *pages, bool ordered)
{
	u32 what = dice(100), i = dice(PAGES);
	struct nptb_page *page = &pages[i];

	if (what < 50) {
		if (index_of(m, page) == m->count) {
			nptb_policy_charge(policy, page);
			m->page[m->count++] = page;
		}
	} else if (what < 65) {
		i = index_of(m, page);
		if (i < m->count) {
			forget(policy, page);
			cut(m, i);
		}
	} else if (what < 85) {
		page = nptb_policy_victim(policy);
		assert_int_equal(!page, !m->count);
		if (!page)
			return;
		i = index_of(m, page);
		assert_true(i < m->count);
		if (ordered)
			assert_int_equal(i, 0);
		forget(policy, page);
		cut(m, i);
	} else if (what < 88) {
		nptb_policy_begin_switch(policy, ordered ? &counting :
					 nptb_policies[dice(7)]);
		assert_int_equal(policy->count, 0);
	} else {
		i = dice(5);
		charged = 0;
		nptb_policy_switch_some(policy, i);
		assert_in_range(charged, 0, i);
	}
}

static void run(bool ordered)
{
	struct nptb_policy policy;
	struct nptb_page *pages = unit_pages(&policy, PAGES);
	struct model m = { .count = 0 };
	u32 i, under_way = 0;

	nptb_policy_init(&policy, &nptb_policy_fifo, young, NULL);
	for (i = 0; i < STEPS; i++) {
		step(&policy, &m, pages, ordered);
		under_way += nptb_policy_switching(&policy);
		if (ordered)
			compare_order(&policy, &m);
		else if (!nptb_policy_switching(&policy))
			assert_int_equal(policy.count, m.count);
	}
	assert_true(under_way > STEPS / 20);
	while (nptb_policy_switch_some(&policy, 1))
		;
	assert_int_equal(policy.count, m.count);
	unit_pages_free(&policy);
}

static void test_in_order(void **state)
{
	(void)state;
	seed = 1;
	run(true);
}

static void test_all_policies(void **state)
{
	(void)state;
	for (seed = 1; seed < 5; seed++) {
		u64 kept = seed;

		run(false);
		seed = kept;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_all_policies),
	};

	return cmocka_run_group_tests_name("policy_switch", tests, NULL, NULL);
}
