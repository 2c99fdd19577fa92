// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/util.h"
#include "row.h"

const char *const row_names[ROW_FIELDS] = {
	[ROW_CASE] = "case", [ROW_FAMILY] = "family", [ROW_MODE] = "mode",
	[ROW_RESULT] = "result", [ROW_PAGES] = "pages", [ROW_ROLES] = "roles",
	[ROW_THEORY] = "theory", [ROW_THEORY_ROLES] = "theory_roles",
	[ROW_AGREES] = "agrees", [ROW_SAME] = "same", [ROW_BELOW] = "below",
	[ROW_TOUCHED] = "touched", [ROW_FAULTS] = "faults", [ROW_STEPS] = "steps",
	[ROW_EMULATED] = "emulated", [ROW_FALSE_LOOPS] = "false_loops",
	[ROW_WHY] = "why",
};

static void __attribute__((format(printf, 3, 4)))
set(struct row *row, enum row_field f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(row->field[f], ROW_TEXT, fmt, ap);
	va_end(ap);
}

/* What looped in the largest budget that was too small. */
static void below(struct row *row, const struct probe_measure *x)
{
	const struct probe_outcome *o = x->min > 1 ? &x->outcome[x->min - 2] : NULL;

	if (!o)
		return;
	if (o->vector >= 0)
		set(row, ROW_BELOW, "%s %d", o->class, o->vector);
	else
		set(row, ROW_BELOW, "%s", o->class);
}

/* A case that touches more pages than it ever holds has kept its progress. */
static void steps(struct row *row, const struct probe_measure *x)
{
	if (!x->c->steps)
		return;
	if (x->touched > x->min)
		set(row, ROW_STEPS, "%u a step; %u in all; progress kept", x->min, x->touched);
	else
		set(row, ROW_STEPS, "no progress kept");
}

static void done(struct row *row, const struct probe_measure *x)
{
	char text[64];

	set(row, ROW_RESULT, "%s", x->c->result == RESULT_SHUTDOWN ? "shutdown" : "done");
	set(row, ROW_PAGES, "%u", x->min);
	set(row, ROW_ROLES, "%s", probe_roles_text(&x->roles, text, sizeof(text)));
	set(row, ROW_AGREES, "%s", x->agrees ? "yes" : "no");
	set(row, ROW_SAME, "%s", x->same ? "yes" : "no");
	set(row, ROW_TOUCHED, "%u", x->touched);
	set(row, ROW_FAULTS, "%llu", x->faults);
	set(row, ROW_EMULATED, "%llu", x->emulated);
	set(row, ROW_FALSE_LOOPS, "%u", x->gained);
	below(row, x);
	steps(row, x);
	if (!x->same)
		set(row, ROW_WHY, "differs from a run without a budget: %s", x->differs);
}

/**
 * row_make() - a measurement as text
 * @x: the measurement
 * @row: the text
 */
void row_make(const struct probe_measure *x, struct row *row)
{
	char text[64];
	unsigned int i;

	for (i = 0; i < ROW_FIELDS; i++)
		strcpy(row->field[i], "-");
	set(row, ROW_CASE, "%s", x->c->name);
	set(row, ROW_FAMILY, "%s", x->c->family);
	set(row, ROW_MODE, "%s", x->m->name);
	if (x->predicted.pages) {
		set(row, ROW_THEORY, "%u", x->predicted.pages);
		set(row, ROW_THEORY_ROLES, "%s",
		    probe_roles_text(&x->predicted, text, sizeof(text)));
	}
	if (x->status == PROBE_OK) {
		done(row, x);
		return;
	}
	if (x->status == PROBE_EMULATED) {
		set(row, ROW_RESULT, "emulated");
		set(row, ROW_PAGES, "0");
		set(row, ROW_THEORY, "%u", x->predicted.pages);
		set(row, ROW_AGREES, "%s", x->agrees ? "yes" : "no");
		set(row, ROW_SAME, "yes");
		set(row, ROW_EMULATED, "%llu", x->emulated);
		return;
	}
	set(row, ROW_RESULT, "%s", x->status == PROBE_SKIPPED ? "skipped" : "failed");
	set(row, ROW_WHY, "%s", x->why);
}

/**
 * row_csv_head() - the first line of a CSV file: names of the columns
 * @to: where to
 */
void row_csv_head(FILE *to)
{
	unsigned int i;

	for (i = 0; i < ROW_FIELDS; i++)
		fprintf(to, "%s%s", i ? "," : "", row_names[i]);
	fputc('\n', to);
}

/* Quoted where it must be: RFC 4180. */
static void csv_field(FILE *to, const char *text)
{
	if (!strpbrk(text, ",\"\n")) {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

/**
 * row_csv() - a measurement as a line of CSV
 * @to: where to
 * @row: the measurement
 */
void row_csv(FILE *to, const struct row *row)
{
	unsigned int i;

	for (i = 0; i < ROW_FIELDS; i++) {
		if (i)
			fputc(',', to);
		csv_field(to, row->field[i]);
	}
	fputc('\n', to);
}

static const enum row_field markdown_fields[] = {
	ROW_CASE, ROW_MODE, ROW_PAGES, ROW_ROLES, ROW_THEORY, ROW_AGREES, ROW_BELOW, ROW_STEPS,
};

/**
 * row_markdown_head() - the head of a family's table
 * @to: where to
 * @family: the family
 */
void row_markdown_head(FILE *to, const char *family)
{
	unsigned int i;

	fprintf(to, "\n## %s\n\n|", family);
	for (i = 0; i < ARRAY_SIZE(markdown_fields); i++)
		fprintf(to, " %s |", row_names[markdown_fields[i]]);
	fputs("\n|", to);
	for (i = 0; i < ARRAY_SIZE(markdown_fields); i++)
		fputs(" --- |", to);
	fputc('\n', to);
}

/**
 * row_markdown() - a measurement as a line of a Markdown table
 * @to: where to
 * @row: the measurement
 */
void row_markdown(FILE *to, const struct row *row)
{
	const char *text;
	unsigned int i;

	fputc('|', to);
	for (i = 0; i < ARRAY_SIZE(markdown_fields); i++) {
		fputc(' ', to);
		for (text = row->field[markdown_fields[i]]; *text; text++) {
			if (*text == '|')
				fputc('\\', to);
			fputc(*text, to);
		}
		fputs(" |", to);
	}
	fputc('\n', to);
}

static const char *const role_names[] = NPTB_ROLE_NAMES;

static struct json_object *roles_json(uint32_t roles)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < NPTB_ROLE_NR; i++)
		if (roles & (1U << i))
			json_object_array_add(array, json_object_new_string(role_names[i]));
	return array;
}

static struct json_object *page_json(const struct probe_layout *l, uint64_t gpa, uint32_t roles)
{
	struct json_object *obj = json_object_new_object();
	char name[48], hex[24];

	snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)gpa);
	json_object_object_add(obj, "gpa", json_object_new_string(hex));
	probe_frame_name(l, gpa, name, sizeof(name));
	json_object_object_add(obj, "what", json_object_new_string(name));
	json_object_object_add(obj, "roles", roles_json(roles));
	return obj;
}

static struct json_object *budgets_json(const struct probe_measure *x)
{
	static const char *const ends[] = {
		[VMM_HLT] = "done", [VMM_SHUTDOWN] = "shutdown", [VMM_LOOP] = "loop",
		[VMM_STRAY] = "stray", [VMM_HANG] = "hang", [VMM_OTHER] = "failed",
	};
	struct json_object *array = json_object_new_array(), *obj;
	const struct probe_outcome *o;
	unsigned int i;

	for (i = 0; i < x->nr; i++) {
		o = &x->outcome[i];
		obj = json_object_new_object();
		json_object_object_add(obj, "budget", json_object_new_int64(o->budget));
		json_object_object_add(obj, "end", json_object_new_string(ends[o->end]));
		if (o->end == VMM_LOOP) {
			json_object_object_add(obj, "class", json_object_new_string(o->class));
			json_object_object_add(obj, "vector", json_object_new_int(o->vector));
			json_object_object_add(obj, "rip", json_hex(o->rip));
			json_object_object_add(obj, "loop_pages",
					       json_object_new_int64(o->pages));
		}
		json_object_array_add(array, obj);
	}
	return array;
}

/**
 * row_json() - a measurement as JSON
 * @x: the measurement
 * @l: its layout
 * @row: its row
 *
 * Return: the object: the row's fields (numbers as numbers), and the pages of
 * the measurement and of theory, and the outcome of every budget.
 */
struct json_object *row_json(const struct probe_measure *x, const struct probe_layout *l,
			     const struct row *row)
{
	struct json_object *obj = json_object_new_object(), *measured, *theory;
	unsigned int i;
	size_t j;

	for (i = 0; i < ROW_FIELDS; i++) {
		const char *text = row->field[i];

		if (!strcmp(text, "-"))
			json_object_object_add(obj, row_names[i], NULL);
		else if (text[strspn(text, "0123456789")] || i == ROW_MODE)
			json_object_object_add(obj, row_names[i], json_object_new_string(text));
		else
			json_object_object_add(obj, row_names[i],
					       json_object_new_int64(strtoll(text, NULL, 10)));
	}
	measured = json_object_new_array();
	for (j = 0; j < x->loop.nr; j++)
		json_object_array_add(measured, page_json(l, x->loop.page[j].gfn * PROBE_PAGE,
							  x->loop.page[j].roles));
	theory = json_object_new_array();
	for (i = 0; i < x->need.n; i++)
		json_object_array_add(theory, page_json(l, x->need.gpa[i], x->need.role[i]));
	json_object_object_add(obj, "measured_pages", measured);
	json_object_object_add(obj, "theory_pages", theory);
	json_object_object_add(obj, "budgets", budgets_json(x));
	return obj;
}

/**
 * row_sum() - count a measurement
 * @sum: of all
 * @x: the measurement
 */
void row_sum(struct probe_sum *sum, const struct probe_measure *x)
{
	if (x->status == PROBE_SKIPPED) {
		sum->skipped++;
		return;
	}
	if (x->status == PROBE_FAILED) {
		sum->failed++;
		return;
	}
	sum->done++;
	sum->agree += x->agrees;
	sum->same += x->same;
	if (x->min > sum->most) {
		sum->most = x->min;
		sum->most_case = x->c->name;
		sum->most_mode = x->m->name;
	}
}
