// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/x86/operand.c: which addresses are at hand; module/set/explain.c: what pages
 * they explain.
 */
#include "guestmem.h"

#include "set/explain.h"
#include "set/policy.h"

#define PE	1ULL
#define PG	(1ULL << 31)
#define PAE	(1ULL << 5)
#define LMA	(1ULL << 10)
#define P	1ULL

static struct guestmem mem;
static struct nptb_state regs;
static struct nptb_explain seen;
static struct nptb_place places[NPTB_PLACES_MAX];
static u32 count;

static void list(void)
{
	memset(places, 0, sizeof(places));
	count = nptb_places(&regs, &seen.machine, guestmem_read, &mem, places);
	assert_in_range(count, 1, NPTB_PLACES_MAX);
}

/* Is the page of @linear at hand for @what? */
static bool has(u64 linear, u32 what)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (places[i].what == what && places[i].linear >> 12 == linear >> 12)
			return true;
	return false;
}

static u32 number(u32 what)
{
	u32 i, nr = 0;

	for (i = 0; i < count; i++)
		nr += places[i].what == what;
	return nr;
}

static void reset(void)
{
	memset(&mem, 0, sizeof(mem));
	memset(&regs, 0, sizeof(regs));
	memset(&seen, 0, sizeof(seen));
	regs.vector = -1;
}

/* An identity map of the first 2 MiB with tables 1 to 4. */
static void long_mode(void)
{
	u32 i;

	regs.cr0 = PG | PE;
	regs.cr3 = 0x1000;
	regs.cr4 = PAE;
	regs.efer = LMA;
	guestmem_entry(&mem, 1, 0, 0x2000 | P);
	guestmem_entry(&mem, 2, 0, 0x3000 | P);
	guestmem_entry(&mem, 3, 0, 0x4000 | P);
	for (i = 0; i < 512; i++)
		guestmem_entry(&mem, 4, i, (u64)i << 12 | P);
	seen.machine.seg[NPTB_SEG_CS].attr = 1 << 9;
}

static void test_code(void **state)
{
	(void)state;
	reset();
	seen.machine.seg[NPTB_SEG_CS].base = 0x10000;
	regs.rip = 0x7c00;
	list();
	assert_true(has(0x17c00, NPTB_FOR_CODE));
	assert_int_equal(number(NPTB_FOR_CODE), 1);
	/* The longest instruction reaches into the next page. */
	regs.rip = 0x7ff2;
	list();
	assert_true(has(0x18000, NPTB_FOR_CODE));
	regs.rip = 0x7ff1;
	list();
	assert_int_equal(number(NPTB_FOR_CODE), 1);
}

static void test_stack(void **state)
{
	(void)state;
	reset();
	regs.gpr[4] = 0x123000;
	seen.machine.seg[NPTB_SEG_SS].base = 0x20000;
	/* 16 bits of it count in real mode, and pushes go below. */
	list();
	assert_true(has(0x23000, NPTB_FOR_STACK));
	assert_true(has(0x22fff, NPTB_FOR_STACK));
	assert_int_equal(number(NPTB_FOR_STACK), 2);
	seen.machine.seg[NPTB_SEG_SS].attr = 1 << 10;
	list();
	assert_true(has(0x143000, NPTB_FOR_STACK));
	assert_true(has(0x142fff, NPTB_FOR_STACK));
	long_mode();
	seen.machine.seg[NPTB_SEG_SS].base = 0;
	regs.gpr[4] = 0xffff800000000ff0ULL;
	list();
	assert_true(has(0xffff800000000ff0ULL, NPTB_FOR_STACK));
	/* What IRETQ pops crosses into the next page. */
	assert_true(has(0xffff800000001000ULL, NPTB_FOR_STACK));
}

static void test_registers(void **state)
{
	u32 i;

	(void)state;
	reset();
	seen.machine.seg[NPTB_SEG_DS].base = 0x1000;
	for (i = 0; i < NPTB_GPRS; i++)
		regs.gpr[i] = 0x100000ULL * (i + 1);
	list();
	for (i = 0; i < NPTB_GPRS; i++)
		assert_int_equal(has(0x1000 + regs.gpr[i], NPTB_FOR_REG(i)), i != 4);
}

static void test_tables(void **state)
{
	(void)state;
	reset();
	seen.machine.seg[NPTB_SEG_GDTR] = (struct nptb_segment){ .base = 0x5ff0, .limit = 0x27 };
	seen.machine.seg[NPTB_SEG_TR] = (struct nptb_segment){ .base = 0x8000, .selector = 0x28 };
	list();
	/* None in real mode. */
	assert_int_equal(number(NPTB_FOR_GDT) + number(NPTB_FOR_TSS), 0);
	regs.cr0 = PE;
	list();
	assert_true(has(0x5ff0, NPTB_FOR_GDT));
	assert_true(has(0x6000, NPTB_FOR_GDT));
	assert_true(has(0x8000, NPTB_FOR_TSS));
	assert_int_equal(number(NPTB_FOR_LDT), 0);
	seen.machine.seg[NPTB_SEG_LDTR] = (struct nptb_segment){ .base = 0x9000, .selector = 8 };
	list();
	assert_true(has(0x9000, NPTB_FOR_LDT));
}

static void test_real_delivery(void **state)
{
	(void)state;
	reset();
	regs.vector = 0xff;
	regs.gpr[4] = 0x7000;
	seen.machine.seg[NPTB_SEG_IDTR].base = 0x1004;
	list();
	assert_true(has(0x1400, NPTB_FOR_IDT));
	assert_true(has(0x6fff, NPTB_FOR_STACK));
	assert_int_equal(number(NPTB_FOR_GDT), 0);
	assert_int_equal(number(NPTB_FOR_CODE), 1);
}

/* A gate of 64-bit mode: target selector 0x10, interrupt stack @ist. */
static void gate(u64 at, u32 selector, u32 ist)
{
	guestmem_put(&mem, at, 0x8000 | selector << 16 | (u64)ist << 32, 8);
}

static void long_delivery(u32 cpl, u32 selector, u32 ist)
{
	reset();
	long_mode();
	regs.vector = 0xe;
	regs.gpr[4] = 0x20000;
	seen.machine.cpl = cpl;
	seen.machine.seg[NPTB_SEG_IDTR].base = 0x8000;
	seen.machine.seg[NPTB_SEG_GDTR] = (struct nptb_segment){ .base = 0xa000, .limit = 0xf };
	seen.machine.seg[NPTB_SEG_LDTR] = (struct nptb_segment){ .base = 0xc000 };
	seen.machine.seg[NPTB_SEG_TR] = (struct nptb_segment){ .base = 0xe000, .selector = 8 };
	gate(0x8000 + 16 * 0xe, selector, ist);
	guestmem_put(&mem, 0xe004, 0x30000, 8);
	guestmem_put(&mem, 0xe024 + 8 * 6, 0x38000, 8);
	list();
	assert_true(has(0x8000, NPTB_FOR_IDT));
}

static void test_long_delivery(void **state)
{
	(void)state;
	long_delivery(0, 0x1008, 0);
	assert_true(has(0xb000, NPTB_FOR_GDT));
	assert_false(has(0x30000, NPTB_FOR_STACK));
	/* From user mode: RSP0; by an interrupt stack: IST7. */
	long_delivery(3, 0x1008, 0);
	assert_true(has(0x30000, NPTB_FOR_STACK));
	assert_true(has(0x2ffff, NPTB_FOR_STACK));
	long_delivery(0, 0x1008, 7);
	assert_true(has(0x38000, NPTB_FOR_STACK));
	assert_true(has(0x37fff, NPTB_FOR_STACK));
	assert_false(has(0x30000, NPTB_FOR_STACK));
	/* A selector into the LDT. */
	long_delivery(0, 0x1c, 0);
	assert_true(has(0xc018, NPTB_FOR_LDT));
}

static u32 page(struct nptb_attempt *attempt, u64 gfn, u32 roles)
{
	attempt->pages[attempt->npages] = (struct nptb_loop_page){
		.key = nptb_key(0, gfn), .roles = roles,
	};
	return attempt->npages++;
}

static void test_explain(void **state)
{
	static struct nptb_attempt attempt;
	u32 root, pt, code, data, other;

	(void)state;
	reset();
	long_mode();
	regs.rip = 0x7c00;
	regs.gpr[3] = 0x9000;
	memset(&attempt, 0, sizeof(attempt));
	attempt.number = 7;
	attempt.state = regs;
	root = page(&attempt, 1, NPTB_ROLE_TABLE);
	pt = page(&attempt, 4, NPTB_ROLE_TABLE | NPTB_ROLE_WRITE);
	code = page(&attempt, 7, NPTB_ROLE_FETCH);
	data = page(&attempt, 9, NPTB_ROLE_READ);
	other = page(&attempt, 0x99, NPTB_ROLE_TABLE);
	memset(seen.level, 0xff, sizeof(seen.level));
	memset(seen.what, 0xff, sizeof(seen.what));
	nptb_explain_pages(&attempt, guestmem_read, &mem, &seen);
	assert_int_equal(seen.attempt, 7);
	assert_int_equal(seen.npages, 5);
	assert_int_equal(seen.key[data], nptb_key(0, 9));
	assert_int_equal(seen.level[root], 4);
	assert_int_equal(seen.level[pt], 1);
	assert_int_equal(seen.level[code], 0);
	assert_true(seen.what[root] & NPTB_FOR_CODE);
	assert_int_equal(seen.what[code], NPTB_FOR_CODE);
	assert_int_equal(seen.what[data], NPTB_FOR_REG(3));
	/* What nothing leads to stays unknown. */
	assert_int_equal(seen.level[other], 0);
	assert_int_equal(seen.what[other], 0);
	assert_int_equal(seen.what[5], 0);
}

/* Once all is explained the tables are left alone. */
static void test_ends_early(void **state)
{
	static struct nptb_attempt attempt;

	(void)state;
	reset();
	long_mode();
	regs.rip = 0x7c00;
	memset(&attempt, 0, sizeof(attempt));
	attempt.state = regs;
	page(&attempt, 7, NPTB_ROLE_FETCH);
	mem.reads = 0;
	nptb_explain_pages(&attempt, guestmem_read, &mem, &seen);
	assert_int_equal(mem.reads, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_real_delivery),
		cmocka_unit_test(test_long_delivery),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_ends_early),
	};

	return cmocka_run_group_tests_name("operand", tests, NULL, NULL);
}
