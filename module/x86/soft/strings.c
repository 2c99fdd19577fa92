// SPDX-License-Identifier: GPL-2.0-only
/* Comparisons of strings of up to 16 bytes. Pure; see x86/soft/strings.h. */
#include "lib/pure.h"
#include "x86/soft/strings.h"

#define BYTES	16

/* The immediate. */
#define WORDS		0x01	/* elements of 2 bytes */
#define SIGNED		0x02
#define ANY		0	/* bits 2 and 3: which comparison */
#define RANGES		1
#define EACH		2
#define ORDERED		3
#define NEGATED		0x10	/* the result */
#define MASKED		0x20	/* where the second string has ended it is not */
#define LAST		0x40	/* index of the last; or a mask of whole elements */

#define FLAG_CF		0x001
#define FLAG_ZF		0x040
#define FLAG_SF		0x080
#define FLAG_OF		0x800

static s32 element(const struct nptb_strings *s, const u8 *string, u32 i)
{
	u32 value = s->imm & WORDS ? string[2 * i] | string[2 * i + 1] << 8 : string[i];

	if (!(s->imm & SIGNED))
		return value;
	return s->imm & WORDS ? (s32)(value << 16) >> 16 : (s32)(value << 24) >> 24;
}

static u32 elements(const struct nptb_strings *s)
{
	return s->imm & WORDS ? BYTES / 2 : BYTES;
}

static u32 length(const struct nptb_strings *s, u32 which)
{
	const u8 *string = which ? s->second : s->first;
	u64 given = s->length[which] < 0 ? -(u64)s->length[which] : (u64)s->length[which];
	u32 all = elements(s), i;

	if (s->has_lengths)
		return given < all ? given : all;
	for (i = 0; i < all && element(s, string, i); i++)
		;
	return i;
}

/* Is element @i of the second one of the first's, or within one of its ranges? */
static bool is_among(const struct nptb_strings *s, u32 first, u32 i, bool ranges)
{
	s32 value = element(s, s->second, i);
	u32 j;

	for (j = 0; j < first; j += 1 + ranges) {
		if (!ranges && element(s, s->first, j) == value)
			return true;
		if (ranges && j + 1 < first && element(s, s->first, j) <= value &&
		    value <= element(s, s->first, j + 1))
			return true;
	}
	return false;
}

/* Does the first begin at element @i of the second, as far as that is known? */
static bool begins(const struct nptb_strings *s, u32 first, u32 second, u32 i)
{
	u32 all = elements(s), j;

	for (j = 0; j < first && i + j < all; j++)
		if (i + j >= second || element(s, s->first, j) != element(s, s->second, i + j))
			return false;
	return true;
}

static bool compare(const struct nptb_strings *s, u32 first, u32 second, u32 i)
{
	switch (s->imm >> 2 & 3) {
	case ANY:
	case RANGES:
		return i < second && is_among(s, first, i, (s->imm >> 2 & 3) == RANGES);
	case EACH:
		if (i < first && i < second)
			return element(s, s->first, i) == element(s, s->second, i);
		/* Behind both ends they are equal. */
		return i >= first && i >= second;
	default:
		return begins(s, first, second, i);
	}
}

static void set_mask(struct nptb_strings *s, u32 result)
{
	u32 size = s->imm & WORDS ? 2 : 1, i;

	memset(s->mask, 0, sizeof(s->mask));
	if (!(s->imm & LAST)) {
		s->mask[0] = result;
		s->mask[1] = result >> 8;
		return;
	}
	for (i = 0; i < elements(s); i++)
		if (result >> i & 1)
			memset(s->mask + i * size, 0xff, size);
}

static u32 index_in(const struct nptb_strings *s, u32 result)
{
	u32 all = elements(s), i;

	for (i = 0; i < all; i++) {
		u32 at = s->imm & LAST ? all - 1 - i : i;

		if (result >> at & 1)
			return at;
	}
	return all;
}

/**
 * nptb_strings() - compare two strings
 * @s: the strings; the rest is filled in
 */
void nptb_strings(struct nptb_strings *s)
{
	u32 first = length(s, 0), second = length(s, 1), all = elements(s), result = 0, i;

	for (i = 0; i < all; i++) {
		bool bit = compare(s, first, second, i);

		if (s->imm & NEGATED && !(s->imm & MASKED && i >= second))
			bit = !bit;
		result |= (u32)bit << i;
	}
	s->index = index_in(s, result);
	set_mask(s, result);
	s->flags = (result ? FLAG_CF : 0) | (second < all ? FLAG_ZF : 0) |
		   (first < all ? FLAG_SF : 0) | (result & 1 ? FLAG_OF : 0);
}
