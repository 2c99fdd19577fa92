// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/fields.h"
#include "base/util.h"
#include "view/curves.h"
#include "view/gnuplot.h"

#define MAX_TICS	12

/**
 * struct kind - a kind of curves
 * @name: as --what has it
 * @title: above the picture
 * @axis: what is drawn upwards, with its unit
 * @digits: behind the point, for a terminal
 * @value: of a point that completed; 0 where it has none
 */
struct kind {
	const char *name, *title, *axis;
	int digits;
	double (*value)(const struct sweep *s, const struct sweep_point *p);
};

static double slowdown(const struct sweep *s, const struct sweep_point *p)
{
	return s->base > 0 ? p->seconds / s->base : 0;
}

static double faults(const struct sweep *s, const struct sweep_point *p)
{
	(void)s;
	return p->faults;
}

static const struct kind kinds[] = {
	{ "slowdown", "Slowdown by budget and policy",
	  "time (times that without a budget), median of completed runs", 2, slowdown },
	{ "faults", "Faults by budget and policy",
	  "nested page faults, median of completed runs", 0, faults },
};

static const struct kind *kind(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

/**
 * curves_has() - are there such curves?
 * @what: their name
 */
bool curves_has(const char *what)
{
	return kind(what);
}

/* What a point has to show; false where there is nothing. */
static bool value_of(const struct curves *c, const struct sweep_point *p, double *value)
{
	if (!p->pages || !p->done)
		return false;
	*value = kind(c->what)->value(&c->s, p);
	return *value > 0;
}

/**
 * curves_points() - how much is there to draw?
 * @c: the curves
 *
 * Return: points that have a value.
 */
size_t curves_points(const struct curves *c)
{
	double value;
	size_t i, n = 0;

	for (i = 0; i < c->s.nr; i++)
		n += value_of(c, &c->s.point[i], &value);
	return n;
}

static const char *said(const struct curves *c, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(c->f.head, key));

	return text ? text : "unknown";
}

static size_t add_word(char *to, size_t size, size_t nr, struct json_object *word)
{
	return (size_t)snprintf(to, size, "%s%s", nr ? " " : "", json_object_get_string(word));
}

/* Of what, and where: a line below the title. */
static void subtitle(const struct curves *c, char *text, size_t size)
{
	struct json_object *argv = json_object_object_get(c->f.head, "argv");
	char what[128] = "";
	size_t i, used = 0;

	for (i = 0; argv && i < json_object_array_length(argv) && used < sizeof(what) - 1; i++)
		used += add_word(what + used, sizeof(what) - used, i,
				 json_object_array_get_idx(argv, i));
	if (used >= sizeof(what))
		strscpy(what + sizeof(what) - 4, "...", 4);
	snprintf(text, size, "%s; on loop %s; kernel %s; CPU %s", what, said(c, "on_loop"),
		 said(c, "kernel"), said(c, "cpu"));
	field_printable(text);
}

/* Is it the first point of its policy? They are in the order of policies. */
static bool begins(const struct curves *c, size_t i)
{
	return c->s.point[i].pages &&
	       (!i || !c->s.point[i - 1].pages ||
		strcmp(c->s.point[i - 1].policy, c->s.point[i].policy));
}

static size_t policies(const struct curves *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->s.nr; i++)
		n += begins(c, i);
	return n;
}

/* The largest budget below @pages, of any policy; 0 for none. */
static unsigned long long next(const struct curves *c, unsigned long long pages)
{
	unsigned long long most = 0;
	size_t i;

	for (i = 0; i < c->s.nr; i++)
		if (c->s.point[i].pages < pages && c->s.point[i].pages > most)
			most = c->s.point[i].pages;
	return most;
}

/*
 * From a little below the least value to a little above the most: logarithmic axes would go
 * to the next powers, which alone have labels. Budgets are named where there are few.
 */
static void script_axes(const struct curves *c, FILE *out)
{
	double value, low = 0, high = 0;
	unsigned long long pages, most = next(c, ~0ULL), least = most;
	size_t i, nr = 0;

	for (i = 0; i < c->s.nr; i++) {
		if (!value_of(c, &c->s.point[i], &value))
			continue;
		low = low > 0 && low < value ? low : value;
		high = high > value ? high : value;
	}
	for (pages = most; pages; pages = next(c, pages)) {
		least = pages;
		nr++;
	}
	fprintf(out, "set xlabel 'budget (pages of 4 KiB)'\nset logscale x 2\nset xrange [%g:%g]\n",
		(double)least / 1.1, (double)most * 1.1);
	fprintf(out, "set ylabel '%s'\nset key outside right\n", kind(c->what)->axis);
	if (high > 10 * low)
		fprintf(out, "set logscale y\nset yrange [%g:%g]\n", low / 1.2, high * 1.2);
	else
		fprintf(out, "set yrange [0:%g]\n", high * 1.1);
	if (!nr || nr > MAX_TICS)
		return;
	for (pages = most; pages; pages = next(c, pages))
		fprintf(out, "%s%llu", pages == most ? "set xtics (" : ", ", pages);
	fputs(")\n", out);
}

/**
 * curves_script() - write what gnuplot is to do
 * @data: struct curves
 * @out: gnuplot
 * @path: file of the picture
 */
void curves_script(const void *data, FILE *out, const char *path)
{
	const struct curves *c = data;
	const struct sweep_point *p;
	char text[512];
	double value;
	size_t i, n;

	subtitle(c, text, sizeof(text));
	gnuplot_head(out, path, kind(c->what)->title, text);
	fputs("$data << EOD\n", out);
	for (i = 0; i < c->s.nr; i++) {
		p = &c->s.point[i];
		if (begins(c, i))
			fprintf(out, "\n\n\"%s\"\n", p->policy);
		if (value_of(c, p, &value))
			fprintf(out, "%llu %g\n", p->pages, value);
	}
	fputs("EOD\nset datafile missing '?'\n", out);
	script_axes(c, out);
	n = policies(c);
	fputs("plot ", out);
	for (i = 0; i < n; i++)
		fprintf(out, "%s$data index %zu using 1:2 with linespoints linewidth 2 title columnheader(1)",
			i ? ", " : "", i);
	fputc('\n', out);
}

/* The value of a policy, by its number, at a budget; false where there is none. */
static bool find(const struct curves *c, size_t policy, unsigned long long pages, double *value)
{
	size_t i, n = 0;

	for (i = 0; i < c->s.nr; i++) {
		n += begins(c, i);
		if (n == policy + 1 && c->s.point[i].pages == pages)
			return value_of(c, &c->s.point[i], value);
	}
	return false;
}

/**
 * curves_text() - print for a terminal: a row for each budget, a column for each policy
 * @c: the curves
 * @out: where to
 *
 * Return: 0.
 */
int curves_text(const struct curves *c, FILE *out)
{
	const struct kind *k = kind(c->what);
	unsigned long long pages;
	char text[512];
	double value;
	size_t i;

	subtitle(c, text, sizeof(text));
	fprintf(out, "%s\n%s\n\n%12s", k->title, text, "pages");
	for (i = 0; i < c->s.nr; i++)
		if (begins(c, i))
			fprintf(out, "%12s", c->s.point[i].policy);
	fputc('\n', out);
	for (pages = next(c, ~0ULL); pages; pages = next(c, pages)) {
		fprintf(out, "%12llu", pages);
		for (i = 0; i < policies(c); i++)
			if (find(c, i, pages, &value))
				fprintf(out, "%12.*f", k->digits, value);
			else
				fprintf(out, "%12s", "-");
		fputc('\n', out);
	}
	fprintf(out, "\n%s; -: none\n", k->axis);
	return 0;
}
