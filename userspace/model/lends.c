// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "model/lends.h"
#include "base/util.h"

/* Kinds shown to people; JSON has all of them. */
#define LENDS_SHOWN	8

/**
 * lends_is_line() - does a line belong to a "lends" file?
 * @line: the line
 */
bool lends_is_line(const char *line)
{
	return !strncmp(line, "lends ", 6);
}

static int take_field(struct lends_line *l, const char *name, const char *value)
{
	static const struct {
		const char *name;
		size_t offset;
	} numbers[] = {
		{ "refused", offsetof(struct lends_line, refused) },
		{ "lends", offsetof(struct lends_line, lends) },
		{ "pages", offsetof(struct lends_line, pages) },
		{ "peak", offsetof(struct lends_line, peak) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(name, numbers[i].name))
			return field_u64(value, (void *)((char *)l + numbers[i].offset));
	if (!strcmp(name, "opcode") || !strcmp(name, "vector") || !strcmp(name, "other")) {
		strscpy(l->what, name, sizeof(l->what));
		if (strcmp(name, "other"))
			strscpy(l->which, value, sizeof(l->which));
	}
	return 0;
}

/**
 * lends_add_line() - take in one line of a "lends" file
 * @l: what is known
 * @line: the line, without its end; taken to pieces
 *
 * Return: 0; -EBADMSG for a line that is not of the format.
 */
int lends_add_line(struct lends *l, char *line)
{
	struct lends_line new = { .what = "" };
	char *rest = line, *name, *value;

	field_next(&rest, &value);
	while ((name = field_next(&rest, &value))) {
		if (!value || take_field(&new, name, value))
			return -EBADMSG;
	}
	if (!*new.what)
		return -EBADMSG;
	field_printable(new.which);
	if (l->nr < ARRAY_SIZE(l->line))
		l->line[l->nr++] = new;
	return 0;
}

static int by_lends(const void *a, const void *b)
{
	const struct lends_line *x = a, *y = b;

	return x->lends < y->lends ? 1 : x->lends > y->lends ? -1 : 0;
}

static void print_line(FILE *to, const struct lends_line *l)
{
	fprintf(to, "  %s%s%s: lent pages %llu times, at most %llu", l->what,
		*l->which ? " " : "", l->which, l->lends, l->peak);
	if (l->refused)
		fprintf(to, "; not emulated %llu times", l->refused);
	fputc('\n', to);
}

/**
 * lends_print() - print what was lent pages most often, for people
 * @to: where to
 * @l: what is known
 */
void lends_print(FILE *to, const struct lends *l)
{
	struct lends sorted = *l;
	size_t i;

	qsort(sorted.line, sorted.nr, sizeof(sorted.line[0]), by_lends);
	for (i = 0; i < sorted.nr && i < LENDS_SHOWN; i++)
		print_line(to, &sorted.line[i]);
	if (sorted.nr > LENDS_SHOWN)
		fprintf(to, "  and %zu more kinds: run with --json to see all\n",
			sorted.nr - LENDS_SHOWN);
}

/**
 * lends_json() - the same for programs
 * @l: what is known
 *
 * Return: an array of objects with the keys opcode (hex digits) or vector or
 * neither, refused, lends, pages, peak.
 */
struct json_object *lends_json(const struct lends *l)
{
	struct json_object *all = json_object_new_array();
	size_t i;

	for (i = 0; i < l->nr; i++) {
		const struct lends_line *line = &l->line[i];
		struct json_object *obj = json_object_new_object();

		if (!strcmp(line->what, "vector"))
			json_object_object_add(obj, "vector",
					       json_object_new_int(atoi(line->which)));
		else if (!strcmp(line->what, "opcode"))
			json_object_object_add(obj, "opcode",
					       json_object_new_string(line->which));
		json_object_object_add(obj, "refused", json_object_new_int64(line->refused));
		json_object_object_add(obj, "lends", json_object_new_int64(line->lends));
		json_object_object_add(obj, "pages", json_object_new_int64(line->pages));
		json_object_object_add(obj, "peak", json_object_new_int64(line->peak));
		json_object_array_add(all, obj);
	}
	return all;
}
