// SPDX-License-Identifier: GPL-2.0-only
/* The frame of nptbudget top, the list of VMs, and help. */
#include <stdio.h>
#include <string.h>

#include <curses.h>

#include "base/util.h"
#include "view/top.h"

/* Columns; those behind the first ten are for wide screens. */
static const struct {
	const char *title;
	int width;
	bool left;
	int key;
} columns[] = {
	{ "VM", 11, true, RATES_VM },
	{ "NAME", 13, true, RATES_NAME },
	{ "PID", 7, false, RATES_PID },
	{ "CPUS", 4, false, RATES_VCPUS },
	{ "BUDGET", 7, false, RATES_BUDGET },
	{ "RESIDENT", 8, false, RATES_RESIDENT },
	{ "FLT/S", 7, false, RATES_FAULTS },
	{ "EVICT/S", 7, false, RATES_EVICTIONS },
	{ "LOOPS", 6, false, RATES_LOOPS },
	{ "POLICY", 9, true, -1 },
	{ "ON-LOOP", 7, true, -1 },
	{ "PEAK", 8, false, -1 },
	{ "FAULTS", 12, false, -1 },
	{ "EVICTIONS", 12, false, -1 },
	{ "LENT", 8, false, -1 },
};

static void rate_text(double rate, char *buf, size_t size)
{
	if (rate < 0)
		strscpy(buf, "-", size);
	else
		snprintf(buf, size, "%.0f", rate);
}

static void cell_text(const struct rates_row *row, size_t column, char *buf, size_t size)
{
	static const enum overview_number numbers[] = {
		[3] = OVERVIEW_VCPUS, [5] = OVERVIEW_RESIDENT, [8] = OVERVIEW_LOOPS,
		[11] = OVERVIEW_PEAK, [12] = OVERVIEW_FAULTS, [13] = OVERVIEW_EVICTIONS,
		[14] = OVERVIEW_LENT,
	};
	const char *text = NULL;

	switch (column) {
	case 0:
		text = row->vm->name;
		break;
	case 1:
		text = row->label;
		break;
	case 2:
		snprintf(buf, size, "%d", row->tgid);
		return;
	case 4:
		text = row->vm->budget;
		break;
	case 6:
		rate_text(row->faults, buf, size);
		return;
	case 7:
		rate_text(row->evictions, buf, size);
		return;
	case 9:
		text = row->vm->policy;
		break;
	case 10:
		text = row->vm->on_loop;
		break;
	}
	if (text)
		strscpy(buf, text, size);
	else
		snprintf(buf, size, "%llu", row->vm->number[numbers[column]]);
}

/* Columns that the screen has room for. */
static size_t room_for(void)
{
	size_t i;
	int x = -1;

	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		x += columns[i].width + 1;
		if (x > COLS)
			break;
	}
	return i;
}

static void draw_row(int y, const struct rates_row *row, const struct top_view *v)
{
	size_t i, nr = room_for();
	char text[64];
	int x = 0;

	for (i = 0; i < nr; i++) {
		if (row)
			cell_text(row, i, text, sizeof(text));
		else
			strscpy(text, columns[i].title, sizeof(text));
		if (!row && (int)v->key == columns[i].key)
			attron(A_UNDERLINE);
		mvprintw(y, x, columns[i].left ? "%-*.*s" : "%*.*s", columns[i].width,
			 columns[i].width, text);
		if (!row)
			attroff(A_UNDERLINE);
		x += columns[i].width + 1;
	}
}

static void draw_list(struct top_view *v, int from, int to)
{
	size_t room = (size_t)(to - from - 1), i;

	if (v->at >= v->rates.now.nr)
		v->at = v->rates.now.nr ? v->rates.now.nr - 1 : 0;
	if (v->at < v->first)
		v->first = v->at;
	if (v->at >= v->first + room)
		v->first = v->at - room + 1;
	attron(A_BOLD);
	draw_row(from, NULL, v);
	attroff(A_BOLD);
	for (i = 0; i < room && v->first + i < v->rates.now.nr; i++) {
		if (v->first + i == v->at) {
			attron(A_REVERSE);
			mvhline(from + 1 + (int)i, 0, ' ', COLS);
		}
		draw_row(from + 1 + (int)i, &v->rates.row[v->first + i], v);
		attroff(A_REVERSE);
	}
	if (!v->rates.now.nr)
		mvaddnstr(from + 2, 2, "No VM runs. One that starts is shown here.", COLS - 2);
}

static void draw_help(int from, int to)
{
	static const char *const lines[] = {
		"Up, Down, PgUp, PgDn   choose a VM; move in what is longer than the screen",
		"Enter, Right           look into the VM",
		"Esc, Left              back to the list",
		"b                      change its budget: pages, or off",
		"p                      change its policy",
		"o                      change what happens in a fault loop",
		"s, S                   sort by the next column, by the one before",
		"r                      sort the other way round",
		"z                      in a VM: count faults anew",
		"Space                  pause, and go on",
		"+, -                   refresh more, less often",
		"h, ?                   these keys, and back",
		"q                      end",
		"",
		"FLT/S and EVICT/S: nested page faults and evictions a second, of VMs under a",
		"budget. RESIDENT: pages of 4 KiB, by KVM's own counters. man nptbudget-top",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines) && from + (int)i < to; i++)
		mvaddnstr(from + (int)i, 1, lines[i], COLS - 1);
}

/**
 * top_row() - the VM that keys are for
 * @v: the view
 *
 * Return: the one that is looked into, or chosen; NULL where there is none.
 */
const struct rates_row *top_row(const struct top_view *v)
{
	size_t i;

	if (!*v->vm)
		return v->at < v->rates.now.nr ? &v->rates.row[v->at] : NULL;
	for (i = 0; i < v->rates.now.nr; i++)
		if (!strcmp(v->rates.row[i].vm->name, v->vm))
			return &v->rates.row[i];
	return NULL;
}

static void draw_title(const struct top_view *v)
{
	double faults = 0, evictions = 0;
	size_t i, budgets = 0;
	char text[160];

	for (i = 0; i < v->rates.now.nr; i++) {
		const struct rates_row *row = &v->rates.row[i];

		budgets += !!strcmp(row->vm->budget, "off");
		faults += row->faults > 0 ? row->faults : 0;
		evictions += row->evictions > 0 ? row->evictions : 0;
	}
	snprintf(text, sizeof(text),
		 "nptbudget: %zu VMs, %zu under budget, %.0f faults/s, %.0f evictions/s%s",
		 v->rates.now.nr, budgets, faults, evictions, v->paused ? "  PAUSED" : "");
	attron(A_BOLD);
	mvaddnstr(0, 0, text, COLS);
	attroff(A_BOLD);
}

static void draw_foot(const struct top_view *v)
{
	const char *keys = *v->vm ?
		"Esc back  b budget  p policy  o on-loop  z zero  Space pause  h help  q quit" :
		"Enter open  b budget  p policy  o on-loop  s sort  Space pause  h help  q quit";

	if (*v->message)
		mvaddnstr(LINES - 2, 0, v->message, COLS);
	if (*v->prompt) {
		attron(A_BOLD);
		mvaddnstr(LINES - 1, 0, v->prompt, COLS - 1);
		addnstr(v->answer, COLS - getcurx(stdscr) - 1);
		addch('_');
		attroff(A_BOLD);
		return;
	}
	attron(A_REVERSE);
	mvhline(LINES - 1, 0, ' ', COLS);
	mvaddnstr(LINES - 1, 0, keys, COLS);
	attroff(A_REVERSE);
}

/**
 * top_draw() - draw all of it
 * @v: what to draw; rows that are out of sight are brought into sight
 */
void top_draw(struct top_view *v)
{
	const struct rates_row *row = top_row(v);

	erase();
	if (LINES < TOP_LINES_MIN || COLS < TOP_COLUMNS_MIN) {
		mvaddnstr(0, 0, "The window is too small.", COLS);
		refresh();
		return;
	}
	draw_title(v);
	if (v->help)
		draw_help(2, LINES - 2);
	else if (*v->vm && row)
		top_draw_vm(v, row, 1, LINES - 2);
	else if (*v->vm)
		mvprintw(2, 1, "VM %s has ended.", v->vm);
	else
		draw_list(v, 1, LINES - 2);
	draw_foot(v);
	refresh();
}
