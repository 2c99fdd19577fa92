// SPDX-License-Identifier: GPL-2.0-only
/* module/x86/soft/decode.c and step.c: which instructions, their operands, what they do. */
#include "unit.h"

#include "softguest.h"
#include "x86/soft/step.h"

static u32 parse(const char *hex, u8 *bytes)
{
	u32 len = strlen(hex) / 2, i;
	int got;

	for (i = 0; i < len; i++) {
		got = sscanf(hex + 2 * i, "%2hhx", &bytes[i]);
		assert_int_equal(got, 1);
	}
	return len;
}

/* RAX 0x100, RCX 0x200 and so on; FS and GS have bases. */
static void set_registers(struct nptb_soft *soft)
{
	int i;

	for (i = 0; i < NPTB_GPRS; i++)
		soft->state.gpr[i] = 0x100 * (i + 1);
	soft->machine.seg[NPTB_SEG_FS].base = 0x4000;
	soft->machine.seg[NPTB_SEG_GS].base = 0x5000;
}

static void test_operands(void **state)
{
	static const struct {
		const char *hex;
		enum soft_mode mode;
		u32 len;
		u64 linear;
	} cases[] = {
		/* cmpxchg16b: [rdi], [rdi+0x10], [rip+0x20], [rbx+rcx*4], [r12], gs:[rdi] ... */
		{ "f0480fc70f", SOFT_LONG, 5, 0x800 },
		{ "480fc74f10", SOFT_LONG, 5, 0x810 },
		{ "480fc78ff0ffffff", SOFT_LONG, 8, 0x7f0 },
		{ "480fc70d20000000", SOFT_LONG, 8, 0x7028 },
		{ "480fc70c8b", SOFT_LONG, 5, 0x400 + 4 * 0x200 },
		{ "490fc70c24", SOFT_LONG, 5, 0xd00 },
		{ "65480fc70f", SOFT_LONG, 5, 0x5800 },
		{ "652e480fc70f", SOFT_LONG, 6, 0x5800 },
		{ "2e480fc70f", SOFT_LONG, 5, 0x800 },
		{ "480fc74d00", SOFT_LONG, 5, 0x600 },
		{ "480fc70c2510000000", SOFT_LONG, 9, 0x10 },
		{ "67480fc70f", SOFT_LONG, 5, 0x800 },
		/* pshufd and palignr: [rip+0x20] with an immediate behind it; pcmpeqb: [rdi]. */
		{ "660f7005200000001b", SOFT_LONG, 9, 0x7029 },
		{ "660f3a0f052000000004", SOFT_LONG, 10, 0x702a },
		{ "660f7407", SOFT_LONG, 4, 0x800 },
		{ "f3480fbc07", SOFT_LONG, 5, 0x800 },
		/* vmovdqu: [rdi], fs:[rdi], [r12]; vpshufd and vpalignr: [rip+0x20]. */
		{ "c5fe6f07", SOFT_LONG, 4, 0x800 },
		{ "64c5fe6f07", SOFT_LONG, 5, 0x4800 },
		{ "c4c17e6f0424", SOFT_LONG, 6, 0xd00 },
		{ "c5fd7005200000001b", SOFT_LONG, 9, 0x7029 },
		{ "c4e37d0f052000000004", SOFT_LONG, 10, 0x702a },
		/* vpgatherdd: [rdi+ymm2*4], of which RDI alone is known; bzhi: [rbx+rcx*4]. */
		{ "c4e275900497", SOFT_LONG, 6, 0x800 },
		{ "c4e278f50c8b", SOFT_LONG, 6, 0x400 + 4 * 0x200 },
		{ "c5fe6f07", SOFT_PROT, 4, 0x800 },
		{ "67c5fe6f00", SOFT_PROT, 5, 0x400 + 0x700 },
		/* fxsave: [edi], [0x1234], [bx+si], [bp+2]. */
		{ "0fae07", SOFT_PROT, 3, 0x800 },
		{ "0fae0534120000", SOFT_PROT, 7, 0x1234 },
		{ "670fae00", SOFT_PROT, 4, 0x400 + 0x700 },
		{ "0fae4602", SOFT_REAL, 4, 0x602 },
		{ "0fae063412", SOFT_REAL, 5, 0x1234 },
		{ "640fae07", SOFT_PROT, 4, 0x4800 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nptb_insn insn;
		struct nptb_soft soft;
		u8 bytes[NPTB_INSN_MAX];
		u32 len = parse(cases[i].hex, bytes), n;
		u64 linear = 0;

		soft_guest_begin(&soft, cases[i].mode, 0);
		set_registers(&soft);
		soft.machine.seg[NPTB_SEG_FS].attr = soft.machine.seg[NPTB_SEG_DS].attr;
		soft.machine.seg[NPTB_SEG_FS].limit = 0xffffffff;
		soft.machine.seg[NPTB_SEG_DS].limit = 0xffffffff;
		/* Bytes that are not known are not made up. */
		for (n = 0; n < len; n++)
			assert_false(nptb_decode(bytes, n, &soft.state, &soft.machine, &insn));
		if (!nptb_decode(bytes, len, &soft.state, &soft.machine, &insn) ||
		    insn.len != cases[i].len || !insn.is_memory ||
		    nptb_step_linear(&soft, &insn, 16, true, &linear) != NPTB_SOFT_DONE ||
		    linear != cases[i].linear)
			fail_msg("%s: len %u linear 0x%llx", cases[i].hex, insn.len,
				 (unsigned long long)linear);
	}
}

/* Without a register as their operand they are LES and LDS, but for 64-bit mode. */
static void test_vex(void **state)
{
	(void)state;
	assert_true(nptb_decode_is_vex(0xc5, 0x07, true));
	assert_true(nptb_decode_is_vex(0xc4, 0xe1, false));
	assert_false(nptb_decode_is_vex(0xc5, 0x07, false));
	assert_false(nptb_decode_is_vex(0xc4, 0xbf, false));
	assert_false(nptb_decode_is_vex(0xc6, 0xff, true));
}

/* Return: how long it is. */
static u32 decode(const char *hex, const struct nptb_soft *soft, struct nptb_insn *insn)
{
	u8 bytes[NPTB_INSN_MAX];
	u32 len = parse(hex, bytes);

	assert_true(nptb_decode(bytes, len, &soft->state, &soft->machine, insn));
	return len;
}

/* MASKMOVDQU, with two registers, has an operand at RDI. */
static void test_masked(void **state)
{
	static const struct {
		const char *hex;
		enum soft_mode mode;
		u64 rdi;
		u64 linear;
	} cases[] = {
		{ "660ff7cb", SOFT_LONG, 0x100000800, 0x100000800 },
		{ "67660ff7cb", SOFT_LONG, 0x100000800, 0x800 },
		{ "65660ff7cb", SOFT_LONG, 0x800, 0x5800 },
		{ "c5f9f7cb", SOFT_LONG, 0x800, 0x800 },
		{ "660ff7cb", SOFT_PROT, 0x100000800, 0x800 },
		{ "660ff7cb", SOFT_REAL, 0x10800, 0x800 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nptb_insn insn;
		struct nptb_soft soft;
		u64 linear;

		soft_guest_begin(&soft, cases[i].mode, 0);
		set_registers(&soft);
		soft.state.gpr[7] = cases[i].rdi;
		soft.machine.seg[NPTB_SEG_DS].limit = 0xffffffff;
		decode(cases[i].hex, &soft, &insn);
		assert_false(insn.is_memory);
		assert_int_equal(nptb_step_linear(&soft, &insn, 1, true, &linear),
				 NPTB_SOFT_DONE);
		assert_int_equal(linear, cases[i].linear);
	}
}

/* What each does, by where RIP is then; the vector of its exception, or -1. */
struct step {
	const char *hex;
	enum soft_mode mode;
	u8 cpl;
	int vector;
	enum nptb_soft_end end;
	enum nptb_reason reason;
};

#define UNKNOWN	.end = NPTB_SOFT_UNABLE, .reason = NPTB_REASON_INSTRUCTION
#define NOTHING	-1

static const struct step steps[] = {
	{ "0faee8", SOFT_LONG, 3, .vector = NOTHING },		/* lfence */
	{ "0faef0", SOFT_LONG, 0, .vector = NOTHING },		/* mfence */
	{ "0faef8", SOFT_LONG, 0, .vector = NOTHING },		/* sfence */
	{ "0faee9", SOFT_LONG, 0, .vector = NOTHING },
	{ "f00faee8", SOFT_LONG, 0, .vector = 6 },		/* lock lfence */
	{ "660faee8", SOFT_LONG, 0, UNKNOWN },
	{ "f30faee8", SOFT_LONG, 0, UNKNOWN },		/* incsspq, of shadow stacks */
	{ "f390", SOFT_LONG, 3, .vector = NOTHING },		/* pause */
	{ "90", SOFT_LONG, 3, UNKNOWN },		/* nop is KVM's */
	{ "f30f1efa", SOFT_LONG, 3, .vector = NOTHING },		/* endbr64 */
	{ "0f1f4000", SOFT_PROT, 3, .vector = NOTHING },
	{ "0f19cb", SOFT_LONG, 3, .vector = NOTHING },		/* hints */
	{ "f30f1b0f", SOFT_PROT, 3, .vector = NOTHING },
	{ "f00f1dcb", SOFT_LONG, 0, .vector = 6 },
	{ "0f0b", SOFT_LONG, 0, .vector = 6 },		/* ud2 */
	{ "0f01f8", SOFT_LONG, 0, .vector = NOTHING },		/* swapgs */
	{ "0f01f8", SOFT_LONG, 3, .vector = 13 },
	{ "0f01f8", SOFT_PROT, 0, .vector = 6 },
	{ "0f01f9", SOFT_LONG, 3, .vector = NOTHING },		/* rdtscp */
	{ "0f01d0", SOFT_LONG, 3, .vector = 6 },			/* xgetbv without OSXSAVE */
	{ "cd80", SOFT_LONG, 0, .vector = 0x80 },
	{ "cc", SOFT_PROT, 0, .vector = 3 },
	{ "ce", SOFT_PROT, 0, .vector = NOTHING },		/* into, and OF is clear */
	{ "ce", SOFT_LONG, 0, .vector = 6 },
	{ "480f07", SOFT_LONG, 3, .vector = 13 },			/* sysret */
	{ "0fc7f8", SOFT_LONG, 0, UNKNOWN },		/* rdseed */
	{ "d9c0", SOFT_LONG, 0, UNKNOWN },		/* of the FPU */
	{ "480fc70f", SOFT_LONG, 0, UNKNOWN },		/* cmpxchg16b, elsewhere */
	{ "cf", SOFT_REAL, 0, .end = NPTB_SOFT_UNABLE, .reason = NPTB_REASON_FORM },
};

static void test_steps(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct step *t = &steps[i];
		struct nptb_insn insn;
		struct nptb_soft soft;
		enum nptb_soft_end end;
		u64 rip;
		u32 len;

		soft_guest_begin(&soft, t->mode, t->cpl);
		soft_guest.msr = true;
		soft_guest.msr_value = 0x1122334455667788;
		len = decode(t->hex, &soft, &insn);
		rip = soft.state.rip + len;
		if (t->vector >= 0 && !t->end) {
			soft_guest_gate(t->mode, t->vector, 14, 3,
					t->mode == SOFT_PROT ? SOFT_CODE32 : SOFT_CODE64, 0);
			rip = t->mode == SOFT_PROT ? SOFT_HANDLER : 0xffff800012345678;
		}
		assert_int_equal(insn.len, len);
		end = nptb_step_insn(&soft, &insn);
		if (end != t->end || (!end && soft.state.rip != rip) ||
		    (end && soft.reason != t->reason))
			fail_msg("%s at level %u: ended as %d, rip 0x%llx, reason %d", t->hex,
				 t->cpl, end, (unsigned long long)soft.state.rip, soft.reason);
	}
}

static enum nptb_soft_end step_of(const char *hex, struct nptb_soft *soft)
{
	struct nptb_insn insn;

	decode(hex, soft, &insn);
	return nptb_step_insn(soft, &insn);
}

static struct nptb_soft run(const char *hex, enum soft_mode mode, u64 msr, u64 rcx, u64 r11)
{
	struct nptb_soft soft;

	soft_guest_begin(&soft, mode, 0);
	soft_guest.msr = true;
	soft_guest.msr_value = msr;
	soft.state.gpr[1] = rcx;
	soft.state.gpr[11] = r11;
	soft.machine.seg[NPTB_SEG_GS].base = 0x1234;
	assert_int_equal(step_of(hex, &soft), NPTB_SOFT_DONE);
	return soft;
}

static void test_results(void **state)
{
	struct nptb_soft soft;

	(void)state;
	soft = run("0f01f8", SOFT_LONG, 0xffff888000000000, 0, 0);
	assert_int_equal(soft.machine.seg[NPTB_SEG_GS].base, 0xffff888000000000);
	assert_true(soft.has_kernel_gs);
	assert_int_equal(soft.kernel_gs, 0x1234);
	soft = run("0f01f9", SOFT_LONG, 0x1122334455667788, ~0ULL, 0);
	assert_int_equal(soft.state.gpr[0], 0x55667788);
	assert_int_equal(soft.state.gpr[1], 0x55667788);
	assert_int_equal(soft.state.gpr[2], 0x11223344);
	soft.xcr0 = 0x1f;
	assert_int_equal(step_of("0f1acb", &soft), NPTB_SOFT_UNABLE);	/* bndmov, of MPX */
	assert_int_equal(step_of("0f1ccb", &soft), NPTB_SOFT_DONE);
	soft = run("480f07", SOFT_LONG, 0x0023001000000000, 0x7fffdead, 0x10202 | 0x20000);
	assert_int_equal(soft.state.rip, 0x7fffdead);
	assert_int_equal(soft.state.rflags, 0x202);
	assert_int_equal(soft.machine.cpl, 3);
	assert_int_equal(soft.machine.seg[NPTB_SEG_CS].selector, 0x33);
	assert_int_equal(soft.machine.seg[NPTB_SEG_SS].selector, 0x2b);
	assert_true(soft.machine.seg[NPTB_SEG_CS].attr & NPTB_ATTR_L);
	soft = run("0f07", SOFT_LONG, 0x0023001000000000, 0x17fffdead, 0x2);
	assert_int_equal(soft.state.rip, 0x7fffdead);
	assert_int_equal(soft.machine.seg[NPTB_SEG_CS].selector, 0x23);
	assert_false(soft.machine.seg[NPTB_SEG_CS].attr & NPTB_ATTR_L);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_vex),
		cmocka_unit_test(test_masked),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_results),
	};

	return cmocka_run_group_tests_name("step", tests, NULL, NULL);
}
