// SPDX-License-Identifier: GPL-2.0-only
/* module/x86/iret.c: which IRETQ is simple, and what it leaves. */
#include "unit.h"

#include "x86/iret.h"

static const struct nptb_iret_cpu good_cpu = {
	.rflags = 0x46, .cr4 = 0x20, .cs = 0x10, .ss = 0x18, .cpl = 0,
};

static const struct nptb_iret_frame good_frame = {
	.rip = 0xffffffff81000000, .cs = 0x10, .rflags = 0x246,
	.rsp = 0xffffc90000003f58, .ss = 0x18,
};

struct change {
	const char *what;
	struct nptb_iret_cpu cpu;
	struct nptb_iret_frame frame;
	bool simple;
};

#define CPU(field, value)	.cpu = { .field = value }
#define FRAME(field, value)	.frame = { .field = value }

/* What is 0 here is as in good_cpu and good_frame. */
static const struct change changes[] = {
	{ "as it is", .simple = true },
	{ "level 3", CPU(cpl, 3) },
	{ "shadow stacks", CPU(cr4, 0x20 | 1 << 23) },
	{ "nested task", CPU(rflags, 0x46 | 1 << 14) },
	{ "single step", CPU(rflags, 0x46 | 1 << 8) },
	{ "no interrupts", CPU(rflags, 2), .simple = true },
	{ "another CS", FRAME(cs, 0x33) },
	{ "upper bits of CS", FRAME(cs, 0xdead00000010), .simple = true },
	{ "another SS", FRAME(ss, 0x2b) },
	{ "low RIP", FRAME(rip, 0x7fffffffffff), .simple = true },
	{ "RIP in the hole", FRAME(rip, 0x800000000000) },
	{ "RIP below the upper half", FRAME(rip, 0xffff7fffffffffff) },
	{ "RIP begins the upper half", FRAME(rip, 0xffff800000000000), .simple = true },
	{ "5 levels", CPU(cr4, 0x1020), FRAME(rip, 0x800000000000), .simple = true },
	{ "5 levels, in the hole", CPU(cr4, 0x1020), FRAME(rip, 1ULL << 56) },
	{ "TF", FRAME(rflags, 0x346) },
	{ "NT", FRAME(rflags, 0x4246) },
	{ "RF", FRAME(rflags, 0x10246) },
	{ "VM", FRAME(rflags, 0x20246) },
	{ "VIF", FRAME(rflags, 0x80246) },
	{ "VIP", FRAME(rflags, 0x100246) },
	{ "reserved", FRAME(rflags, 0x400246) },
	{ "all that can be popped", FRAME(rflags, 0x243ed7), .simple = true },
	{ "bit 1 clear", FRAME(rflags, 0x240), .simple = true },
};

#define TAKE(to, from, field)	do { if ((from).field) (to).field = (from).field; } while (0)

static void test_simple(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		const struct change *c = &changes[i];
		struct nptb_iret_cpu cpu = good_cpu;
		struct nptb_iret_frame frame = good_frame;

		TAKE(cpu, c->cpu, cpl);
		TAKE(cpu, c->cpu, cr4);
		TAKE(cpu, c->cpu, rflags);
		TAKE(frame, c->frame, rip);
		TAKE(frame, c->frame, cs);
		TAKE(frame, c->frame, ss);
		TAKE(frame, c->frame, rflags);
		if (nptb_iret_simple(&cpu, &frame) != c->simple)
			fail_msg("%s: should be %s", c->what,
				 c->simple ? "simple" : "refused");
	}
}

static void test_rflags(void **state)
{
	static const struct {
		u64 before, popped, after;
	} cases[] = {
		{ 0x2, 0x246, 0x246 },
		{ 0x246, 0x2, 0x2 },
		{ 0x2, 0x243ed7, 0x243ed7 },
		{ 0x243ed7, 0, 0x2 },
		/* What cannot be popped stays, but RF goes. */
		{ 0x180002, 0x246, 0x180246 },
		{ 0x10002, 0x246, 0x246 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nptb_iret_cpu cpu = good_cpu;
		struct nptb_iret_frame frame = good_frame;

		cpu.rflags = cases[i].before;
		frame.rflags = cases[i].popped;
		assert_int_equal(nptb_iret_rflags(&cpu, &frame), cases[i].after);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_rflags),
	};

	return cmocka_run_group_tests_name("iret", tests, NULL, NULL);
}
