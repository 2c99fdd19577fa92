// SPDX-License-Identifier: GPL-2.0-only
/* Sets of guest frames as ranges: pins and exemptions. Pure; see set/ranges.h. */
#include "lib/pure.h"
#include "set/ranges.h"

/* The first range that ends at @frame or behind it. */
static u32 seek(const struct nptb_ranges *ranges, u64 frame)
{
	u32 i = 0;

	while (i < ranges->count && ranges->r[i].last < frame)
		i++;
	return i;
}

/* Take @cut entries out at @at, and put @in of @with there. */
static int splice(struct nptb_ranges *ranges, u32 at, u32 cut,
		  const struct nptb_range *with, u32 in)
{
	if (ranges->count - cut + in > NPTB_RANGES_MAX)
		return -ENOSPC;
	memmove(&ranges->r[at + in], &ranges->r[at + cut],
		(ranges->count - at - cut) * sizeof(ranges->r[0]));
	memcpy(&ranges->r[at], with, in * sizeof(ranges->r[0]));
	ranges->count += in;
	ranges->count -= cut;
	return 0;
}

/**
 * nptb_ranges_add() - add frames
 * @ranges: to change
 * @first: guest frame
 * @last: guest frame, not below @first, at most NPTB_GFN_MAX
 *
 * Ranges that overlap or touch become one.
 *
 * Return: 0, or -ENOSPC where there would be too many; nothing is changed then.
 */
int nptb_ranges_add(struct nptb_ranges *ranges, u64 first, u64 last)
{
	struct nptb_range one = { .first = first, .last = last };
	u32 at = seek(ranges, first ? first - 1 : 0), end = at;

	for (; end < ranges->count && ranges->r[end].first <= last + 1; end++) {
		if (ranges->r[end].first < one.first)
			one.first = ranges->r[end].first;
		if (ranges->r[end].last > one.last)
			one.last = ranges->r[end].last;
	}
	return splice(ranges, at, end - at, &one, 1);
}

/**
 * nptb_ranges_del() - take frames away
 * @ranges: to change
 * @first: guest frame
 * @last: guest frame, not below @first
 *
 * Return: 0; -ENOENT where none of them is in the set, -ENOSPC where there
 * would be too many ranges; nothing is changed then.
 */
int nptb_ranges_del(struct nptb_ranges *ranges, u64 first, u64 last)
{
	struct nptb_range left[2];
	u32 at = seek(ranges, first), end = at, n = 0;

	while (end < ranges->count && ranges->r[end].first <= last)
		end++;
	if (end == at)
		return -ENOENT;
	if (ranges->r[at].first < first) {
		left[n].first = ranges->r[at].first;
		left[n++].last = first - 1;
	}
	if (ranges->r[end - 1].last > last) {
		left[n].first = last + 1;
		left[n++].last = ranges->r[end - 1].last;
	}
	return splice(ranges, at, end - at, left, n);
}

/**
 * nptb_ranges_meet() - is any of these frames in the set?
 * @ranges: the set
 * @first: guest frame
 * @last: guest frame, not below @first
 *
 * Return: whether one is.
 */
bool nptb_ranges_meet(const struct nptb_ranges *ranges, u64 first, u64 last)
{
	u32 at = seek(ranges, first);

	return at < ranges->count && ranges->r[at].first <= last;
}

/**
 * nptb_ranges_share() - is any frame in both sets?
 * @a: a set
 * @b: another
 *
 * Return: whether one is.
 */
bool nptb_ranges_share(const struct nptb_ranges *a, const struct nptb_ranges *b)
{
	u32 i;

	for (i = 0; i < a->count; i++)
		if (nptb_ranges_meet(b, a->r[i].first, a->r[i].last))
			return true;
	return false;
}

/**
 * nptb_ranges_frames() - how many frames are in the set
 * @ranges: the set
 *
 * Return: their number.
 */
u64 nptb_ranges_frames(const struct nptb_ranges *ranges)
{
	u64 frames = 0;
	u32 i;

	for (i = 0; i < ranges->count; i++)
		frames += ranges->r[i].last - ranges->r[i].first + 1;
	return frames;
}
