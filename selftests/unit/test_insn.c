// SPDX-License-Identifier: GPL-2.0-only
/* module/x86/insn.c: which instruction is it? */
#include "unit.h"

#include <nptbudget.h>

#include "x86/insn.h"

struct bytes {
	const char *hex;
	bool bits32;
	const char *opcode;
};

static u32 parse(const char *hex, u8 *bytes)
{
	u32 n;

	for (n = 0; hex[2 * n]; n++) {
		const char digits[3] = { hex[2 * n], hex[2 * n + 1] };

		bytes[n] = strtoul(digits, NULL, 16);
	}
	return n;
}

static const struct bytes opcodes[] = {
	/* Plain, with and without what may stand before. */
	{ "0118", false, "01" },
	{ "90", false, "90" },
	{ "f00118", false, "01" },
	{ "640118", false, "01" },
	{ "48cf", false, "48cf" },
	{ "cf", false, "cf" },
	{ "48cf", true, "48" },
	{ "f3a4", false, "f3a4" },
	{ "66f3a5", false, "f3a5" },
	{ "f366a5", false, "66a5" },
	{ "6667f20f38f1c0", false, "f20f38f1" },
	/* Two and three bytes. */
	{ "0f6f00", false, "0f6f" },
	{ "660f6f00", false, "660f6f" },
	{ "0f3800c1", false, "0f3800" },
	{ "660f3a0fc101", false, "660f3a0f" },
	{ "480fc708", false, "480fc701" },
	/* Groups: the reg field of ModRM says which. */
	{ "ff30", false, "ff06" },
	{ "ff10", false, "ff02" },
	{ "8f00", false, "8f00" },
	{ "f7d0", false, "f702" },
	{ "0fae38", false, "0fae07" },
	{ "0f0118", false, "0f0103" },
	{ "0fba28", false, "0fba05" },
	{ "d900", false, "d900" },
	/* VEX and EVEX; LES, LDS and BOUND outside of long mode. */
	{ "c5fe6f00", false, "c5016f" },
	{ "c4e26990040a", false, "c40290" },
	{ "62f27d4990040a", false, "620290" },
	{ "c40418", true, "c4" },
	{ "c500", true, "c5" },
	{ "6200", true, "62" },
	{ "c5fe6f00", true, "c5016f" },
	/* Cut off. */
	{ "", false, "" },
	{ "66", false, "" },
	{ "0f", false, "0f0000" },
	{ "48", false, "4800" },
	{ "c4", false, "c4" },
	{ "c4e2", false, "c40200" },
};

static void test_opcode(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		const struct bytes *t = &opcodes[i];
		u8 insn[NPTB_INSN_MAX], want[NPTB_INSN_MAX];
		u32 len = parse(t->hex, insn), n = parse(t->opcode, want);
		struct nptb_opcode op = nptb_insn_opcode(insn, len, !t->bits32);

		if (op.len != n || memcmp(op.bytes, want, n))
			fail_msg("\"%s\": %u bytes, %02x %02x %02x %02x, want \"%s\"",
				 t->hex, op.len, op.bytes[0], op.bytes[1],
				 op.bytes[2], op.bytes[3], t->opcode);
	}
}

/* Whatever the bytes are, nothing is read or written beyond. */
static void test_any_bytes(void **state)
{
	static const u8 odd[] = { 0x66, 0xf2, 0xf3, 0x0f, 0xc4, 0xc5, 0x62, 0x48 };
	u32 seed = 1, i, n;

	(void)state;
	for (i = 0; i < 200000; i++) {
		u8 *insn;
		u32 reg;
		struct nptb_opcode op;

		seed = seed * 1664525 + 1013904223;
		n = (seed >> 16) % (NPTB_INSN_MAX + 1);
		insn = malloc(n ? n : 1);
		for (u32 j = 0; j < n; j++) {
			seed = seed * 1664525 + 1013904223;
			/* Prefixes are rare among random bytes. */
			insn[j] = seed >> 31 ? seed >> 16 :
				odd[(seed >> 16) & 7];
		}
		op = nptb_insn_opcode(insn, n, i & 1);
		assert_true(op.len <= NPTB_OPCODE_MAX);
		nptb_insn_mask(insn, n, i & 1, &reg);
		free(insn);
	}
}

static void test_mask(void **state)
{
	static const struct {
		const char *hex;
		enum nptb_mask kind;
		u32 reg;
	} cases[] = {
		/* vpgatherdd %ymm2, (%rdx,%ymm1), %ymm0 and its kin. */
		{ "c4e26d90040a", NPTB_MASK_VECTOR, 2 },
		{ "c4e26d93040a", NPTB_MASK_VECTOR, 2 },
		{ "c4c20591040a", NPTB_MASK_VECTOR, 15 },
		{ "c4e26d94040a", NPTB_MASK_NONE, 0 },
		{ "c4e16d90040a", NPTB_MASK_NONE, 0 },
		/* vpgatherdd (%rdx,%zmm1), %zmm0{%k1}; vpscatterdd. */
		{ "62f27d4990040a", NPTB_MASK_OPMASK, 1 },
		{ "62f27d4fa0040a", NPTB_MASK_OPMASK, 7 },
		{ "62f27d49a4040a", NPTB_MASK_NONE, 0 },
		{ "0118", NPTB_MASK_NONE, 0 },
		{ "", NPTB_MASK_NONE, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 insn[NPTB_INSN_MAX];
		u32 len = parse(cases[i].hex, insn), reg = 0;

		if (nptb_insn_mask(insn, len, true, &reg) != cases[i].kind ||
		    reg != cases[i].reg)
			fail_msg("\"%s\": register %u", cases[i].hex, reg);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opcode),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_mask),
	};

	return cmocka_run_group_tests_name("insn", tests, NULL, NULL);
}
