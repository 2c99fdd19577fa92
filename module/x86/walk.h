/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's own page tables, walked as its CPU would. Pure: guest memory is
 * read by a function of the caller's. A walk reads at most one entry for each
 * level there is, whatever the tables hold.
 */
#ifndef NPTB_WALK_H
#define NPTB_WALK_H

#include "loop/record.h"

/* Levels of the largest tables: CR4.LA57. */
#define NPTB_WALK_LEVELS	5

/**
 * nptb_walk_read_fn - read guest memory
 * @ctx: the caller's
 * @gpa: guest-physical address; the bytes do not cross a page
 * @buf: for the bytes
 * @len: how many
 *
 * Return: false where they cannot be had now.
 */
typedef bool (*nptb_walk_read_fn)(void *ctx, u64 gpa, void *buf, u32 len);

/**
 * struct nptb_walk - one linear address and the way to its page
 * @gpa: guest-physical address, where @end is NPTB_WALK_MAPPED
 * @table: frame of the table of level i + 1, for those that were read
 * @top: level of the first table, 0 without paging
 * @level: level of the table whose entry ended the walk, 0 without paging
 * @end: enum nptb_walk_end
 */
struct nptb_walk {
	u64 gpa;
	u64 table[NPTB_WALK_LEVELS];
	u8 top;
	u8 level;
	u8 end;
};

void nptb_walk(const struct nptb_state *state, u64 linear,
	       nptb_walk_read_fn read, void *ctx, struct nptb_walk *walk);

/**
 * nptb_walk_level() - the level of a frame among the tables of a walk
 * @walk: done
 * @gfn: the frame
 *
 * Return: the lowest level whose table lies there, 0 where none does.
 */
static inline u32 nptb_walk_level(const struct nptb_walk *walk, u64 gfn)
{
	u32 level;

	if (!walk->top)
		return 0;
	/* The entry of the last level was looked for, if not read. */
	for (level = walk->level; level <= walk->top; level++)
		if (walk->table[level - 1] == gfn)
			return level;
	return 0;
}

#endif /* NPTB_WALK_H */
