/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures of a recording: data that is counted, then drawn by gnuplot or as text. */
#ifndef NPTB_VIEW_PLOT_H
#define NPTB_VIEW_PLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "analyze/analysis.h"
#include "model/recording.h"

/* Intervals of time, and groups of pages beside each other. */
#define PLOT_COLUMNS	400
#define PLOT_ROWS	256
#define PLOT_CURVES	10
#define PLOT_POINTS	16

/**
 * struct plot - what is to be drawn
 * @what: heatmap, evictions, resident, loops or misses
 * @r: the recording
 * @rows: used of @cell: rows of a map
 * @columns: used of @cell: intervals of the recording's time
 * @ylow: what the lowest row begins at, a guest frame or a RIP
 * @per_row: pages that one row stands for
 * @cell: counts, the lowest row first
 * @key: for each row, its first frame or its RIP
 * @most: resident pages: most in each interval; 0 where there was no fault
 * @budget: of the VM, 0 for unknown
 * @curve: names of policies
 * @curves: how many
 * @pages: misses: budgets
 * @points: how many
 * @ratio: misses: of each policy with each budget
 */
struct plot {
	const char *what;
	struct recording r;
	size_t rows, columns, per_row;
	uint32_t cell[PLOT_ROWS][PLOT_COLUMNS];
	uint64_t key[PLOT_ROWS];
	uint64_t most[PLOT_COLUMNS];
	uint64_t budget;
	const char *curve[PLOT_CURVES];
	size_t curves;
	uint64_t pages[PLOT_POINTS];
	size_t points;
	double ratio[PLOT_CURVES][PLOT_POINTS];
};

bool plot_has(const char *what);
void plot_script(const void *data, FILE *out, const char *path);
void plot_text(const struct plot *p, FILE *out, int width);

#endif /* NPTB_VIEW_PLOT_H */
