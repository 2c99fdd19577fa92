// SPDX-License-Identifier: GPL-2.0-only
/* Instructions made up; see vector_trial.h. */
#include <kselftest.h>
#include <string.h>

#include "dice.h"
#include "vector_trial.h"

#define RDI	7
/* An operand below this may be named relative to RIP. */
#define NEAR	(1ULL << 30)

static uint8_t *encode_legacy(struct vector_trial *t, uint8_t *to)
{
	static const uint8_t prefixes[] = { 0, 0x66, 0xf3, 0xf2 };
	const struct vector_kind *k = t->kind;

	if (k->prefix)
		*to++ = prefixes[k->prefix];
	if (t->lock)
		*to++ = 0xf0;
	if (roll() % 2)
		*to++ = 0x40 | (roll() & (t->memory ? 0xe : 0xf));
	*to++ = 0x0f;
	if (k->map > 1)
		*to++ = k->map == 2 ? 0x38 : 0x3a;
	return to;
}

/* One as the kind has it; seldom, another. */
static bool choose(struct vector_trial *t, enum vector_bit bit)
{
	bool odd = (bit == BIT_0 || bit == BIT_1) && !(roll() % 32);

	t->odd |= odd;
	return bit == BIT_ANY ? roll() % 2 : (bit == BIT_1 || bit == BIT_1_ALWAYS) != odd;
}

static uint8_t *encode_vex(struct vector_trial *t, uint8_t *to)
{
	static const uint8_t before[] = { 0xf0, 0x66, 0xf3, 0xf2, 0x48 };
	const struct vector_kind *k = t->kind;
	bool has_first;
	uint8_t rxb = roll() & (t->memory ? 6 : 7), last;

	t->w = choose(t, k->w);
	t->l = choose(t, k->l);
	has_first = k->first == FIRST_ANY || (k->first == FIRST_REG && !t->memory);
	last = t->l << 2 | k->prefix;
	if (has_first || !(roll() % 32))
		last |= (roll() & 15) << 3;
	t->first = last >> 3;
	t->odd |= !has_first && t->first;
	if (t->lock)
		*to++ = PICK(before);
	/* Of the latter, all but prefix, VEX.L and VEX.W are inverted. */
	last ^= 0x78;
	if (k->map == 1 && !t->w && !(rxb & 3) && roll() % 4) {
		*to++ = 0xc5;
		*to++ = last | (rxb & 4 ? 0 : 0x80);
		return to;
	}
	*to++ = 0xc4;
	*to++ = (~rxb & 7) << 5 | k->map;
	*to++ = last | t->w << 7;
	return to;
}

/* At RDI, with small indexes, mostly. */
static uint8_t *encode_sib(struct vector_trial *t, uint8_t *to, uint8_t modrm)
{
	uint8_t sib = roll(), index = (sib >> 3 & 7) | (t->code[1] & 0x40 ? 0 : 8);
	uint32_t words[8], i;

	for (i = 0; i < 8; i++)
		words[i] = t->kind->op & 1 && i % 2 ? 0 : roll() % 0x200;
	/* QEMU 7.2 takes XMM4 for none. */
	if (index == 4)
		sib ^= 8, index ^= 1;
	if (roll() % 8)
		memcpy(t->ymm[index], words, sizeof(words));
	*to++ = (modrm & 0x38) | 4;
	*to++ = (sib & 0xf8) | RDI;
	return to;
}

/* Prefixes, opcode, ModRM with RDI or a register, immediate. */
void vector_encode(struct vector_trial *t, uint64_t rip)
{
	const struct vector_kind *k = t->kind;
	uint8_t *to = t->code, modrm = roll();

	t->lock = !(roll() % 50) && !t->cr0;
	to = k->vex ? encode_vex(t, to) : encode_legacy(t, to);
	*to++ = k->op;
	if (k->no_modrm) {
		t->len = to - t->code;
		return;
	}
	modrm = t->memory ? (modrm & 0x38) | RDI : modrm | 0xc0;
	if (k->group)
		modrm = (modrm & 0xc7) | (k->group & 7) << 3;
	/* Shifts by an immediate have registers alone; Bochs 2.7 takes memory. */
	t->odd |= k->vex && k->map == 1 && k->op <= 0x73 && k->group && t->memory;
	if (k->gather && t->memory) {
		to = encode_sib(t, to, modrm);
		t->len = to - t->code;
		return;
	}
	/* From RIP on, with the page of the operand at hand. */
	if (t->memory && t->regs.rdi < NEAR && !(roll() % 8)) {
		int32_t at = t->regs.rdi - (rip + (to + 5 - t->code) + vector_has_imm(k));

		*to++ = (modrm & 0x38) | 5;
		memcpy(to, &at, 4);
		to += 4;
	} else {
		*to++ = modrm;
	}
	if (vector_has_imm(k))
		*to++ = roll() % 2 ? roll() : roll() % 32;
	t->len = to - t->code;
}

void vector_fill(uint8_t *to)
{
	static const uint32_t singles[] = {
		0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
		0x7f800001, 1, 0x80000001, 0x7f7fffff, 0x00800000, 0x40490fdb, 0x4f000000,
	};
	static const uint64_t doubles[] = {
		0, 1ULL << 63, 0x3ff0000000000000, 0xbff8000000000000, 0x7ff0000000000000,
		0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 1,
		0x7fefffffffffffff, 0x0010000000000000, 0x400921fb54442d18, 0x43e0000000000000,
	};
	uint64_t what = roll() % 4, words[2] = { roll(), roll() };
	uint32_t few[4] = { PICK(singles), PICK(singles), PICK(singles), PICK(singles) };
	uint64_t two[2] = { PICK(doubles), PICK(doubles) };

	if (what == 0)
		words[0] &= 0xff0f003f, words[1] = words[0] << 32;
	memcpy(to, what == 1 ? (void *)few : what == 2 ? (void *)two : (void *)words, 16);
}

void vector_registers(struct vector_trial *t)
{
	uint64_t *gpr = (uint64_t *)&t->regs, n;

	for (n = 0; n < 16; n++)
		gpr[n] = roll() % 8 ? roll() >> roll() % 64 : 0;
	for (n = 0; n < 32; n++)
		vector_fill(t->ymm[n / 2] + n % 2 * 16);
	/* Roundings, FZ, DAZ; flags; exceptions that are not masked. */
	if (roll() % 2)
		t->mxcsr |= roll() & 0xe07f;
	if (!(roll() % 4))
		t->mxcsr &= ~(roll() & 0x1f80);
}
