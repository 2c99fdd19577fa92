// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every path that makes or removes a leaf, at every budget: see paths/paths.h
 * and docs/RESIDENCY.md.
 *
 *   test_paths [-l] [-f] [-m tdp|legacy|shadow] [-b BUDGET] [-v VCPUS] [NAME...]
 *
 * Each cell once at budgets 1, 5 and 64 with 4 vCPUs; with NPTB_PATHS=BUDGET in the
 * environment at that one alone; with -f, or with NPTB_PATHS=full, at half of the
 * guest's memory and with 1 vCPU as well. -l lists the cells; NAME picks the paths
 * whose names begin so.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cells.h"
#include "../paths/paths.h"

#define CELLS_MAX	2000

static const struct path *const families[] = {
	paths_memory, paths_dirty, paths_slots, paths_host,
	paths_async, paths_guest, paths_vcpus, paths_frames,
};

/* The one where a slow path is tried, unless all of them are. */
#define BUDGET_SLOW	5

static const uint64_t budgets[] = { 1, BUDGET_SLOW, 64, PATH_SIZE / PAGE_SIZE / 2 };

static struct {
	bool list;
	bool full;
	uint64_t one;		/* only this budget, unless full; 0: all */
	int variant;		/* -1: all */
	uint64_t budget;	/* 0: all */
	int vcpus;		/* 0: all */
	char **names;
	int nr_names;
} want;

static struct cell cells[CELLS_MAX];
static int nr_cells;

static bool wanted(const struct path *path)
{
	int i;

	for (i = 0; i < want.nr_names; i++)
		if (!strncmp(path->name, want.names[i], strlen(want.names[i])))
			return true;
	return !want.nr_names;
}

static void add(const struct path *path, enum variant variant, uint64_t budget,
		int vcpus)
{
	if (want.variant >= 0 && want.variant != (int)variant)
		return;
	if ((want.budget && want.budget != budget) ||
	    (want.vcpus && want.vcpus != vcpus))
		return;
	if (nr_cells == CELLS_MAX)
		die("more than %d cells", CELLS_MAX);
	cells[nr_cells++] = (struct cell){ path, variant, budget, vcpus };
}

/* The least at which one vCPU gets on, and 1 and 2, with 2 and 4 vCPUs. */
static void add_least(const struct path *path, enum variant variant)
{
	uint64_t least[] = {
		1, 2, path_need(path, variant, true),
		path_need(path, variant, false),
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(least); i++) {
		for (j = 0; j < i && least[j] != least[i]; j++)
			;
		/* Once each, and not where nobody can get on. */
		if (j < i || least[i] < path_need(path, variant, true))
			continue;
		add(path, variant, least[i], 2);
		add(path, variant, least[i], 4);
	}
}

static void add_path(const struct path *path, enum variant variant)
{
	uint64_t only = path->flags & PATH_SLOW ? BUDGET_SLOW : want.one;
	size_t b;

	if (path->flags & PATH_OWN) {
		add(path, variant, 1, 1);
		return;
	}
	if (path->flags & PATH_LEAST) {
		add_least(path, variant);
		return;
	}
	for (b = 0; b < ARRAY_SIZE(budgets); b++) {
		if (only && !want.full && budgets[b] != only)
			continue;
		if (want.full && !(path->flags & PATH_ONE_FIRST))
			add(path, variant, budgets[b], 1);
		if (want.full || b < ARRAY_SIZE(budgets) - 1)
			add(path, variant, budgets[b], 4);
	}
}

static bool has_variant(const struct path *path, int variant)
{
	unsigned int quick = path->quick ? path->quick :
		path->variants & -path->variants;

	return (want.full ? path->variants : quick) & ON(variant);
}

/* In the order of variants: each change takes KVM out and in. */
static void choose(void)
{
	const struct path *path;
	int variant;
	size_t f;

	for (variant = 0; variant < VARIANTS; variant++)
		for (f = 0; f < ARRAY_SIZE(families); f++)
			for (path = families[f]; path->name; path++)
				if (has_variant(path, variant) && wanted(path))
					add_path(path, variant);
}

static const char *name_of(const struct cell *cell)
{
	static char name[160];

	if (cell->path->flags & PATH_OWN)
		snprintf(name, sizeof(name), "%s: %s",
			 variant_names[cell->variant], cell->path->name);
	else
		snprintf(name, sizeof(name), "%s: %s: budget %" PRIu64 ", %d vCPU%s",
			 variant_names[cell->variant], cell->path->name,
			 cell->budget, cell->vcpus, cell->vcpus > 1 ? "s" : "");
	return name;
}

/* Asked once for each path, and answered for all its cells. */
static const char *missing(const struct cell *cell)
{
	static const struct path *last;
	static const char *why;

	if (cell->path != last)
		why = cell->path->missing ? cell->path->missing(cell->path) : NULL;
	last = cell->path;
	return why;
}

static void run_cell(const struct cell *cell, const char *no_variant)
{
	const char *why = no_variant ? no_variant : missing(cell);
	uint64_t start = now_ms();
	bool ok;

	if (why) {
		ksft_test_result_skip("%s: %s\n", name_of(cell), why);
		return;
	}
	ok = cell_run(cell, want.full);
	ksft_test_result(ok, "%s\n", name_of(cell));
	if (getenv("NPTB_PATHS_TIMES"))
		note("%" PRIu64 " ms", now_ms() - start);
	fflush(stdout);
}

static int variant_of(const char *name)
{
	int i;

	for (i = 0; i < VARIANTS; i++)
		if (!strcmp(name, variant_names[i]))
			return i;
	die("no such MMU: %s", name);
}

static void parse(int argc, char **argv)
{
	const char *env = getenv("NPTB_PATHS");
	int c;

	want.variant = -1;
	want.full = env && !strcmp(env, "full");
	if (env && !want.full)
		want.one = strtoull(env, NULL, 0);
	while ((c = getopt(argc, argv, "lfm:b:v:")) != -1) {
		switch (c) {
		case 'l':
			want.list = true;
			break;
		case 'f':
			want.full = true;
			break;
		case 'm':
			want.variant = variant_of(optarg);
			break;
		case 'b':
			want.budget = strtoull(optarg, NULL, 0);
			break;
		case 'v':
			want.vcpus = atoi(optarg);
			break;
		default:
			exit(2);
		}
	}
	want.names = argv + optind;
	want.nr_names = argc - optind;
}

int main(int argc, char **argv)
{
	const char *no_variant = NULL;
	int i, variant = -1;

	parse(argc, argv);
	choose();
	if (!nr_cells)
		die("no such cell: -l lists them");
	if (want.list) {
		for (i = 0; i < nr_cells; i++)
			printf("%s\n", name_of(&cells[i]));
		return 0;
	}
	ksft_print_header();
	need_module();
	ksft_set_plan(nr_cells);
	for (i = 0; i < nr_cells; i++) {
		if (variant != (int)cells[i].variant) {
			variant = cells[i].variant;
			no_variant = variant_enter(variant);
		}
		run_cell(&cells[i], no_variant);
	}
	variant_enter(TDP);
	variant_leave();
	ksft_finished();
}
