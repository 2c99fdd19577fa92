// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resident set against a naive model of it: arrays in place of rings and
 * hashes, the same random operations on both, all compared after each.
 */
#include "unit.h"

#include "pages.h"

#define PAGES		48
#define VCPUS		4
#define STEPS		20000
#define SEEDS		8
#define HAND_MAX	32

struct row {
	u64 keys[PAGES];
	u32 count;
};

/* The rows of the model: one per vCPU's shield, the last is the policy's. */
struct model {
	struct row rows[VCPUS + 1];
	bool accessed[PAGES];
	bool clock;
};

struct real {
	struct nptb_rset set;
	struct nptb_shield shields[VCPUS];
	bool accessed[PAGES];
};

static u64 seed;

/* xorshift64: the same on every machine. */
static u32 dice(u32 sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 16) % sides;
}

/* Index to key: both address spaces, frames far apart. */
static u64 key_of(u32 index)
{
	return nptb_key(index & 1, (u64)index << 20 | index);
}

static u32 index_of(u64 key)
{
	return nptb_key_gfn(key) & 0xfffff;
}

static void append(struct row *row, u64 key)
{
	row->keys[row->count++] = key;
}

static void cut(struct row *row, u32 at)
{
	memmove(&row->keys[at], &row->keys[at + 1],
		(--row->count - at) * sizeof(row->keys[0]));
}

/* Where a key is: the row, or -1. */
static int row_of(const struct model *m, u64 key, u32 *at)
{
	int row;

	for (row = 0; row <= VCPUS; row++)
		for (*at = 0; *at < m->rows[row].count; ++*at)
			if (m->rows[row].keys[*at] == key)
				return row;
	return -1;
}

static void model_take(struct model *m, u64 key)
{
	u32 at;
	int row = row_of(m, key, &at);

	assert_int_not_equal(row, -1);
	cut(&m->rows[row], at);
}

static void model_give(struct model *m, u64 key, u32 vcpu)
{
	u32 at;
	int row = row_of(m, key, &at);

	if (row >= 0)
		cut(&m->rows[row], at);
	append(&m->rows[vcpu], key);
}

static void model_settle(struct model *m, u32 vcpu)
{
	u32 i;

	for (i = 0; i < m->rows[vcpu].count; i++)
		append(&m->rows[VCPUS], m->rows[vcpu].keys[i]);
	m->rows[vcpu].count = 0;
}

/* The key of the policy's victim, taken; @none where there is none. */
static u64 model_victim(struct model *m, u64 none)
{
	struct row *row = &m->rows[VCPUS];
	u64 key;
	u32 i;

	if (!row->count)
		return none;
	for (i = 0; m->clock && i < HAND_MAX; i++) {
		key = row->keys[0];
		if (!m->accessed[index_of(key)])
			break;
		m->accessed[index_of(key)] = false;
		cut(row, 0);
		append(row, key);
	}
	key = row->keys[0];
	cut(row, 0);
	return key;
}

static bool young(void *ctx, u64 key)
{
	struct real *r = ctx;
	bool was = r->accessed[index_of(key)];

	r->accessed[index_of(key)] = false;
	return was;
}

static void real_give(struct real *r, u64 key, u32 vcpu)
{
	bool new = !nptb_rset_find(&r->set, key);

	assert_int_equal(nptb_rset_give(&r->set, key, true, &r->shields[vcpu]), new);
}

static u64 key_of_page(const struct nptb_page *page, u64 none)
{
	return page ? nptb_page_key(page) : none;
}

/* Begin to move to another hash, or go on with it: all else goes on meanwhile. */
static void real_rehash(struct real *r, u32 bits)
{
	if (!r->set.old)
		nptb_rset_begin_rehash(&r->set,
				       calloc(1u << bits, sizeof(*r->set.heads)),
				       bits);
	else
		free(nptb_rset_rehash_some(&r->set, 1 + bits));
}

static void both_charge(struct real *r, struct model *m, u64 key)
{
	u32 at;

	assert_int_equal(nptb_rset_charge(&r->set, key, true), row_of(m, key, &at) < 0);
	if (row_of(m, key, &at) < 0)
		append(&m->rows[VCPUS], key);
}

static void both_take(struct real *r, struct model *m, u64 key)
{
	struct nptb_page *page = nptb_rset_find(&r->set, key);
	u32 at;

	assert_int_equal(!page, row_of(m, key, &at) < 0);
	if (!page)
		return;
	nptb_rset_take(&r->set, page);
	assert_int_equal(key_of_page(page, 0), key);
	model_take(m, key);
}

static void both_own_victim(struct real *r, struct model *m, u32 vcpu)
{
	struct row *row = &m->rows[vcpu];
	u64 want = row->count ? row->keys[0] : ~0ULL;

	struct nptb_page *page = nptb_rset_own_victim(&r->set, &r->shields[vcpu]);

	assert_int_equal(key_of_page(page, ~0ULL), want);
	if (row->count)
		cut(row, 0);
}

static void step(struct real *r, struct model *m)
{
	u32 index = dice(PAGES), vcpu = dice(VCPUS), what = dice(100);
	u64 key = key_of(index);

	if (what < 36) {
		real_give(r, key, vcpu);
		model_give(m, key, vcpu);
	} else if (what < 40) {
		both_charge(r, m, key);
	} else if (what < 55) {
		nptb_rset_settle(&r->set, &r->shields[vcpu]);
		model_settle(m, vcpu);
	} else if (what < 70) {
		assert_int_equal(key_of_page(nptb_rset_victim(&r->set), ~0ULL),
				 model_victim(m, ~0ULL));
	} else if (what < 75) {
		both_own_victim(r, m, vcpu);
	} else if (what < 80) {
		both_take(r, m, key);
	} else if (what < 94) {
		r->accessed[index] = true;
		m->accessed[index] = true;
	} else if (what < 98) {
		real_rehash(r, dice(8));
	} else if (what < 99) {
		unit_set_grow(&r->set, dice(8) ? 0 : 1);
	} else {
		m->clock = dice(2);
		nptb_policy_switch(&r->set.policy, m->clock ?
				   &nptb_policy_clock : &nptb_policy_fifo);
	}
}

static void compare_row(struct real *r, u32 head, u64 count,
			const struct row *row, int vcpu)
{
	u64 keys[PAGES];
	u32 n = unit_ring(&r->set.policy.table, head, keys, PAGES), i;

	assert_int_equal(count, row->count);
	assert_int_equal(n, row->count);
	for (i = 0; i < n; i++) {
		struct nptb_page *page = nptb_rset_find(&r->set, keys[i]);

		assert_int_equal(keys[i], row->keys[i]);
		assert_ptr_equal(nptb_rset_shield_of(&r->set, page),
				 vcpu >= 0 ? &r->shields[vcpu] : NULL);
	}
}

static void compare(struct real *r, const struct model *m)
{
	u32 total = 0, i;

	for (i = 0; i < VCPUS; i++) {
		compare_row(r, r->shields[i].ring, r->shields[i].count,
			    &m->rows[i], i);
		total += m->rows[i].count;
	}
	compare_row(r, NPTB_SLOT_RING, r->set.policy.count,
		    &m->rows[VCPUS], -1);
	assert_int_equal(r->set.count, total + m->rows[VCPUS].count);
	assert_memory_equal(r->accessed, m->accessed, sizeof(r->accessed));
}

static void run(u64 with)
{
	struct real real = { 0 };
	struct model model = { 0 };
	u32 i;

	seed = with;
	unit_set_init(&real.set, 0, PAGES + VCPUS);
	nptb_policy_init(&real.set.policy, &nptb_policy_fifo, young, &real);
	for (i = 0; i < VCPUS; i++)
		assert_true(nptb_rset_new_shield(&real.set, &real.shields[i]));
	for (i = 0; i < STEPS; i++) {
		step(&real, &model);
		compare(&real, &model);
	}
	for (i = 0; i < VCPUS; i++)
		nptb_rset_settle(&real.set, &real.shields[i]);
	unit_drain(&real.set);
	assert_int_equal(real.set.count, 0);
	unit_set_exit(&real.set);
}

static void test_against_model(void **state)
{
	u64 i;

	(void)state;
	for (i = 1; i <= SEEDS; i++)
		run(i * 0x9e3779b97f4a7c15ULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
	};

	return cmocka_run_group_tests_name("rset_model", tests, NULL, NULL);
}
