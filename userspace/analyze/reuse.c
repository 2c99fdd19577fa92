// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/reuse.h"

#define FIRST_MOMENTS	4096

static void add(struct reuse *r, uint32_t at, uint32_t n)
{
	for (at++; at <= r->moments; at += at & -at)
		r->sum[at - 1] += n;
}

/* Owners of moments before @at. */
static uint32_t before(const struct reuse *r, uint32_t at)
{
	uint32_t n = 0;

	for (; at; at -= at & -at)
		n += r->sum[at - 1];
	return n;
}

/* Moments without an owner go, and there is room for as many again. */
static int compact(struct reuse *r)
{
	uint32_t want = r->live > FIRST_MOMENTS / 2 ? 2 * r->live : FIRST_MOMENTS, i, n = 0;
	uint32_t *more;

	for (i = 0; i < r->now; i++) {
		if (r->owner[i] == REUSE_NONE)
			continue;
		r->owner[n] = r->owner[i];
		r->last[r->owner[n]] = n;
		n++;
	}
	r->now = n;
	if (want > r->moments) {
		more = reallocarray(r->owner, want, sizeof(*more));
		if (!more)
			return -ENOMEM;
		r->owner = more;
		free(r->sum);
		r->sum = malloc(want * sizeof(*r->sum));
		if (!r->sum)
			return -ENOMEM;
		r->moments = want;
	}
	/* Built at once: each entry is the sum of as many as its lowest bit says. */
	memset(r->sum, 0, r->moments * sizeof(*r->sum));
	for (i = 1; i <= r->moments; i++) {
		uint32_t up = i + (i & -i);

		r->sum[i - 1] += i <= n;
		if (up <= r->moments)
			r->sum[up - 1] += r->sum[i - 1];
	}
	return 0;
}

static int make_room(struct reuse *r, uint32_t page)
{
	size_t pages = r->pages ? r->pages : 1024;
	uint32_t *more;

	while (page >= pages)
		pages *= 2;
	if (pages > r->pages) {
		more = reallocarray(r->last, pages, sizeof(*more));
		if (!more)
			return -ENOMEM;
		memset(more + r->pages, 0xff, (pages - r->pages) * sizeof(*more));
		r->last = more;
		r->pages = pages;
	}
	return r->now == r->moments ? compact(r) : 0;
}

/**
 * reuse_touch() - a reference to a page
 * @r: references so far, zeroed at first
 * @page: its number, from 0 on without large gaps
 * @distance: other pages that were referenced since its last reference, or REUSE_FIRST
 *
 * Return: 0 or -ENOMEM.
 */
int reuse_touch(struct reuse *r, uint32_t page, uint64_t *distance)
{
	int err = make_room(r, page);
	uint32_t last;

	if (err)
		return err;
	last = r->last[page];
	*distance = REUSE_FIRST;
	if (last != REUSE_NONE) {
		*distance = r->live - before(r, last + 1);
		add(r, last, (uint32_t)-1);
		r->owner[last] = REUSE_NONE;
		r->live--;
	}
	r->owner[r->now] = page;
	r->last[page] = r->now;
	add(r, r->now, 1);
	r->now++;
	r->live++;
	return 0;
}

/**
 * reuse_free() - free what is known
 * @r: references
 */
void reuse_free(struct reuse *r)
{
	free(r->last);
	free(r->owner);
	free(r->sum);
	memset(r, 0, sizeof(*r));
}
