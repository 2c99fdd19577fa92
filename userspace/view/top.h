/* SPDX-License-Identifier: GPL-2.0-only */
/* The pictures of nptbudget top, on curses' stdscr. */
#ifndef NPTB_TOP_VIEW_H
#define NPTB_TOP_VIEW_H

#include <stdbool.h>

#include "model/hot.h"
#include "model/loops.h"
#include "model/rates.h"

/* Below this there is only a request for more. */
#define TOP_COLUMNS_MIN	40
#define TOP_LINES_MIN	8

/**
 * struct top_view - what is on the screen
 * @rates: all VMs
 * @key: what they are sorted by
 * @reverse: most first
 * @first: row at the top of the list
 * @at: row that the next key is for
 * @vm: VM that is looked into, "" for the list
 * @since: its faults when it was looked into
 * @hot: its faults since, as far as they were seen; NULL where they cannot be seen
 * @why_cold: errno of that
 * @loops: its fault loops
 * @scroll: lines of it that are above the screen
 * @paused: nothing is refreshed
 * @help: the keys are shown
 * @seconds: between two refreshes
 * @prompt: what is asked for, "" for nothing
 * @answer: what was typed so far
 * @message: what came of it
 */
struct top_view {
	struct rates rates;
	enum rates_key key;
	bool reverse;
	size_t first, at;
	char vm[VM_NAME_MAX];
	unsigned long long since;
	struct hot *hot;
	int why_cold;
	struct loops loops;
	size_t scroll;
	bool paused, help;
	double seconds;
	char prompt[160];
	char answer[24];
	char message[160];
};

void top_draw(struct top_view *v);
const struct rates_row *top_row(const struct top_view *v);
void top_draw_vm(struct top_view *v, const struct rates_row *row, int from, int to);

#endif /* NPTB_TOP_VIEW_H */
