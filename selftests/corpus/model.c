// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model: a step needs every page that holds a byte it touches, and with
 * paging every page that holds a table on the way there; each of them once.
 * On VT-x the four entries of PAE's root are in the CPU, and no walk reads them (SDM,
 * volume 3A, section 4.4.1).
 */
#include <stdio.h>

#include "../lib/util.h"
#include "corpus.h"

#define SET_MAX	(CORPUS_RANGES_MAX * 2 * (CORPUS_LEVELS + 1))

bool corpus_vtx;

struct set {
	unsigned int nr;
	uint64_t gfn[SET_MAX];
};

static void add(struct set *set, uint64_t gfn)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (set->gfn[i] == gfn)
			return;
	if (set->nr == SET_MAX)
		die("corpus: a step touches too many pages");
	set->gfn[set->nr++] = gfn;
}

static void add_linear(struct set *set, const struct corpus_case *c, uint64_t lpn)
{
	unsigned int i, t = corpus_vtx && c->mode == CORPUS_PAE;

	if (c->mode == CORPUS_REAL || c->mode == CORPUS_PROT) {
		add(set, lpn);
		return;
	}
	for (i = 0; i < c->pages; i++) {
		if (c->page[i].lpn != lpn)
			continue;
		add(set, c->page[i].gfn);
		for (; t < c->page[i].tables; t++)
			add(set, c->page[i].table[t]);
		return;
	}
	die("corpus: %s touches a page that is not mapped", c->name);
}

unsigned int corpus_step_pages(const struct corpus_case *c,
			       const struct corpus_step *step)
{
	struct set set = { .nr = 0 };
	unsigned int i;
	uint64_t lpn;

	for (i = 0; i < step->ranges; i++) {
		const struct corpus_range *r = &step->range[i];

		for (lpn = r->linear >> PAGE_SHIFT;
		     lpn <= (r->linear + r->len - 1) >> PAGE_SHIFT; lpn++)
			add_linear(&set, c, lpn);
	}
	return set.nr;
}

const struct corpus_step *corpus_hardest(const struct corpus_case *c)
{
	unsigned int need = corpus_need(c), i;

	for (i = 0; i < c->steps; i++)
		if (corpus_step_pages(c, &c->step[i]) == need)
			return &c->step[i];
	return NULL;
}

unsigned int corpus_need(const struct corpus_case *c)
{
	unsigned int need = 0, pages, i;

	for (i = 0; i < c->steps; i++) {
		pages = corpus_step_pages(c, &c->step[i]);
		if (pages > need)
			need = pages;
	}
	return need;
}
