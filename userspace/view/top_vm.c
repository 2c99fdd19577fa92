// SPDX-License-Identifier: GPL-2.0-only
/* One VM in nptbudget top: settings, vCPUs, what faults most, fault loops. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curses.h>
#include <nptbudget.h>

#include "base/fields.h"
#include "base/msg.h"
#include "base/util.h"
#include "view/loops.h"
#include "view/top.h"

/* Pages and instructions that are shown. */
#define SHOWN 8

/**
 * struct page - lines, of which the screen shows some
 * @v: the view
 * @y: of the next line on the screen
 * @to: below the last one
 * @line: number of the next line
 */
struct page {
	const struct top_view *v;
	int y, to;
	size_t line;
};

static void __printf(2, 3) put(struct page *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	field_printable(text);
	if (p->line++ < p->v->scroll || p->y >= p->to)
		return;
	mvaddnstr(p->y++, 0, text, COLS);
}

static void title(struct page *p, const char *text)
{
	attron(A_BOLD);
	put(p, "%s", text);
	attroff(A_BOLD);
}

static void put_settings(struct page *p, const struct rates_row *row)
{
	const unsigned long long *number = row->vm->number;
	char rate[32] = "-";

	if (row->faults >= 0)
		snprintf(rate, sizeof(rate), "%.0f/s", row->faults);
	title(p, "");
	put(p, "VM %s  %s, process %d, %llu vCPUs", row->vm->name, row->label, row->tgid,
	    number[OVERVIEW_VCPUS]);
	put(p, "budget %s  resident %llu  peak %llu  policy %s  on loop %s", row->vm->budget,
	    number[OVERVIEW_RESIDENT], number[OVERVIEW_PEAK], row->vm->policy,
	    row->vm->on_loop);
	put(p, "faults %llu (%s)  evictions %llu  contention %llu  deferred %llu",
	    number[OVERVIEW_FAULTS], rate, number[OVERVIEW_EVICTIONS],
	    number[OVERVIEW_CONTENTION], number[OVERVIEW_DEFERRED]);
	put(p, "loops %llu  laps %llu  lent %llu  emulated %llu  refused %llu",
	    number[OVERVIEW_LOOPS], number[OVERVIEW_LAPS], number[OVERVIEW_LENT],
	    number[OVERVIEW_INSTRUCTIONS], number[OVERVIEW_REFUSED]);
}

static const char *verdict(unsigned int nr)
{
	static const char *const names[] = NPTB_VERDICT_NAMES;

	return nr < ARRAY_SIZE(names) ? names[nr] : "?";
}

static void put_vcpus(struct page *p, const struct hot *h)
{
	size_t i;

	title(p, "VCPU      FAULTS  LAST RIP            LAST PAGE       IT WAS");
	for (i = 0; i < HOT_VCPUS; i++)
		if (h->vcpu[i].faults)
			put(p, "%4zu  %10llu  0x%-16llx  gfn 0x%-10llx %s", i,
			    (unsigned long long)h->vcpu[i].faults,
			    (unsigned long long)h->vcpu[i].rip,
			    (unsigned long long)h->vcpu[i].gpa >> 12, verdict(h->vcpu[i].verdict));
}

static void put_hottest(struct page *p, const struct hot *h)
{
	struct hot_entry pages[SHOWN], rips[SHOWN];
	size_t nr_pages = hot_most(&h->pages, pages, SHOWN);
	size_t nr_rips = hot_most(&h->rips, rips, SHOWN), i;
	char left[64], right[64];

	title(p, "    FAULTS  HOTTEST PAGES               FAULTS  HOTTEST INSTRUCTIONS");
	for (i = 0; i < nr_pages || i < nr_rips; i++) {
		left[0] = '\0';
		right[0] = '\0';
		if (i < nr_pages)
			snprintf(left, sizeof(left), "%10llu  gfn 0x%llx%s",
				 (unsigned long long)pages[i].faults,
				 (unsigned long long)pages[i].key >> 8,
				 (pages[i].key & 0xff) == 1 ? " (SMM)" : "");
		if (i < nr_rips)
			snprintf(right, sizeof(right), "%10llu  rip 0x%llx",
				 (unsigned long long)rips[i].faults,
				 (unsigned long long)rips[i].key);
		put(p, "%-36s%s", left, right);
	}
}

static void put_hot(struct page *p, const struct rates_row *row)
{
	unsigned long long all = row->vm->number[OVERVIEW_FAULTS] - p->v->since;
	const struct hot *h = p->v->hot;

	put(p, "%s", "");
	if (!h) {
		put(p, "Its faults cannot be seen one by one: %s",
		    p->v->why_cold == ENOENT ? "is tracefs mounted?" : strerror(p->v->why_cold));
		return;
	}
	if (!h->faults) {
		put(p, "No fault under a budget since this was opened.");
		return;
	}
	put_vcpus(p, h);
	put_hottest(p, h);
	if (h->faults < all)
		put(p, "Counted: %llu of %llu faults, as many as could be read in time.",
		    (unsigned long long)h->faults, all);
}

/* As "run" has them in its summary. */
static void put_loops(struct page *p)
{
	char *text = NULL, *rest, *line;
	size_t size, i;
	FILE *f;

	put(p, "%s", "");
	if (!p->v->loops.nr) {
		put(p, "No fault loops.");
		return;
	}
	title(p, "FAULT LOOPS");
	f = open_memstream(&text, &size);
	for (i = 0; f && i < p->v->loops.nr; i++)
		loop_print_short(f, &p->v->loops.loop[i]);
	if (!f || fclose(f)) {
		free(text);
		return;
	}
	rest = text;
	while ((line = field_line(&rest)))
		put(p, "%s", line);
	free(text);
}

/**
 * top_draw_vm() - draw one VM
 * @v: the view; where nothing is left below the screen, it is scrolled no further
 * @row: the VM
 * @from: first line on the screen
 * @to: below the last one
 */
void top_draw_vm(struct top_view *v, const struct rates_row *row, int from, int to)
{
	struct page p = { .v = v, .y = from, .to = to };
	size_t room = (size_t)(to - from);

	put_settings(&p, row);
	put_hot(&p, row);
	put_loops(&p);
	if (v->scroll && v->scroll + room > p.line)
		v->scroll = p.line > room ? p.line - room : 0;
}
