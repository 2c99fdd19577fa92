/* SPDX-License-Identifier: GPL-2.0-only */
/* A small set of guest frames, kept as ranges. Pure. */
#ifndef NPTB_SET_RANGES_H
#define NPTB_SET_RANGES_H

#include <linux/types.h>
#include <nptbudget.h>

/**
 * struct nptb_range - frames from @first to @last, both included
 * @first: guest frame number
 * @last: not below @first
 */
struct nptb_range {
	u64 first;
	u64 last;
};

/**
 * struct nptb_ranges - a set of frames
 * @count: entries used in @r
 * @r: in ascending order, with at least a frame between two of them
 */
struct nptb_ranges {
	u32 count;
	struct nptb_range r[NPTB_RANGES_MAX];
};

int nptb_ranges_add(struct nptb_ranges *ranges, u64 first, u64 last);
int nptb_ranges_del(struct nptb_ranges *ranges, u64 first, u64 last);
bool nptb_ranges_meet(const struct nptb_ranges *ranges, u64 first, u64 last);
bool nptb_ranges_share(const struct nptb_ranges *a, const struct nptb_ranges *b);
u64 nptb_ranges_frames(const struct nptb_ranges *ranges);

static inline bool nptb_ranges_has(const struct nptb_ranges *ranges, u64 gfn)
{
	return nptb_ranges_meet(ranges, gfn, gfn);
}

#endif /* NPTB_SET_RANGES_H */
