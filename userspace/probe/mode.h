/* SPDX-License-Identifier: GPL-2.0-only */
/* Modes of the CPU, and where each puts things. */
#ifndef NPTB_PROBE_MODE_H
#define NPTB_PROBE_MODE_H

#include <stdbool.h>
#include <stdint.h>

#include "case.h"

#define PROBE_PAGE	4096U

/**
 * struct probe_level - a level of the guest's page tables
 * @shift: address bits below those that index it
 * @bits: address bits that index it
 * @name: of a table of this level
 */
struct probe_level {
	uint8_t shift;
	uint8_t bits;
	const char *name;
};

/**
 * struct probe_mode - a mode
 * @name: for --mode
 * @id: bit in &probe_case.modes
 * @bits: 16, 32 or 64: size of operands, addresses and code
 * @levels: from the root down
 * @nlevels: how many are used; 0 without paging
 * @entry: size of a table entry, bytes
 * @far: operand halves lie in different subtrees
 * @far_shift: log2 of the distance of parts then
 * @feature: needed of the CPU
 * @small: segments of 64 KiB, which begin at their selector times 16
 * @what: one line
 */
struct probe_mode {
	const char *name;
	enum probe_mode_id id;
	uint8_t bits;
	const struct probe_level *levels;
	uint8_t nlevels;
	uint8_t entry;
	bool far;
	uint8_t far_shift;
	enum probe_feature feature;
	bool small;
	const char *what;
};

extern const struct probe_mode probe_modes[M_NR];

const struct probe_mode *probe_mode_find(const char *name);
unsigned int probe_mode_word(const struct probe_mode *m);
unsigned int probe_page_shift(const struct probe_mode *m);
uint64_t probe_boundary(const struct probe_mode *m, unsigned int area, unsigned int use);

#endif /* NPTB_PROBE_MODE_H */
