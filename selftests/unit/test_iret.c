// SPDX-License-Identifier: GPL-2.0-only
/* module/x86/soft/iret.c: where IRET goes, what it leaves, and what it refuses. */
#include "unit.h"

#include "softguest.h"
#include "x86/soft/iret.h"

/* CF PF AF ZF SF TF IF DF OF NT RF AC ID, and IOPL. */
#define ALL_FLAGS	0x257fd5ULL

struct iret {
	const char *what;
	enum soft_mode mode;
	u8 cpl;
	u8 width;
	u16 cs;
	u16 ss;
	u64 rip;
	/* Changes, where not 0. */
	u64 rflags;
	u64 before;
	u64 cr4;
	enum nptb_soft_end end;
	u8 vector;
	u32 code;
};

#define GP(c)	.end = NPTB_SOFT_RAISED, .vector = 13, .code = c

static const struct iret irets[] = {
	{ "to where it was", SOFT_LONG, 0, 8, SOFT_CODE64, SOFT_DATA, .rip = 0x5000 },
	{ "to the upper half", SOFT_LONG, 0, 8, SOFT_CODE64, SOFT_DATA, .rip = 0xffff800000000000 },
	{ "to user space", SOFT_LONG, 0, 8, SOFT_USER64, SOFT_USERDATA, .rip = 0x5000 },
	{ "to 32-bit user space", SOFT_LONG, 0, 8, SOFT_USER32, SOFT_USERDATA, .rip = 0x5000 },
	{ "to 32-bit code", SOFT_LONG, 0, 8, SOFT_CODE32, SOFT_DATA, .rip = 0x5000 },
	{ "IRETD in 64-bit code", SOFT_LONG, 0, 4, SOFT_CODE64, SOFT_DATA, .rip = 0x5000 },
	{ "IRETW in 64-bit code", SOFT_LONG, 0, 2, SOFT_CODE64, SOFT_DATA, .rip = 0x5000 },
	{ "to a null stack", SOFT_LONG, 0, 8, SOFT_CODE64, 0, .rip = 0x5000 },
	{ "to a null stack at level 3", SOFT_LONG, 0, 8, SOFT_USER64, 3, 0x5000, GP(0) },
	{ "to a null stack in 32-bit code", SOFT_LONG, 0, 8, SOFT_CODE32, 0, 0x5000, GP(0) },
	{ "into the hole", SOFT_LONG, 0, 8, SOFT_CODE64, SOFT_DATA, 0x800000000000, GP(0) },
	{ "below the upper half", SOFT_LONG, 0, 8, SOFT_CODE64, SOFT_DATA, 0xffff7fffffffffff,
	  GP(0) },
	{ "5 levels", SOFT_LONG, 0, 8, SOFT_CODE64, SOFT_DATA, 0x800000000000, .cr4 = 1 << 12 },
	{ "to null code", SOFT_LONG, 0, 8, 3, SOFT_DATA, 0x5000, GP(0) },
	{ "to data", SOFT_LONG, 0, 8, SOFT_DATA, SOFT_DATA, 0x5000, GP(SOFT_DATA) },
	{ "beyond the GDT", SOFT_LONG, 0, 8, 0x80, SOFT_DATA, 0x5000, GP(0x80) },
	{ "to the LDT that there is not", SOFT_LONG, 0, 8, 0xc, SOFT_DATA, 0x5000, GP(0xc) },
	{ "inward", SOFT_LONG, 3, 8, SOFT_CODE64, SOFT_DATA, 0x5000, GP(SOFT_CODE64) },
	{ "another level than the code's", SOFT_LONG, 0, 8, SOFT_CODE64 | 3, SOFT_USERDATA, 0x5000,
	  GP(SOFT_CODE64) },
	{ "conforming code from level 3", SOFT_LONG, 0, 8, SOFT_CONFORM | 3, SOFT_USERDATA,
	  .rip = 0x5000 },
	{ "absent code", SOFT_LONG, 0, 8, SOFT_ABSENT, SOFT_DATA, 0x5000,
	  .end = NPTB_SOFT_RAISED, .vector = 11, .code = SOFT_ABSENT },
	{ "a stack of another level", SOFT_LONG, 0, 8, SOFT_USER64, SOFT_DATA, 0x5000,
	  GP(SOFT_DATA) },
	{ "code for a stack", SOFT_LONG, 0, 8, SOFT_CODE64, SOFT_CODE64, 0x5000, GP(SOFT_CODE64) },
	{ "a nested task in long mode", SOFT_LONG, 0, 8, SOFT_CODE64, SOFT_DATA, 0x5000,
	  .before = NPTB_RFLAGS_NT, GP(0) },
	{ "shadow stacks", SOFT_LONG, 0, 8, SOFT_CODE64, SOFT_DATA, 0x5000, .cr4 = 1 << 23,
	  .end = NPTB_SOFT_UNABLE },
	{ "protected mode", SOFT_PROT, 0, 4, SOFT_CODE32, SOFT_DATA, .rip = 0x5000 },
	{ "16 bits in protected mode", SOFT_PROT, 0, 2, SOFT_CODE32, SOFT_DATA, .rip = 0x5000 },
	{ "out of protected level 0", SOFT_PROT, 0, 4, SOFT_USER32, SOFT_USERDATA, .rip = 0x5000 },
	{ "at level 3", SOFT_PROT, 3, 4, SOFT_USER32, SOFT_USERDATA, .rip = 0x5000 },
	{ "a nested task", SOFT_PROT, 0, 4, SOFT_CODE32, SOFT_DATA, 0x5000,
	  .before = NPTB_RFLAGS_NT, .end = NPTB_SOFT_UNABLE },
	{ "to virtual-8086 mode", SOFT_PROT, 0, 4, SOFT_CODE32, SOFT_DATA, 0x5000,
	  .rflags = NPTB_RFLAGS_VM, .end = NPTB_SOFT_UNABLE },
	{ "compatibility mode", SOFT_COMPAT, 3, 4, SOFT_USER32, SOFT_USERDATA, .rip = 0x5000 },
	{ "from there to 64 bits", SOFT_COMPAT, 3, 4, SOFT_USER64, SOFT_USERDATA, .rip = 0x5000 },
};

static void put_frame(const struct iret *t, u64 rflags)
{
	u64 words[] = { t->rip, t->cs, rflags, 0x6000, t->ss };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		soft_guest_put(SOFT_STACK + i * t->width, t->width, words[i]);
}

static void check_done(const struct iret *t, const struct nptb_soft *before,
		       const struct nptb_soft *after)
{
	bool pops = t->mode == SOFT_LONG || (t->cs & 3) > t->cpl;

	if (after->state.rip != t->rip || after->machine.cpl != (t->cs & 3) ||
	    after->machine.seg[NPTB_SEG_CS].selector != t->cs ||
	    after->machine.seg[NPTB_SEG_SS].selector !=
	    (pops ? t->ss : before->machine.seg[NPTB_SEG_SS].selector) ||
	    after->state.gpr[NPTB_RSP] != (pops ? 0x6000u : SOFT_STACK + 3u * t->width))
		fail_msg("%s: rip 0x%llx cs 0x%x ss 0x%x rsp 0x%llx", t->what,
			 (unsigned long long)after->state.rip,
			 after->machine.seg[NPTB_SEG_CS].selector,
			 after->machine.seg[NPTB_SEG_SS].selector,
			 (unsigned long long)after->state.gpr[NPTB_RSP]);
	/* What level 3 must not see is gone. */
	if ((t->cs & 3) > t->cpl && after->machine.seg[NPTB_SEG_DS].selector)
		fail_msg("%s: DS stays", t->what);
}

static void test_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(irets); i++) {
		const struct iret *t = &irets[i];
		struct nptb_soft soft, before;
		enum nptb_soft_end end;

		soft_guest_begin(&soft, t->mode, t->cpl);
		soft.state.rflags |= t->before;
		soft.state.cr4 |= t->cr4;
		put_frame(t, 0x246 | t->rflags);
		before = soft;
		end = nptb_iret(&soft, t->width);
		if (end != t->end)
			fail_msg("%s: ended as %d, vector %u", t->what, end, soft.raised.vector);
		if (end == NPTB_SOFT_RAISED &&
		    (soft.raised.vector != t->vector || soft.raised.code != t->code))
			fail_msg("%s: vector %u code 0x%x", t->what, soft.raised.vector,
				 soft.raised.code);
		if (end == NPTB_SOFT_DONE)
			check_done(t, &before, &soft);
		else if (memcmp(&soft.state, &before.state, sizeof(soft.state)) ||
			 memcmp(&soft.machine, &before.machine, sizeof(soft.machine)))
			fail_msg("%s: something has changed", t->what);
	}
}

/* Which flags may change: by level, IOPL and width. */
static void test_rflags(void **state)
{
	static const struct {
		u8 cpl, width;
		u64 before, popped, after;
	} cases[] = {
		{ 0, 8, 0x2, 0x246, 0x246 },
		{ 0, 8, 0x246, 0x2, 0x2 },
		{ 0, 8, 0x2, ALL_FLAGS, ALL_FLAGS | 2 },
		{ 0, 8, ALL_FLAGS & ~0x4000ULL, 0, 0x2 },
		{ 0, 8, 0x2, ~0ULL, ALL_FLAGS | 2 | NPTB_RFLAGS_VIF | NPTB_RFLAGS_VIP },
		{ 0, 2, 0x240002, 0xffff, 0x247fd7 },
		{ 3, 8, 0x2, 0x3202, 0x2 },
		{ 3, 8, 0x202, 0x2, 0x202 },
		{ 3, 8, 0x3002, 0x202, 0x3202 },
		{ 3, 8, 0x80002, 0x2, 0x80002 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iret t = { .width = cases[i].width, .rip = 0x5000 };
		bool user = cases[i].cpl;
		struct nptb_soft soft;

		t.cs = user ? SOFT_USER64 : SOFT_CODE64;
		t.ss = user ? SOFT_USERDATA : SOFT_DATA;
		soft_guest_begin(&soft, SOFT_LONG, cases[i].cpl);
		soft.state.rflags = cases[i].before;
		put_frame(&t, cases[i].popped);
		assert_int_equal(nptb_iret(&soft, t.width), NPTB_SOFT_DONE);
		if (soft.state.rflags != cases[i].after)
			fail_msg("case %zu: 0x%llx", i, (unsigned long long)soft.state.rflags);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_rflags),
	};

	return cmocka_run_group_tests_name("iret", tests, NULL, NULL);
}
