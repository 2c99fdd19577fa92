// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory: frames and linear pages picked at random, and the page tables
 * between them. AMD64 APM volume 2, sections 5.2 and 5.3.
 */
#include <string.h>

#include "../lib/util.h"
#include "corpus.h"

#define P_BASE		0x07U		/* present, writable, user */
#define P_SEEN		0x60U		/* accessed, dirty */
#define P_LARGE		0x80U
/* Data in a page lies between these; what crosses its ends, outside. */
#define FILL_FIRST	0x200U
#define FILL_LAST	0xe00U

/* xorshift64*: the same numbers everywhere. */
uint32_t corpus_random(struct corpus_case *c, uint32_t below)
{
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return (uint32_t)((c->random * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

static bool paging(const struct corpus_case *c)
{
	return c->mode >= CORPUS_LEGACY;
}

static unsigned int levels(const struct corpus_case *c)
{
	return c->mode == CORPUS_LONG ? 4 : c->mode == CORPUS_PAE ? 3 : 2;
}

static unsigned int index_bits(const struct corpus_case *c)
{
	return c->mode == CORPUS_LEGACY ? 10 : 9;
}

/* Real mode reaches the first MiB. */
static unsigned int frames(const struct corpus_case *c)
{
	return c->mode == CORPUS_REAL ? 0xf0 : CORPUS_LARGE;
}

/* The first of @count free frames in a row. */
static unsigned int take_frames(struct corpus_case *c, unsigned int count)
{
	unsigned int gfn, i, tries;

	for (tries = 0; tries < 10000; tries++) {
		gfn = 1 + corpus_random(c, frames(c) - count - 1);
		for (i = 0; i < count && !c->used[gfn + i]; i++)
			;
		if (i < count)
			continue;
		for (i = 0; i < count; i++) {
			c->used[gfn + i] = 1;
			c->fill[gfn + i] = FILL_FIRST;
		}
		return gfn;
	}
	die("corpus: guest memory is full");
}

static unsigned int take_table(struct corpus_case *c)
{
	unsigned int gfn = take_frames(c, 1);

	c->fill[gfn] = 0;
	return gfn;
}

static uint64_t read_entry(struct corpus_case *c, uint64_t at)
{
	uint64_t entry = 0;

	memcpy(&entry, c->mem + at, c->mode == CORPUS_LEGACY ? 4 : 8);
	return entry;
}

static void write_entry(struct corpus_case *c, uint64_t at, uint64_t entry)
{
	memcpy(c->mem + at, &entry, c->mode == CORPUS_LEGACY ? 4 : 8);
}

/* Accessed bits that are clear make the CPU write to the table. */
static uint64_t flags(struct corpus_case *c, unsigned int level)
{
	if (c->mode == CORPUS_PAE && level == 3)
		return 1;
	return P_BASE | (corpus_random(c, 4) ? P_SEEN : 0);
}

/* Where the entry of @lpn lies in the table of @level, tables made as needed. */
static uint64_t entry_at(struct corpus_case *c, struct corpus_page *page,
			 unsigned int level)
{
	unsigned int bits = index_bits(c), width = c->mode == CORPUS_LEGACY ? 4 : 8;
	uint64_t table = c->root, at, entry;
	unsigned int l;

	for (l = levels(c);; l--) {
		at = table + (page->lpn >> bits * (l - 1) & ((1U << bits) - 1)) * width;
		page->table[page->tables++] = at >> PAGE_SHIFT;
		if (l == level)
			return at;
		entry = read_entry(c, at);
		if (!entry) {
			entry = (uint64_t)take_table(c) << PAGE_SHIFT | flags(c, l);
			write_entry(c, at, entry);
		}
		table = entry & ~0xfffULL;
	}
}

static struct corpus_page *find_page(struct corpus_case *c, uint64_t lpn)
{
	unsigned int i;

	for (i = 0; i < c->pages; i++)
		if (c->page[i].lpn == lpn)
			return &c->page[i];
	return NULL;
}

static struct corpus_page *new_page(struct corpus_case *c, uint64_t lpn)
{
	struct corpus_page *page = &c->page[c->pages++];

	if (c->pages > CORPUS_PAGES_MAX)
		die("corpus: too many pages");
	*page = (struct corpus_page){ .lpn = lpn };
	return page;
}

static void map_page(struct corpus_case *c, uint64_t lpn, unsigned int gfn)
{
	struct corpus_page *page = new_page(c, lpn);
	uint64_t at;

	page->gfn = gfn;
	if (!paging(c))
		return;
	at = entry_at(c, page, 1);
	write_entry(c, at, (uint64_t)gfn << PAGE_SHIFT | flags(c, 1));
}

/* A page of a 2 MiB one in the upper half of memory: one table less. */
static void map_large(struct corpus_case *c, uint64_t lpn)
{
	struct corpus_page *page = new_page(c, lpn);
	uint64_t at;

	page->gfn = CORPUS_LARGE + (lpn & 511);
	at = entry_at(c, page, 2);
	write_entry(c, at, (uint64_t)CORPUS_LARGE << PAGE_SHIFT | flags(c, 2) | P_LARGE);
	c->used[page->gfn] = 1;
	if (!c->fill[page->gfn])
		c->fill[page->gfn] = FILL_FIRST;
}

static uint64_t canonical(const struct corpus_case *c, uint64_t lpn)
{
	if (c->mode != CORPUS_LONG)
		return lpn & 0xfffff;
	lpn &= (1ULL << 36) - 1;
	return lpn >> 35 ? lpn | 0xfULL << 48 | 0xfffULL << 36 : lpn;
}

/*
 * A linear page near one that there is, or far: it shares all tables with that,
 * or only those above some level.
 */
static uint64_t some_lpn(struct corpus_case *c)
{
	unsigned int bits = index_bits(c), level, i;
	uint64_t lpn = 0;

	if (c->pages)
		lpn = c->page[corpus_random(c, c->pages)].lpn;
	level = c->pages ? 1 + corpus_random(c, levels(c)) : levels(c);
	for (i = 0; i < level; i++) {
		lpn &= ~((uint64_t)((1U << bits) - 1) << bits * i);
		lpn |= (uint64_t)corpus_random(c, 1U << bits) << bits * i;
	}
	/* The last of its table: what crosses its end needs another one. */
	if (!corpus_random(c, 4))
		lpn |= (1U << bits) - 1;
	return canonical(c, lpn);
}

/* Is a 2 MiB page, or are smaller ones, in the way? */
static bool region_used(struct corpus_case *c, uint64_t lpn)
{
	unsigned int i;

	for (i = 0; i < c->pages; i++)
		if (c->page[i].lpn >> 9 == lpn >> 9)
			return true;
	return false;
}

static bool usable(struct corpus_case *c, uint64_t lpn, unsigned int count)
{
	unsigned int i, p;

	if (!lpn || lpn + 1 != canonical(c, lpn + 1))
		return false;
	for (i = 0; i < count; i++) {
		if (find_page(c, lpn + i))
			return false;
		/* Not in a region that a large page maps. */
		for (p = 0; p < c->pages; p++)
			if (c->page[p].gfn >= CORPUS_LARGE &&
			    c->page[p].lpn >> 9 == (lpn + i) >> 9)
				return false;
	}
	return true;
}

/* New linear pages in a row, each with a frame of its own. */
static uint64_t new_pages(struct corpus_case *c, unsigned int count)
{
	unsigned int gfn, i;
	uint64_t lpn;

	if (!paging(c)) {
		gfn = take_frames(c, count);
		for (i = 0; i < count; i++)
			map_page(c, gfn + i, gfn + i);
		return gfn;
	}
	do {
		lpn = some_lpn(c);
	} while (!usable(c, lpn, count));
	if (count == 1 && c->mode == CORPUS_LONG && !region_used(c, lpn) &&
	    !corpus_random(c, 4)) {
		map_large(c, lpn);
		return lpn;
	}
	for (i = 0; i < count; i++)
		map_page(c, lpn + i, take_frames(c, 1));
	return lpn;
}

/* Another linear page for a frame that there is. */
static uint64_t new_alias(struct corpus_case *c, unsigned int gfn)
{
	uint64_t lpn;

	do {
		lpn = some_lpn(c);
	} while (!usable(c, lpn, 1));
	map_page(c, lpn, gfn);
	return lpn;
}

/* A page with room for @len bytes: one there is, an alias of one, or a new one. */
static struct corpus_page *page_for(struct corpus_case *c, unsigned int len)
{
	struct corpus_page *page = NULL;

	if (c->pages && !corpus_random(c, 4)) {
		page = &c->page[corpus_random(c, c->pages)];
		if (c->fill[page->gfn] + len > FILL_LAST)
			page = NULL;
	}
	if (page && paging(c) && page->gfn < CORPUS_LARGE && !corpus_random(c, 3))
		return find_page(c, new_alias(c, page->gfn));
	return page ? page : find_page(c, new_pages(c, 1));
}

uint64_t corpus_place(struct corpus_case *c, unsigned int len, bool split)
{
	struct corpus_page *page;
	uint64_t at;

	if (split && len > 1) {
		at = (new_pages(c, 2) + 1) << PAGE_SHIFT;
		return at - 1 - corpus_random(c, len - 1);
	}
	page = page_for(c, len);
	at = (page->lpn << PAGE_SHIFT) + c->fill[page->gfn];
	/* Not always aligned. */
	c->fill[page->gfn] += len + 1 + corpus_random(c, 16);
	return at;
}

void corpus_poke(struct corpus_case *c, uint64_t linear, const void *buf,
		 unsigned int len)
{
	const uint8_t *from = buf;
	unsigned int i;

	for (i = 0; i < len; i++) {
		struct corpus_page *page = find_page(c, (linear + i) >> PAGE_SHIFT);

		if (!page)
			die("corpus: %s writes where nothing is", c->name);
		c->mem[(page->gfn << PAGE_SHIFT) + ((linear + i) & 0xfff)] = from[i];
	}
}

void corpus_memory(struct corpus_case *c)
{
	if (!paging(c))
		return;
	c->root = (uint64_t)take_table(c) << PAGE_SHIFT;
	/* The first table of PAE is 32 bytes long. */
	if (c->mode == CORPUS_PAE)
		c->root += 32 * corpus_random(c, 128);
}
