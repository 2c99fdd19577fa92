// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "view/gnuplot.h"
#include "view/plot.h"

#define TEXT_ROWS	20

/**
 * struct picture - a kind of picture
 * @name: as --what has it
 * @title: above it
 * @counted: in a cell of a map
 * @script: write what gnuplot is to do
 * @text: draw it for a terminal
 */
struct picture {
	const char *name, *title, *counted;
	void (*script)(const struct plot *p, FILE *out);
	void (*text)(const struct plot *p, FILE *out, size_t width);
};

static const struct picture *picture(const char *name);

static const struct picture *of(const struct plot *p)
{
	return picture(p->what);
}

static double seconds(const struct plot *p)
{
	return (double)(p->r.last_ns - p->r.first_ns) / 1e9;
}

static bool is(const struct plot *p, const char *what)
{
	return !strcmp(p->what, what);
}

/* Whose, and where: a line below the title. */
static void subtitle(const struct plot *p, char *text, size_t size)
{
	const struct rec_vm *vm = &p->r.vm[0];

	snprintf(text, size, "VM %s%s%s, budget %s pages, policy %s; kernel %s; CPU %s", vm->name,
		 *vm->comm ? " " : "", vm->comm, *vm->budget ? vm->budget : "unknown",
		 *vm->policy ? vm->policy : "unknown", *p->r.kernel ? p->r.kernel : "unknown",
		 *p->r.cpu ? p->r.cpu : "unknown");
}

static void script_ytics(const struct plot *p, FILE *out)
{
	size_t i, step = p->rows / 12 + 1;

	fputs("set ytics (", out);
	for (i = 0; i < p->rows; i += step)
		fprintf(out, "%s'0x%" PRIx64 "' %zu", i ? "," : "", p->key[i], i);
	fputs(") font ',9'\n", out);
}

static void script_map(const struct plot *p, FILE *out)
{
	size_t x, y;

	fprintf(out, "$data << EOD\n");
	for (y = 0; y < p->rows; y++) {
		for (x = 0; x < p->columns; x++)
			fprintf(out, "%u ", p->cell[y][x]);
		fputc('\n', out);
	}
	fprintf(out, "EOD\n");
	script_ytics(p, out);
	if (is(p, "loops"))
		fprintf(out, "set ylabel 'RIP of the instruction'\n");
	else
		fprintf(out, "set ylabel 'guest frame (address / 4 KiB): touched ones alone, %zu to a row'\n",
			p->per_row);
	fprintf(out, "set cblabel '%s per cell'\nset palette defined (0 'white', 0.001 '#fde0a0', 0.3 '#f08030', 0.7 '#b01050', 1 '#200030')\n",
		of(p)->counted);
	fprintf(out, "set cbrange [0:*]\nset yrange [-0.5:%.1f]\nset xrange [0:%g]\n",
		(double)p->rows - 0.5, seconds(p));
	/* The middle of each column. */
	fprintf(out, "plot $data matrix using (($1 + 0.5) * %g):2:3 with image pixels notitle\n",
		seconds(p) / (double)p->columns);
}

static void script_resident(const struct plot *p, FILE *out)
{
	size_t x;

	fprintf(out, "$data << EOD\n");
	for (x = 0; x < p->columns; x++)
		if (p->most[x])
			fprintf(out, "%g %" PRIu64 "\n",
				((double)x + 0.5) * seconds(p) / (double)p->columns, p->most[x]);
	fprintf(out, "EOD\nset ylabel 'resident pages (4 KiB), most after a fault'\n"
		"set yrange [0:*]\nset offsets 0, 0, graph 0.05, 0\nset xrange [0:%g]\nset key bottom right\n",
		seconds(p));
	fprintf(out, "plot $data using 1:2 with steps linewidth 2 title 'resident'");
	if (p->budget)
		fprintf(out, ", %" PRIu64 " with lines dashtype 2 linecolor 'red' title 'budget at the beginning'",
			p->budget);
	fputc('\n', out);
}

static void script_misses(const struct plot *p, FILE *out)
{
	size_t c, i;

	for (c = 0; c < p->curves; c++) {
		fprintf(out, "$d%zu << EOD\n", c);
		for (i = 0; i < p->points; i++)
			fprintf(out, "%" PRIu64 " %g\n", p->pages[i], 100 * p->ratio[c][i]);
		fprintf(out, "EOD\n");
	}
	fprintf(out, "set xlabel 'budget (pages of 4 KiB)'\nset logscale x 2\n"
		"set ylabel 'misses (%% of recorded references to pages)'\nset yrange [0:*]\n"
		"set key outside right\nplot ");
	for (c = 0; c < p->curves; c++)
		fprintf(out, "%s$d%zu using 1:2 with linespoints linewidth 2 title '%s'",
			c ? ", " : "", c, p->curve[c]);
	fputc('\n', out);
}

/**
 * plot_script() - write what gnuplot is to do
 * @data: struct plot
 * @out: gnuplot
 * @path: file of the picture
 */
void plot_script(const void *data, FILE *out, const char *path)
{
	const struct plot *p = data;
	char text[768];

	subtitle(p, text, sizeof(text));
	gnuplot_head(out, path, of(p)->title, text);
	fprintf(out, "set xlabel 'time since the first event (s)'\n");
	of(p)->script(p, out);
}

/* Rows, and columns, of a terminal have several of the picture's. */
static uint64_t sum(const struct plot *p, size_t y0, size_t y1, size_t x0, size_t x1)
{
	uint64_t n = 0;
	size_t x, y;

	for (y = y0; y < y1; y++)
		for (x = x0; x < x1; x++)
			n += p->cell[y][x];
	return n;
}

static void text_map(const struct plot *p, FILE *out, size_t width)
{
	static const char shades[] = " .:-=+*#%@";
	const size_t rows = p->rows < TEXT_ROWS ? p->rows : TEXT_ROWS;
	uint64_t n, most = 1;
	size_t x, y, pass;

	/* First the most, for the shades. */
	for (pass = 0; pass < 2; pass++) {
		for (y = rows; y--;) {
			const size_t y0 = y * p->rows / rows, y1 = (y + 1) * p->rows / rows;

			if (pass)
				fprintf(out, "%18" PRIx64 " |", p->key[y0]);
			for (x = 0; x < width; x++) {
				n = sum(p, y0, y1, x * p->columns / width,
					(x + 1) * p->columns / width);
				most = n > most ? n : most;
				if (pass)
					fputc(n ? shades[1 + n * 8 / most] : ' ', out);
			}
			if (pass)
				fputc('\n', out);
		}
	}
	fprintf(out, "%18s +%*s\n%18s 0%*.3f s\n", is(p, "loops") ? "RIP, hex" : "guest frame, hex",
		(int)width, "", "", (int)width - 2, seconds(p));
	fprintf(out, "%s per cell: '%c' is 1 or more, '%c' %" PRIu64 "\n", of(p)->counted,
		shades[1], shades[9], most);
}

/* What was resident stays so where there is no fault. */
static void fill_bars(const struct plot *p, uint64_t *bar, size_t width)
{
	uint64_t n, last = 0;
	size_t x, i;

	for (x = 0; x < width; x++) {
		n = 0;
		for (i = x * p->columns / width; i < (x + 1) * p->columns / width; i++)
			n = p->most[i] > n ? p->most[i] : n;
		last = n ? n : last;
		bar[x] = last;
	}
}

static void text_bars(const struct plot *p, FILE *out, size_t width)
{
	uint64_t bar[PLOT_COLUMNS], top = p->budget, rows;
	size_t x, y;

	for (x = 0; x < p->columns; x++)
		top = p->most[x] > top ? p->most[x] : top;
	fill_bars(p, bar, width);
	/* A page has no half: no two rows of one number. */
	rows = top < TEXT_ROWS ? top : TEXT_ROWS;
	for (y = rows; y--;) {
		fprintf(out, "%10" PRIu64 " |", (y + 1) * top / rows);
		for (x = 0; x < width; x++)
			fputc(bar[x] * rows > y * top ? '#' : ' ', out);
		fputc('\n', out);
	}
	fprintf(out, "%10s +\n%10s 0%*.3f s\nresident pages of 4 KiB, most after a fault\n", "pages",
		"", (int)width - 2, seconds(p));
}

static void text_misses(const struct plot *p, FILE *out, size_t width)
{
	size_t c, i;

	(void)width;
	fprintf(out, "%12s", "pages");
	for (i = 0; i < p->points; i++)
		fprintf(out, "%8" PRIu64, p->pages[i]);
	for (c = 0; c < p->curves; c++) {
		fprintf(out, "\n%12s", p->curve[c]);
		for (i = 0; i < p->points; i++)
			fprintf(out, "%7.2f%%", 100 * p->ratio[c][i]);
	}
	fprintf(out, "\nmisses, %% of recorded references to pages\n");
}

static const struct picture pictures[] = {
	{ "heatmap", "Faults by page and time", "faults", script_map, text_map },
	{ "evictions", "Evictions by page and time", "evictions", script_map, text_map },
	{ "resident", "Resident pages over time", NULL, script_resident, text_bars },
	{ "loops", "Fault loops by place and time", "reports of loops", script_map, text_map },
	{ "misses", "Misses by budget and policy (replayed)", NULL, script_misses, text_misses },
};

static const struct picture *picture(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pictures); i++)
		if (!strcmp(pictures[i].name, name))
			return &pictures[i];
	return NULL;
}

/**
 * plot_has() - is there such a picture?
 * @what: its name
 */
bool plot_has(const char *what)
{
	return picture(what);
}

/**
 * plot_text() - draw for a terminal
 * @p: the picture
 * @out: where to
 * @width: columns there
 */
void plot_text(const struct plot *p, FILE *out, int width)
{
	size_t room = width > 40 ? (size_t)width - 21 : 20;
	char text[768];

	if (room > p->columns)
		room = p->columns;
	subtitle(p, text, sizeof(text));
	fprintf(out, "%s\n%s\n\n", of(p)->title, text);
	of(p)->text(p, out, room);
}
