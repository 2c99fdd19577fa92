// SPDX-License-Identifier: GPL-2.0-only
/* The table of a resident set's pages. Pure; see set/table.h. */
#include "set/table.h"

/**
 * nptb_table_init() - begin with a table of which nothing is used
 * @table: to set up
 * @slots: the table
 * @stamps: @nr of them, or NULL
 * @nr: slots in it, from %NPTB_SLOTS_FIXED to %NPTB_SLOTS_MAX
 */
void nptb_table_init(struct nptb_table *table, struct nptb_page *slots,
		     u32 *stamps, u32 nr)
{
	u32 slot;

	table->slots = slots;
	table->stamps = stamps;
	table->free = NPTB_SLOT_NONE;
	table->fresh = NPTB_SLOT_FIRST;
	table->end = nr * NPTB_SLOT;
	for (slot = NPTB_SLOT_NONE; slot < NPTB_SLOT_FIRST; slot += NPTB_SLOT) {
		nptb_at(slots, slot)->word = NPTB_TAG_NONE;
		nptb_ring_init(slots, slot);
	}
}

/**
 * nptb_table_grow() - go on with a larger table
 * @table: to change
 * @slots: the new one, which has in it what the old one has
 * @stamps: likewise, or NULL
 * @nr: slots in it, no less than before
 *
 * Constant time. Pointers into the old one are worthless from then on.
 */
void nptb_table_grow(struct nptb_table *table, struct nptb_page *slots,
		     u32 *stamps, u32 nr)
{
	table->slots = slots;
	table->stamps = stamps;
	table->end = nr * NPTB_SLOT;
}
