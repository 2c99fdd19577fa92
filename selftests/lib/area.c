// SPDX-License-Identifier: GPL-2.0-only
/* Areas of XSAVE with any state; see area.h. */
#include <string.h>

#include "area.h"
#include "dice.h"
#include "util.h"

uint16_t area_half(const uint8_t *area, size_t at)
{
	uint16_t value;

	memcpy(&value, area + at, 2);
	return value;
}

/* A register of the x87: numbers, those that are none, and bits. */
static void fill_extended(uint8_t *to)
{
	static const struct {
		uint64_t significand;
		uint16_t exponent;
	} special[] = {
		{ 0, 0 }, { 1ULL << 63, 0x3fff }, { 0xc90fdaa22168c235, 0x4000 },
		{ 1ULL << 63, 0x7fff }, { 3ULL << 62, 0x7fff }, { (1ULL << 63) + 1, 0x7fff },
		{ 1, 0 }, { 1ULL << 63, 0 }, { 1ULL << 62, 0x3fff }, { ~0ULL, 0x7ffe },
		{ 1ULL << 63, 1 }, { 0xb504f333f9de6484, 0x3ffe }, { 0xffffffffffff0000, 0x401e },
	};
	unsigned int i = roll() % (2 * ARRAY_SIZE(special));
	uint64_t significand = roll() | 1ULL << 63;
	uint16_t exponent = 0x3fff - 40 + roll() % 80;

	if (i < ARRAY_SIZE(special)) {
		significand = special[i].significand;
		exponent = special[i].exponent;
	}
	exponent |= (roll() & 1) << 15;
	memcpy(to, &significand, 8);
	memcpy(to + 8, &exponent, 2);
}

void area_fill_operand(uint8_t *to)
{
	static const uint32_t singles[] = {
		0, 0x80000000, 0x3f800000, 0x7f800000, 0x7fc00000, 0x7f800001, 1, 0x7f7fffff,
		0x40490fdb, 0x4f000000,
	};
	static const uint64_t doubles[] = {
		0, 1ULL << 63, 0x3ff0000000000000, 0xbff8000000000000, 0x7ff0000000000000,
		0x7ff8000000000000, 0x7ff0000000000001, 1, 0x7fefffffffffffff,
		0x400921fb54442d18, 0x43e0000000000000,
	};
	uint64_t what = roll() % 5, words[2] = { roll(), roll() };
	uint32_t few[4] = { PICK(singles), PICK(singles), PICK(singles), PICK(singles) };
	uint64_t two[2] = { PICK(doubles), PICK(doubles) };
	int i;

	memcpy(to, what == 1 ? (void *)few : what == 2 ? (void *)two : (void *)words, 16);
	if (what == 3)
		fill_extended(to);
	for (i = 0; what == 4 && i < 10; i++)
		to[i] = i == 9 ? (roll() & 1) << 7 : (roll() % 10) << 4 | roll() % 10;
}

/* ES and B are set where an exception waits: APM volume 5, section 6.2. */
static void settle(uint8_t *area)
{
	uint16_t control = area_half(area, 0), status = area_half(area, AREA_STATUS);

	status &= ~(FSW_ES | FSW_BUSY);
	if (status & ~control & FSW_EXCEPTIONS)
		status |= FSW_ES | FSW_BUSY;
	memcpy(area + AREA_STATUS, &status, 2);
}

void area_fill(uint8_t *area, bool waiting, bool noted)
{
	uint16_t control = 0x37f, status = roll() & 0x7f00, opcode = roll() & 0x7ff;
	uint32_t mxcsr = 0x1f80 | (roll() & 0x603f);
	/* Without SSE, KVM leaves MXCSR as it was. */
	uint64_t bv = 2 | roll() % 8;
	unsigned int i;

	memset(area, 0, AREA);
	for (i = 0; i < 8; i++)
		fill_extended(area + AREA_ST + 16 * i);
	for (i = AREA_XMM; i < AREA_UNUSED; i += 16)
		area_fill_operand(area + i);
	for (i = AREA_YMM; i < AREA; i += 16)
		area_fill_operand(area + i);
	if (roll() % 2)
		control = (control & ~0xf00) | (roll() & 0xf00);
	if (!(roll() % 3))
		control &= ~(roll() & FSW_EXCEPTIONS);
	/* Without one that waits, what is set is masked. */
	if (waiting || roll() % 2)
		status |= roll() & (waiting ? FSW_EXCEPTIONS | FSW_SF : control & FSW_EXCEPTIONS);
	memcpy(area, &control, 2);
	memcpy(area + AREA_STATUS, &status, 2);
	settle(area);
	area[AREA_TAGS] = roll() % 4 ? roll() | roll() : 0;
	if (noted) {
		uint64_t ip = roll() >> 17, dp = roll() >> 17;

		memcpy(area + AREA_OPCODE, &opcode, 2);
		memcpy(area + AREA_OPCODE + 2, &ip, 8);
		memcpy(area + AREA_OPCODE + 10, &dp, 8);
	}
	memcpy(area + AREA_MXCSR, &mxcsr, 4);
	memset(area + AREA_MXCSR_MASK, 0xff, 2);
	memcpy(area + AREA_BV, &bv, 8);
}

/* A component that is not there, a format, reserved bytes. */
void area_spoil(uint8_t *area)
{
	uint64_t roll_of = roll() % 16, bit = 1ULL << (3 + roll() % 61);

	if (roll_of == 0)
		memcpy(area + AREA_BV, &bit, 8);
	if (roll_of == 1)
		memcpy(area + AREA_COMP, &bit, 8);
	if (roll_of == 2)
		area[AREA_COMP + 8 + roll() % 8] = 1;
}
