// SPDX-License-Identifier: GPL-2.0-only
/* What was lent pages, and what could not be emulated. Pure; see loop/lend_stats.h. */
#include "lib/pure.h"
#include "loop/lend_stats.h"

static bool same_kind(const struct nptb_lends_entry *entry,
		      const struct nptb_opcode *op, s64 vector)
{
	if (entry->vector != vector)
		return false;
	return vector >= 0 || (entry->op.len == op->len &&
			       !memcmp(entry->op.bytes, op->bytes, op->len));
}

static struct nptb_lends_entry *entry_for(struct nptb_lends *lends,
					  struct nptb_opcode op, s64 vector)
{
	struct nptb_lends_entry *entry;
	u32 i;

	for (i = 0; i < lends->count; i++)
		if (same_kind(&lends->entry[i], &op, vector))
			return &lends->entry[i];
	if (i == NPTB_LENDS_MAX)
		return &lends->entry[NPTB_LENDS_MAX];
	entry = &lends->entry[lends->count++];
	entry->op = op;
	entry->vector = vector;
	return entry;
}

/**
 * nptb_lends_refused() - an instruction, or a delivery, could not be emulated
 * @lends: of the VM
 * @op: the instruction
 * @vector: of the event whose delivery it was, or -1
 */
void nptb_lends_refused(struct nptb_lends *lends, struct nptb_opcode op, s64 vector)
{
	entry_for(lends, op, vector)->refused++;
}

/**
 * nptb_lends_lent() - an attempt that was lent pages has ended
 * @lends: of the VM
 * @op: its instruction
 * @vector: of the event whose delivery it was, or -1
 * @pages: lent to it, at most at a time
 */
void nptb_lends_lent(struct nptb_lends *lends, struct nptb_opcode op, s64 vector,
		     u32 pages)
{
	struct nptb_lends_entry *entry = entry_for(lends, op, vector);

	entry->lends++;
	entry->pages += pages;
	if (pages > entry->peak)
		entry->peak = pages;
}
