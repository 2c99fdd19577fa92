// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page-table walks: AMD64 APM volume 2, section 5.2 (legacy and PAE) and 5.3
 * (long mode). See cpu.h.
 */
#include "cpu.h"

#define CR0_PG		(1ULL << 31)
#define CR4_PSE		(1ULL << 4)
#define CR4_PAE		(1ULL << 5)
#define CR4_LA57	(1ULL << 12)
#define EFER_LMA	(1ULL << 10)

#define ENTRY_P		(1ULL << 0)
#define ENTRY_PS	(1ULL << 7)
/* Bits 51:12 of an entry: section 5.4.1. */
#define ENTRY_FRAME	0x000ffffffffff000ULL

/* How a mode's tables look. */
struct shape {
	u32 levels;
	u32 bits;		/* of the index into a table */
	u32 width;		/* of an entry, bytes */
	u32 large;		/* the highest level that may map a page itself */
	u64 root;
};

static struct shape shape_of(const struct nptb_state *state)
{
	struct shape shape = { .bits = 9, .width = 8 };

	if (state->efer & EFER_LMA) {
		shape.levels = state->cr4 & CR4_LA57 ? 5 : 4;
		shape.large = 3;
		shape.root = state->cr3 & ENTRY_FRAME;
	} else if (state->cr4 & CR4_PAE) {
		/* Four entries, and they need not be page-aligned. */
		shape.levels = 3;
		shape.large = 2;
		shape.root = state->cr3 & 0xffffffe0ULL;
	} else {
		shape.levels = 2;
		shape.bits = 10;
		shape.width = 4;
		shape.large = state->cr4 & CR4_PSE ? 2 : 1;
		shape.root = state->cr3 & 0xfffff000ULL;
	}
	return shape;
}

static bool canonical(const struct shape *shape, u64 linear)
{
	u32 unused = 64 - 12 - shape->bits * shape->levels;

	if (shape->levels < 4)
		return true;
	return (u64)((s64)(linear << unused) >> unused) == linear;
}

static bool read_entry(const struct shape *shape, u64 at, nptb_walk_read_fn read,
		       void *ctx, u64 *entry)
{
	u32 small;

	if (shape->width == 8)
		return read(ctx, at, entry, sizeof(*entry));
	if (!read(ctx, at, &small, sizeof(small)))
		return false;
	*entry = small;
	return true;
}

/* Where the page that an entry maps begins. */
static u64 page_base(const struct shape *shape, u32 level, u64 entry)
{
	u64 base = entry & ENTRY_FRAME;

	if (level == 1)
		return base;
	/* A legacy 4 MiB page: bits 20:13 are 39:32 of its address. */
	if (shape->width == 4)
		return (entry & 0xffc00000ULL) | (entry & 0x1fe000ULL) << 19;
	return base & ~((1ULL << (12 + shape->bits * (level - 1))) - 1);
}

/**
 * nptb_walk() - walk a guest's page tables for a linear address
 * @state: the guest's CR0, CR3, CR4 and EFER
 * @linear: the address; only 32 bits of it count outside long mode
 * @read: how guest memory is read
 * @ctx: for @read
 * @walk: what was found
 *
 * Permissions are not looked at, and no accessed bit is set.
 */
void nptb_walk(const struct nptb_state *state, u64 linear,
	       nptb_walk_read_fn read, void *ctx, struct nptb_walk *walk)
{
	struct shape shape = shape_of(state);
	u64 table = shape.root;
	u32 level;

	*walk = (struct nptb_walk){ .end = NPTB_WALK_MAPPED };
	if (!(state->efer & EFER_LMA))
		linear &= 0xffffffffULL;
	if (!(state->cr0 & CR0_PG)) {
		walk->gpa = linear;
		return;
	}
	walk->top = shape.levels;
	walk->level = shape.levels;
	if (!canonical(&shape, linear)) {
		walk->end = NPTB_WALK_NONCANONICAL;
		walk->top = 0;
		walk->level = 0;
		return;
	}
	for (level = shape.levels; level; level--) {
		u32 shift = 12 + shape.bits * (level - 1);
		u64 index = linear >> shift & ((1ULL << shape.bits) - 1);
		u64 at = table + index * shape.width, entry;

		walk->level = level;
		walk->table[level - 1] = at >> 12;
		if (!read_entry(&shape, at, read, ctx, &entry)) {
			walk->end = NPTB_WALK_UNREADABLE;
			return;
		}
		if (!(entry & ENTRY_P)) {
			walk->end = NPTB_WALK_ABSENT;
			return;
		}
		if (level == 1 || (level <= shape.large && entry & ENTRY_PS)) {
			walk->gpa = page_base(&shape, level, entry) |
				    (linear & ((1ULL << shift) - 1));
			return;
		}
		table = entry & ENTRY_FRAME;
	}
}
