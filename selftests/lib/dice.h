/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers for generated cases, the same in every run: xorshift64 (Marsaglia, 2003). */
#ifndef NPTB_ST_DICE_H
#define NPTB_ST_DICE_H

#include <stdint.h>

/* The next of 64 random bits. */
static inline uint64_t roll(void)
{
	static uint64_t seed = 0x9e3779b97f4a7c15ULL;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

#define PICK(table)	((table)[roll() % ARRAY_SIZE(table)])

#endif
