// SPDX-License-Identifier: GPL-2.0-only
/* module/x86/walk.c: all paging modes, and tables that lead nowhere. */
#include "guestmem.h"

#define PG	(1ULL << 31)
#define PSE	(1ULL << 4)
#define PAE	(1ULL << 5)
#define LA57	(1ULL << 12)
#define LMA	(1ULL << 10)
#define P	1ULL
#define PS	(1ULL << 7)
#define NX	(1ULL << 63)

static struct guestmem mem;

static struct nptb_walk walk(u64 cr0, u64 cr3, u64 cr4, u64 efer, u64 linear)
{
	struct nptb_state state = { .cr0 = cr0, .cr3 = cr3, .cr4 = cr4, .efer = efer };
	struct nptb_walk w;

	memset(&w, 0xff, sizeof(w));
	mem.reads = 0;
	nptb_walk(&state, linear, guestmem_read, &mem, &w);
	assert_true(mem.reads <= NPTB_WALK_LEVELS);
	return w;
}

static void mapped(const struct nptb_walk *w, u64 gpa, u32 top, u32 level)
{
	assert_int_equal(w->end, NPTB_WALK_MAPPED);
	assert_int_equal(w->gpa, gpa);
	assert_int_equal(w->top, top);
	assert_int_equal(w->level, level);
}

static void test_no_paging(void **state)
{
	struct nptb_walk w = walk(0, 0x5000, PAE, 0, 0x100007c00);

	(void)state;
	mapped(&w, 0x7c00, 0, 0);
	assert_int_equal(mem.reads, 0);
	assert_int_equal(nptb_walk_level(&w, 0), 0);
}

static void test_legacy(void **state)
{
	struct nptb_walk w;

	(void)state;
	memset(&mem, 0, sizeof(mem));
	guestmem_put(&mem, 0x1000 + 4 * 3, 0x2000 | P, 4);
	guestmem_put(&mem, 0x2000 + 4 * 5, 0x9000 | P, 4);
	w = walk(PG, 0x1018, 0, 0, 0xc05123);
	mapped(&w, 0x9123, 2, 1);
	assert_int_equal(nptb_walk_level(&w, 1), 2);
	assert_int_equal(nptb_walk_level(&w, 2), 1);
	assert_int_equal(nptb_walk_level(&w, 9), 0);
	/* 4 MiB at 0x12_34400000: bits 20:13 of the entry are 39:32. */
	guestmem_put(&mem, 0x1000 + 4 * 4, 0x34400000 | 0x12 << 13 | PS | P, 4);
	w = walk(PG, 0x1000, PSE, 0, 0x1012345);
	mapped(&w, 0x1234412345, 2, 2);
	/* Without CR4.PSE bit 7 says nothing. */
	guestmem_put(&mem, 0x1000 + 4 * 4, 0x2000 | PS | P, 4);
	w = walk(PG, 0x1000, 0, 0, 0x1005000);
	mapped(&w, 0x9000, 2, 1);
}

static void test_pae(void **state)
{
	struct nptb_walk w;

	(void)state;
	memset(&mem, 0, sizeof(mem));
	/* The first table lies anywhere on 32 bytes. */
	guestmem_put(&mem, 0x1fe0 + 8 * 3, 0x2000 | P, 8);
	guestmem_entry(&mem, 2, 511, 0x3000 | P);
	guestmem_entry(&mem, 3, 510, NX | 0x100000000 | 0x9000 | P);
	w = walk(PG, 0x1fe0, PAE, 0, 0xffffe678);
	mapped(&w, 0x100009678, 3, 1);
	assert_int_equal(nptb_walk_level(&w, 1), 3);
	guestmem_entry(&mem, 2, 0, 0x40000000 | PS | P | 0x1000);
	w = walk(PG, 0x1fe0, PAE, 0, 0xc0123456);
	mapped(&w, 0x40123456, 3, 2);
	/* No 1 GiB pages here. */
	guestmem_put(&mem, 0x1fe0, 0x2000 | P | PS, 8);
	w = walk(PG, 0x1fe0, PAE, 0, 0x123456);
	mapped(&w, 0x40123456, 3, 2);
}

/* 4 levels: tables 1 to 4, indices 1, 2, 3, 4. */
static u64 long_tables(void)
{
	memset(&mem, 0, sizeof(mem));
	guestmem_entry(&mem, 1, 1, 0x2000 | P);
	guestmem_entry(&mem, 2, 2, 0x3000 | P);
	guestmem_entry(&mem, 3, 3, 0x4000 | P);
	guestmem_entry(&mem, 4, 4, NX | 0x9000 | P);
	return 1ULL << 39 | 2ULL << 30 | 3ULL << 21 | 4ULL << 12 | 0xabc;
}

static void test_long(void **state)
{
	u64 linear = long_tables();
	struct nptb_walk w = walk(PG, 0x8000000000001fffULL, PAE, LMA, linear);
	u32 i;

	(void)state;
	mapped(&w, 0x9abc, 4, 1);
	for (i = 1; i <= 4; i++)
		assert_int_equal(nptb_walk_level(&w, i), 5 - i);
	guestmem_entry(&mem, 3, 3, 0x7fe00000 | PS | P);
	w = walk(PG, 0x1000, PAE, LMA, linear);
	mapped(&w, 0x7fe04abc, 4, 2);
	assert_int_equal(nptb_walk_level(&w, 4), 0);
	/* Large pages' low frame bits are not part of the address (PAT). */
	guestmem_entry(&mem, 2, 2, 0xc0000000 | 0x1000 | PS | P);
	w = walk(PG, 0x1000, PAE, LMA, linear);
	mapped(&w, 0xc0000000 | (linear & 0x3fffffff), 4, 3);
	/* None that large: bit 7 is not looked at. */
	guestmem_entry(&mem, 1, 1, 0x2000 | PS | P);
	w = walk(PG, 0x1000, PAE, LMA, linear);
	mapped(&w, 0xc0000000 | (linear & 0x3fffffff), 4, 3);
}

static void test_five_levels(void **state)
{
	u64 linear = long_tables() | 5ULL << 48;
	struct nptb_walk w;

	(void)state;
	guestmem_entry(&mem, 5, 5, 0x1000 | P);
	w = walk(PG, 0x5000, PAE | LA57, LMA, linear);
	mapped(&w, 0x9abc, 5, 1);
	assert_int_equal(nptb_walk_level(&w, 5), 5);
}

static void test_canonical(void **state)
{
	static const struct {
		u64 linear, cr4;
		bool ok;
	} cases[] = {
		{ 0x00007fffffffffffULL, PAE, true },
		{ 0x0000800000000000ULL, PAE, false },
		{ 0xffff7fffffffffffULL, PAE, false },
		{ 0xffff800000000000ULL, PAE, true },
		{ 0x0000800000000000ULL, PAE | LA57, true },
		{ 0x0100000000000000ULL, PAE | LA57, false },
		{ 0xff00000000000000ULL, PAE | LA57, true },
	};
	struct nptb_walk w;
	size_t i;

	(void)state;
	memset(&mem, 0, sizeof(mem));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		enum nptb_walk_end want = NPTB_WALK_NONCANONICAL;

		if (cases[i].ok)
			want = NPTB_WALK_ABSENT;
		w = walk(PG, 0x1000, cases[i].cr4, LMA, cases[i].linear);
		assert_int_equal(w.end, want);
		assert_int_equal(mem.reads, cases[i].ok);
		if (!cases[i].ok)
			assert_int_equal(nptb_walk_level(&w, 1), 0);
	}
}

/* Where it stops is said, with the table that stopped it. */
static void test_ends(void **state)
{
	u64 linear = long_tables();
	struct nptb_walk w;
	u32 level;

	(void)state;
	for (level = 1; level <= 4; level++) {
		long_tables();
		guestmem_entry(&mem, 5 - level, 5 - level, 0x3000);
		w = walk(PG, 0x1000, PAE, LMA, linear);
		assert_int_equal(w.end, NPTB_WALK_ABSENT);
		assert_int_equal(w.level, level);
		assert_int_equal(w.gpa, 0);
		assert_int_equal(nptb_walk_level(&w, 5 - level), level);
		long_tables();
		mem.hole = 5 - level;
		w = walk(PG, 0x1000, PAE, LMA, linear);
		assert_int_equal(w.end, NPTB_WALK_UNREADABLE);
		assert_int_equal(w.level, level);
		assert_int_equal(nptb_walk_level(&w, 5 - level), level);
	}
	/* A table beyond all memory. */
	long_tables();
	guestmem_entry(&mem, 2, 2, 0x000ffffffffff000ULL | P);
	w = walk(PG, 0x1000, PAE, LMA, linear);
	assert_int_equal(w.end, NPTB_WALK_UNREADABLE);
	assert_int_equal(w.table[1], 0xffffffffffULL);
}

/* A table that points to itself: bounded, and the lowest level is told. */
static void test_loops(void **state)
{
	struct nptb_walk w;
	u32 i;

	(void)state;
	memset(&mem, 0, sizeof(mem));
	for (i = 0; i < 512; i++)
		guestmem_entry(&mem, 1, i, 0x1000 | P);
	w = walk(PG, 0x1000, PAE | LA57, LMA, 0x123456789abcULL);
	mapped(&w, 0x1abc, 5, 1);
	assert_int_equal(mem.reads, 5);
	assert_int_equal(nptb_walk_level(&w, 1), 1);
}

/* Whatever is in memory, a walk ends, and says something that is legal. */
static void test_random(void **state)
{
	static const u64 cr4s[] = { 0, PSE, PAE, PAE | LA57 };
	u64 x = 88172645463325252ULL;
	struct nptb_walk w;
	u32 i, j;

	(void)state;
	for (i = 0; i < 20000; i++) {
		for (j = 0; j < 64; j++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			guestmem_put(&mem, x % (sizeof(mem.mem) - 8) & ~7ULL,
				     x & ~0xfffff0000ULL, 8);
		}
		mem.hole = x % 8 ? 0 : x % GUEST_PAGES;
		w = walk(PG, x & 0x3ffff, cr4s[i % 4], i % 8 >= 6 ? LMA : 0, x);
		assert_true(w.end < NPTB_WALK_END_NR);
		assert_true(w.level <= w.top && w.top <= NPTB_WALK_LEVELS);
		assert_true(w.gpa < 1ULL << 52);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_paging),
		cmocka_unit_test(test_legacy),
		cmocka_unit_test(test_pae),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_five_levels),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
