// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the pages of a loop set are for: a page counts as explained where one of
 * the linear addresses at hand leads to it. Pure; see set/explain.h.
 */
#include "lib/pure.h"
#include "set/explain.h"
#include "set/policy.h"

/* One address: which pages of the set does it account for? */
static void explain_place(const struct nptb_attempt *attempt,
			  const struct nptb_walk *walk, u32 what,
			  struct nptb_explain *expl)
{
	u32 i;

	for (i = 0; i < attempt->npages; i++) {
		u64 gfn = nptb_key_gfn(attempt->pages[i].key);
		u32 level = nptb_walk_level(walk, gfn);

		if (level && attempt->pages[i].roles & NPTB_ROLE_TABLE) {
			expl->what[i] |= what;
			expl->level[i] = level;
		}
		if (walk->end == NPTB_WALK_MAPPED && walk->gpa >> 12 == gfn &&
		    attempt->pages[i].roles & ~NPTB_ROLE_TABLE)
			expl->what[i] |= what;
	}
}

static bool all_explained(const struct nptb_attempt *attempt,
			  const struct nptb_explain *expl)
{
	u32 i;

	for (i = 0; i < attempt->npages; i++)
		if (!expl->what[i])
			return false;
	return true;
}

/**
 * nptb_explain_pages() - say what the pages of a loop set are for
 * @attempt: that loops
 * @read: how guest memory is read
 * @ctx: for @read
 * @expl: its segments are known; levels and purposes are filled in
 *
 * Ends early where nothing is left to explain: registers come last.
 */
void nptb_explain_pages(const struct nptb_attempt *attempt,
			nptb_walk_read_fn read, void *ctx,
			struct nptb_explain *expl)
{
	struct nptb_place places[NPTB_PLACES_MAX];
	u32 count = nptb_places(&attempt->state, &expl->machine, read, ctx,
				places), i;
	struct nptb_walk walk;

	memset(expl->level, 0, sizeof(expl->level));
	memset(expl->what, 0, sizeof(expl->what));
	expl->npages = attempt->npages;
	for (i = 0; i < attempt->npages; i++)
		expl->key[i] = attempt->pages[i].key;
	for (i = 0; i < count && !all_explained(attempt, expl); i++) {
		nptb_walk(&attempt->state, places[i].linear, read, ctx, &walk);
		explain_place(attempt, &walk, places[i].what, expl);
	}
	expl->attempt = attempt->number;
}
