/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reuse distances: how many other pages were wanted between two references to the
 * same page. Exact, in memory that grows with the number of pages alone.
 */
#ifndef NPTB_REUSE_H
#define NPTB_REUSE_H

#include <stddef.h>
#include <stdint.h>

/* No page yet. */
#define REUSE_NONE	UINT32_MAX
/* What reuse_touch() says of a first reference. */
#define REUSE_FIRST	UINT64_MAX

/**
 * struct reuse - references so far
 * @last: for each page, by its number, the moment of its last reference, or REUSE_NONE
 * @pages: there is room for in @last
 * @owner: for each moment, the page whose last reference it is, or REUSE_NONE
 * @sum: Fenwick tree of the moments that have an owner (P. Fenwick, 1994)
 * @moments: there is room for
 * @now: the next moment
 * @live: moments that have an owner
 */
struct reuse {
	uint32_t *last;
	size_t pages;
	uint32_t *owner;
	uint32_t *sum;
	uint32_t moments, now, live;
};

int reuse_touch(struct reuse *r, uint32_t page, uint64_t *distance);
void reuse_free(struct reuse *r);

#endif /* NPTB_REUSE_H */
