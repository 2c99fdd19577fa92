// SPDX-License-Identifier: GPL-2.0-only
/* module/set/policy/lru.c: the order of last use, and how near to it that comes. */
#include "unit.h"

#include "pages.h"
#include "script.h"

static const struct unit_script uses[] = {
	{ "nothing charged asks nobody", "?- y" },
	{ "none accessed: fifo", "0a 0b 0c 0. ?a ?b ?c ?-" },
	{ "all are looked at, the victim once more", "0a 0b 0c 0. ?a yabca" },
	{ "used: newest", "0a 0b 0c 0. !a ?b =ca ?c ?a ?-" },
	{ "the last use counts", "0a 0b 0c 0. !a ?b !c ?a =c" },
	{ "in one round older stays older", "0a 0b 0c 0d 0. !ca ?b =dac" },
	{ "all used: fifo", "0a 0b 0c 0. !abc ?a =bc yabca" },
	{ "the only page", "0a 0. !a ?a yaa" },
	{ "given anew is newest", "0a 0b 0. 0a 0. ?b ?a" },
	{ "a shielded page is not asked", "0a 0b 0. 1c !abc ?a yaba 1=c" },
	{ "eight looks a victim, then on from there",
	  "0a 0b 0c 0d 0e 0f 0g 0h 0i 0j 0. ?a yabcdefgha ?b yijbcdefgb" },
	{ "used behind the hand: passed over at the old end",
	  "0a 0b 0c 0d 0e 0f 0g 0h 0i 0j 0k 0l 0m 0n 0o 0p 0q 0. ?a yabcdefgha !bc ?d "
	  "yijklmnopbcd" },
	{ "a hole where the hand is",
	  "0a 0b 0c 0d 0e 0f 0g 0h 0i 0j 0. ?a yabcdefgha xi ?b yjbcdefghb" },
	{ "all behind the hand gone",
	  "0a 0b 0c 0d 0e 0f 0g 0h 0i 0j 0. ?a yabcdefgha xi xj ?b ybcdefghb" },
	{ "from another policy and back", "0a 0b 0. fifo 1c 1. lru =abc !a ?b ?c ?a ?-" },
};

static void test_uses(void **state)
{
	(void)state;
	unit_scripts("lru", uses, ARRAY_SIZE(uses));
}

#define PAGES	4096

/* A set that a reference string runs through; what is in it is in @in. */
struct memory {
	struct nptb_policy policy;
	struct nptb_page *pages;
	bool in[PAGES];
	bool accessed[PAGES];
	u64 misses;
};

static bool young(void *ctx, u64 key)
{
	struct memory *m = ctx;
	bool was = m->accessed[key];

	m->accessed[key] = false;
	return was;
}

/* @exact: the policy is told of hits, too, as no policy is in real life. */
static void reference(struct memory *m, u64 key, u64 budget, bool exact)
{
	struct nptb_page *page = &m->pages[key];

	if (m->in[key]) {
		m->accessed[key] = true;
		if (!exact)
			return;
		nptb_policy_forget(&m->policy, page);
		nptb_policy_charge(&m->policy, page);
		return;
	}
	m->misses++;
	if (m->policy.count == budget) {
		struct nptb_page *victim = nptb_policy_victim(&m->policy);

		nptb_policy_forget(&m->policy, victim);
		m->in[nptb_page_key(victim)] = false;
	}
	m->in[key] = true;
	m->accessed[key] = true;
	nptb_policy_charge(&m->policy, page);
}

static u64 dice_state;

static u32 dice(u32 sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (dice_state >> 16) % sides;
}

/* Few pages often, many seldom: a rank that doubles with each throw. */
static u64 skewed(u32 step)
{
	u64 span = 4;

	(void)step;
	while (span < PAGES && dice(100) < 70)
		span *= 2;
	return dice(span);
}

/* A window of 200 pages that moves on by one every 50 references. */
static u64 moving(u32 step)
{
	return (step / 50 + dice(200)) % PAGES;
}

/* One scan through 1000 pages in four references, else 40 pages. */
static u64 scanning(u32 step)
{
	return step % 4 ? dice(40) : 40 + step / 4 % 1000;
}

static u64 run(const struct nptb_policy_ops *ops, u64 (*next)(u32), u64 budget,
	       bool exact)
{
	struct memory *m = calloc(1, sizeof(*m));
	u64 misses;
	u32 step;

	dice_state = 0x9e3779b97f4a7c15ULL;
	m->pages = unit_pages(&m->policy, PAGES);
	nptb_policy_init(&m->policy, ops, young, m);
	for (step = 0; step < 100000; step++)
		reference(m, next(step), budget, exact);
	misses = m->misses;
	unit_pages_free(&m->policy);
	free(m);
	return misses;
}

/*
 * Misses beside those of true LRU, which is fifo that is told of every hit, on
 * the same strings. What is demanded is somewhat more than what was seen; that
 * of fifo, which looks at no bit, is what has to be beaten.
 */
static void test_near_lru(void **state)
{
	static const struct {
		const char *name;
		u64 (*next)(u32 step);
		u64 budget;
		u32 percent;	/* of true LRU's misses, at most */
	} cases[] = {
		{ "skewed", skewed, 8, 102 },
		{ "skewed", skewed, 64, 103 },
		{ "skewed", skewed, 512, 103 },
		{ "moving", moving, 256, 101 },
		{ "scanning", scanning, 64, 107 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 budget = cases[i].budget;
		u64 lru = run(&nptb_policy_lru, cases[i].next, budget, false);
		u64 exact = run(&nptb_policy_fifo, cases[i].next, budget, true);
		u64 fifo = run(&nptb_policy_fifo, cases[i].next, budget, false);

		print_message("# %s, %llu pages: lru %llu misses, true LRU %llu, fifo %llu\n",
			      cases[i].name, (unsigned long long)budget,
			      (unsigned long long)lru, (unsigned long long)exact,
			      (unsigned long long)fifo);
		assert_true(lru * 100 <= exact * cases[i].percent);
		assert_true(lru <= fifo);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_near_lru),
	};

	return cmocka_run_group_tests_name("policy_lru", tests, NULL, NULL);
}
