// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/set/contention.c, with vCPUs of a model: each needs as many pages at once as the
 * budget has, so that only one can get on at a time. Every one has to get on
 * within so many ticks, also where another holds on to pages for ever.
 */
#include "unit.h"

#include "set/contention.h"

#define NR_MAX	8
#define BUDGET	4
#define TICKS	4000
/* Ticks from one lap to the next, for each vCPU that is there; 6 are needed. */
#define PER_VCPU 8

/* @last: tick in which it last had all its pages at once */
struct model_vcpu {
	struct nptb_turn turn;
	struct nptb_shield shield;
	unsigned long last;
};

/*
 * @idle: vCPU 0 gets a page and is not seen again, as one that halts
 * @faults: of each vCPU in a tick; one more than BUDGET is all that a lap takes
 */
struct model {
	u32 vcpus;
	bool idle;
	u32 faults;
	u32 free;
	unsigned long ticks;
	struct nptb_turns turns;
	struct model_vcpu v[NR_MAX];
};

static u32 seed;

static u32 dice(u32 sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

static void settle(struct model *m, struct nptb_shield *shield)
{
	m->free += shield->count;
	shield->count = 0;
}

/* The instruction is done, and the next one faults. */
static void lap(struct model *m, struct model_vcpu *v)
{
	settle(m, &v->shield);
	nptb_turn_end(&v->turn);
	v->last = m->ticks;
}

/* As room.c handles it. */
static void fault(struct model *m, struct model_vcpu *v, unsigned long start)
{
	struct nptb_turn *broken;

	if (v->shield.count == BUDGET)
		lap(m, v);
	if (!m->free) {
		broken = nptb_turns_take(&m->turns, &v->turn, start + m->ticks);
		if (!broken)
			return;
		assert_ptr_not_equal(broken, &v->turn);
		assert_true(broken->shield->count);
		settle(m, broken->shield);
	}
	m->free--;
	v->shield.count++;
}

static void check(const struct model *m)
{
	u64 pages = m->free;
	u32 i;

	for (i = 0; i < m->vcpus; i++) {
		const struct model_vcpu *v = &m->v[i];

		pages += v->shield.count;
		if (m->idle && !i)
			continue;
		if (m->ticks - v->last > PER_VCPU * m->vcpus)
			fail_msg("%u vCPUs, %u faults a tick%s: vCPU %u waits at %lu, since %lu",
				 m->vcpus, m->faults, m->idle ? ", one idle" : "",
				 i, m->ticks, v->last);
	}
	assert_int_equal(pages, BUDGET);
}

/* Each in its turn, but whose is the first differs. */
static void one_each(struct model *m, unsigned long start)
{
	u32 first = dice(m->vcpus), i;

	for (i = 0; i < m->vcpus; i++) {
		u32 v = (first + i) % m->vcpus;

		if (v || !m->idle)
			fault(m, &m->v[v], start);
	}
}

static void run(struct model *m, unsigned long start)
{
	u32 i;

	m->free = BUDGET;
	for (i = 0; i < m->vcpus; i++) {
		m->v[i].shield = (struct nptb_shield){ 0 };
		nptb_turns_add(&m->turns, &m->v[i].turn, &m->v[i].shield);
	}
	if (m->idle)
		fault(m, &m->v[0], start);
	for (m->ticks = 0; m->ticks < TICKS; m->ticks++) {
		for (i = 0; i < m->faults; i++)
			one_each(m, start);
		check(m);
	}
}

static void test_fair(void **state)
{
	static const u32 faults[] = { BUDGET + 1, 13, 100 };
	u32 vcpus, i;

	(void)state;
	for (vcpus = 2; vcpus <= NR_MAX; vcpus++) {
		for (i = 0; i < 2 * ARRAY_SIZE(faults); i++) {
			struct model m = {
				.vcpus = vcpus, .idle = i & 1,
				.faults = faults[i / 2],
			};

			/* The ticks wrap half way. */
			seed = i;
			run(&m, -1UL - TICKS / 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fair),
	};

	return cmocka_run_group_tests_name("contention, a model", tests, NULL, NULL);
}
