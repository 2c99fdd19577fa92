// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pure files together: a VM of two vCPUs under a budget, with a set of
 * pages for KVM, run the way fault.c and room.c run it. Which fault confirms a
 * loop is the point, and that nothing is ever over budget.
 */
#include "unit.h"

#include "loop/record.h"
#include "set/room.h"
#include "pages.h"

#define VCPUS	2
#define PAGES	128

struct sim {
	struct nptb_rset set;
	struct nptb_shield shield[VCPUS];
	struct nptb_attempt attempt[VCPUS];
	u64 progress[VCPUS];
	bool mapped[PAGES];
	u64 leaves, limit, attempts;
};

static bool not_young(void *ctx, u64 key)
{
	(void)ctx;
	(void)key;
	return false;
}

static void sim_init(struct sim *s, const char *policy, u64 limit)
{
	u32 i;

	memset(s, 0, sizeof(*s));
	s->limit = limit;
	unit_set_init(&s->set, 2, VCPUS + PAGES);
	nptb_policy_init(&s->set.policy, nptb_policy_find(policy), not_young,
			 NULL);
	for (i = 0; i < VCPUS; i++)
		assert_true(nptb_rset_new_shield(&s->set, &s->shield[i]));
}

static void sim_exit(struct sim *s)
{
	u32 i;

	for (i = 0; i < VCPUS; i++)
		nptb_rset_settle(&s->set, &s->shield[i]);
	unit_drain(&s->set);
	unit_set_exit(&s->set);
}

static void unmap(struct sim *s, u64 key)
{
	s->leaves -= s->mapped[key];
	s->mapped[key] = false;
}

static void account(struct sim *s, u32 vcpu)
{
	struct nptb_attempt *attempt = &s->attempt[vcpu];

	if (attempt->number && attempt->state.rip == s->progress[vcpu])
		return;
	attempt->state.rip = s->progress[vcpu];
	attempt->state.vector = -1;
	nptb_rset_settle(&s->set, &s->shield[vcpu]);
	nptb_attempt_begin(attempt, ++s->attempts);
}

static struct nptb_page *choose(struct sim *s, u32 vcpu)
{
	struct nptb_page *page = nptb_rset_victim(&s->set);

	if (page || s->set.count > s->shield[vcpu].count)
		return page;
	page = nptb_rset_own_victim(&s->set, &s->shield[vcpu]);
	nptb_attempt_evicted(&s->attempt[vcpu], nptb_page_key(page), s->limit);
	return page;
}

static bool make_room(struct sim *s, u32 vcpu)
{
	while (nptb_room(&s->set, s->leaves, 0, 1, s->limit) != NPTB_ROOM_YES) {
		struct nptb_page *page = choose(s, vcpu);

		if (!page)
			return false;
		unmap(s, nptb_page_key(page));
	}
	return true;
}

enum outcome { DEFERRED, MAPPED, LAP };

static enum outcome fault(struct sim *s, u32 vcpu, u64 key)
{
	bool lap, room;

	account(s, vcpu);
	room = make_room(s, vcpu);
	nptb_attempt_admitted(&s->attempt[vcpu], room);
	if (!room)
		return DEFERRED;
	lap = nptb_attempt_fault(&s->attempt[vcpu], key, NPTB_ROLE_READ);
	s->mapped[key] = true;
	s->leaves++;
	assert_in_range(s->leaves, 1, s->limit);
	nptb_rset_give(&s->set, key, true, &s->shield[vcpu]);
	return lap ? LAP : MAPPED;
}

/*
 * Rows of words:
 *   0a     vCPU 0 touches page a: no fault, or one that ends no lap
 *   0a!    it faults, and that ends a lap
 *   0a~    it faults, and has to come again
 *   0/     vCPU 0 makes progress
 *   >a     KVM takes page a away, and tells nobody
 *   L3     the budget is 3 now
 *   =ab    mapped are a and b, no others
 */
static const struct {
	u64 budget;
	const char *script;
} vms[] = {
	/* add [mem], reg: the question that started it all. */
	{ 2, "0c 0d 0c 0d =cd 0/ 0c 0e =de 0c =ce 0/ 0c 0f =cf" },
	{ 1, "0c 0d 0c! 0d 0c! 0d 0c! =c" },
	{ 2, "0a 0b 0c =bc 0a! 0b 0c 0a! =ca" },
	{ 3, "0a 0b 0c 0d =bcd 0a! 0b 0c 0d 0a!" },
	/* Progress each time: much faulting, no loop. */
	{ 1, "0a 0/ 0b 0/ 0a 0/ 0b 0/ 0a =a" },
	{ 2, "0a 0b 0/ 0c 0a 0/ 0b 0c 0/ 0a 0b =ab" },
	/* What earlier attempts got goes before the attempt's own. */
	{ 3, "0a 0b 0c 0/ 0d =bcd 0e =cde 0f =def 0d 0e 0f" },
	{ 3, "0a 0b 0c 0/ 0d 0e 0f 0g =efg 0d! =dfg" },
	/* Another vCPU's page: wait for it, evict no page of the attempt. */
	{ 1, "0a 1b~ 1b~ 0/ 1b~ =a" },
	{ 1, "0a 1b~ 0/ 0c 0/ 1b~ =c" },
	{ 2, "0a 1b 0c~ 1c~ =ab 0/ 0c =bc 1b 0c" },
	/* It made progress: its pages go first, and nobody loops. */
	{ 3, "0a 0b 1c 1/ 1d =abd 0a 0b 1/ 1e =abe" },
	/* Others' evictions never confirm: a comes back, but not by own fault. */
	{ 2, "0a 0b >a 0a >a 0a >b 0b =ab" },
	{ 2, "0a >a 0a >a 0a >a 0a =a" },
	{ 3, "0a 0b 1c 0/ 0d 1a >d >a 0d 1a =acd" },
	/* A smaller budget makes a loop, a larger one ends it. */
	{ 2, "0a 0b L1 0c 0b! L3 0c 0a =abc 0a 0b 0c" },
	/* Leaves that KVM took away are no room twice. */
	{ 2, "0a 0b 0/ >a 0c =bc 0/ 0d =cd" },
};

static void bad(const char *script, const char *word, const char *got)
{
	fail_msg("\"%s\": at \"%s\": got \"%s\"", script, word, got);
}

static void touch(struct sim *s, const char *script, const char *word)
{
	static const char * const said[] = { "~", "", "!" };
	enum outcome outcome = MAPPED;
	u32 vcpu = word[0] - '0';

	if (word[1] == '/') {
		s->progress[vcpu]++;
		return;
	}
	if (!s->mapped[(u8)word[1]])
		outcome = fault(s, vcpu, word[1]);
	if (strcmp(said[outcome], word + 2))
		bad(script, word, said[outcome]);
}

static void play(struct sim *s, const char *script, const char *word)
{
	char got[PAGES], *at = got;
	u32 i;

	switch (word[0]) {
	case '>':
		unmap(s, word[1]);
		return;
	case 'L':
		s->limit = atoi(word + 1);
		return;
	case '=':
		for (i = 0; i < PAGES; i++)
			if (s->mapped[i])
				*at++ = i;
		*at = '\0';
		/* In the order of the alphabet on both sides. */
		for (i = 1; word[i]; i++)
			if (!strchr(got, word[i]))
				bad(script, word, got);
		if (strlen(got) != strlen(word + 1))
			bad(script, word, got);
		return;
	}
	touch(s, script, word);
}

static void play_all(const char *policy)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vms); i++) {
		char *words = strdup(vms[i].script), *rest = words, *word;
		struct sim s;

		sim_init(&s, policy, vms[i].budget);
		while ((word = strsep(&rest, " ")))
			play(&s, vms[i].script, word);
		sim_exit(&s);
		free(words);
	}
}

static void test_vms(void **state)
{
	(void)state;
	play_all("fifo");
	play_all("clock");
}

/*
 * An instruction that touches @need pages in turn, all at once needed: under
 * @budget it loops exactly where they do not fit, and the fault that confirms
 * it is the first page's second; from then on each round is a lap.
 */
static void one_instruction(u64 need, u64 budget)
{
	struct sim s;
	u64 round, key;

	sim_init(&s, "fifo", budget);
	for (round = 0; round < 4; round++)
		for (key = 0; key < need; key++) {
			enum outcome outcome = MAPPED;

			if (!s.mapped[key])
				outcome = fault(&s, 0, key);
			assert_int_equal(outcome, need > budget && round && !key ?
					 LAP : MAPPED);
		}
	assert_int_equal(s.attempt[0].laps, need > budget ? 3 : 0);
	sim_exit(&s);
}

static void test_fits_or_loops(void **state)
{
	u64 need, budget;

	(void)state;
	for (need = 1; need <= 70; need++)
		for (budget = 1; budget <= 72; budget++)
			one_instruction(need, budget);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vms),
		cmocka_unit_test(test_fits_or_loops),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
