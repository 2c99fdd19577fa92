// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <string.h>

#include "mode.h"

/* Distance of parts where they are near each other: fourteen fit below 1 MiB. */
#define NEAR_SHIFT	16
/* And where seven have to fit below 64 KiB. */
#define SMALL_SHIFT	13

static const struct probe_level levels_32[] = {
	{ 22, 10, "PD" }, { 12, 10, "PT" },
};
static const struct probe_level levels_pae[] = {
	{ 30, 2, "PDPT" }, { 21, 9, "PD" }, { 12, 9, "PT" },
};
static const struct probe_level levels_4[] = {
	{ 39, 9, "PML4" }, { 30, 9, "PDPT" }, { 21, 9, "PD" }, { 12, 9, "PT" },
};
static const struct probe_level levels_5[] = {
	{ 48, 9, "PML5" }, { 39, 9, "PML4" }, { 30, 9, "PDPT" }, { 21, 9, "PD" },
	{ 12, 9, "PT" },
};

#define UNPAGED_MODE(id, name, bits, what)				\
	[id] = { name, id, bits, NULL, 0, 0, false, 0, F_NONE, false, what }
#define PAIR(id, name, bits, levels, n, entry, shift, feature, what)	\
	[id] = { name, id, bits, levels, n, entry, false, 0, feature, false, what }, \
	[id##F] = { name "-far", id##F, bits, levels, n, entry, true, shift, \
		    feature, false, what ", worst spread" }

const struct probe_mode probe_modes[M_NR] = {
	UNPAGED_MODE(M_REAL, "real", 16, "real mode"),
	UNPAGED_MODE(M_PROT, "prot", 32, "32-bit protected mode without paging"),
	PAIR(M_32, "32", 32, levels_32, 2, 4, 22, F_NONE, "32-bit paging"),
	PAIR(M_32_4M, "32-4m", 32, levels_32, 1, 4, 22, F_NONE,
	     "32-bit paging, 4 MiB pages"),
	PAIR(M_PAE, "pae", 32, levels_pae, 3, 8, 30, F_NONE, "PAE paging"),
	PAIR(M_PAE_2M, "pae-2m", 32, levels_pae, 2, 8, 30, F_NONE,
	     "PAE paging, 2 MiB pages"),
	PAIR(M_LONG, "long", 64, levels_4, 4, 8, 39, F_NONE,
	     "long mode, 4 levels"),
	PAIR(M_LONG_2M, "long-2m", 64, levels_4, 3, 8, 39, F_NONE,
	     "long mode, 4 levels, 2 MiB pages"),
	PAIR(M_LONG_1G, "long-1g", 64, levels_4, 2, 8, 39, F_NONE,
	     "long mode, 4 levels, 1 GiB pages"),
	PAIR(M_LA57, "la57", 64, levels_5, 5, 8, 48, F_LA57,
	     "long mode, 5 levels"),
	PAIR(M_LA57_2M, "la57-2m", 64, levels_5, 4, 8, 48, F_LA57,
	     "long mode, 5 levels, 2 MiB pages"),
	PAIR(M_LA57_1G, "la57-1g", 64, levels_5, 3, 8, 48, F_LA57,
	     "long mode, 5 levels, 1 GiB pages"),
	[M_REAL_64K] = { "real-64k", M_REAL_64K, 16, NULL, 0, 0, false, 0, F_NONE, true,
			 "real mode, segments of 64 KiB as after a reset" },
};

/**
 * probe_mode_find() - look a mode up
 * @name: its name
 *
 * Return: the mode, or NULL.
 */
const struct probe_mode *probe_mode_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < M_NR; i++)
		if (!strcmp(probe_modes[i].name, name))
			return &probe_modes[i];
	return NULL;
}

/**
 * probe_mode_word() - size of what a push pushes
 * @m: the mode
 *
 * Return: bytes.
 */
unsigned int probe_mode_word(const struct probe_mode *m)
{
	return m->bits / 8;
}

/**
 * probe_page_shift() - size of the guest's pages
 * @m: the mode
 *
 * Return: log2 of it.
 */
unsigned int probe_page_shift(const struct probe_mode *m)
{
	return m->nlevels ? m->levels[m->nlevels - 1].shift : 12;
}

/**
 * probe_boundary() - the page boundary that a part is placed at
 * @m: the mode
 * @area: of the part, from 1; fixed, so that addresses are easy to follow
 * @use: it is the case's how manieth, from 1
 *
 * In the worst spread the boundary is one of the root table, and every other one
 * of these, so that no two halves of anything share a table but the root. PAE's
 * root has room for three such boundaries; what comes later gets one of a page
 * directory.
 *
 * Return: linear address.
 */
uint64_t probe_boundary(const struct probe_mode *m, unsigned int area, unsigned int use)
{
	if (!m->far)
		return (uint64_t)area << (m->small ? SMALL_SHIFT : NEAR_SHIFT);
	if (m->far_shift == 30)
		return use <= 3 ? (uint64_t)use << 30 : (uint64_t)use * 2 << 21;
	return (uint64_t)area * 2 << m->far_shift;
}
