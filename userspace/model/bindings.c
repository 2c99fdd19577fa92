// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/util.h"
#include "model/bindings.h"
#include "model/dbgfs.h"
#include "model/vminfo.h"

/* In the order in which they are shown; the first four are text in JSON. */
const char *const binding_knobs[BINDING_KNOBS] = {
	"policy", "on_loop", "flush_aged", "backing", "budget", "lend_max", "burst", "batch",
	"seed",
};

#define TEXT_KNOBS	4

/* What begins the rest of a line, with its '='; NULL where neither does. */
static const char *whom_is(const char *text)
{
	static const char *const kinds[] = { "comm=", "cgroup=" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(text, kinds[i], strlen(kinds[i])))
			return kinds[i];
	return NULL;
}

static int parse(char *line, struct binding *b)
{
	const char *kind;
	char *name, *value;
	size_t i;

	memset(b, 0, sizeof(*b));
	while (!(kind = whom_is(line))) {
		name = field_next(&line, &value);
		if (!name || !value)
			return -EBADMSG;
		for (i = 0; i < BINDING_KNOBS; i++)
			if (!strcmp(binding_knobs[i], name))
				strscpy(b->value[i], value, sizeof(b->value[i]));
	}
	strscpy(b->kind, kind, strlen(kind));
	strscpy(b->whom, line + strlen(kind), sizeof(b->whom));
	field_printable(b->whom);
	return 0;
}

/* The defaults of all others; an older module has fewer. */
static int read_defaults(struct binding *b)
{
	char path[DBGFS_PATH_MAX];
	size_t i;
	int err;

	memset(b, 0, sizeof(*b));
	for (i = 0; i < BINDING_KNOBS; i++) {
		snprintf(path, sizeof(path), "defaults/%s", binding_knobs[i]);
		err = dbgfs_read_word(path, b->value[i], sizeof(b->value[i]));
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	while ((text = strchr(text, '\n')) && text++)
		n++;
	return n;
}

/**
 * bindings_read() - read what new VMs start with
 * @list: where to put it, to be freed: each binding, and at the end the defaults
 * @nr: how many there are
 *
 * Return: 0, -EBADMSG for what is not understood, -ENOMEM, -errno of open() or read().
 */
int bindings_read(struct binding **list, size_t *nr)
{
	char *text = NULL, *rest, *line;
	int err;

	*nr = 0;
	*list = NULL;
	err = dbgfs_read("defaults/bindings", &text);
	/* An older module. */
	if (err && err != -ENOENT)
		return err;
	*list = calloc((text ? count_lines(text) : 0) + 2, sizeof(**list));
	err = *list ? 0 : -ENOMEM;
	rest = text;
	while (!err && rest && (line = field_line(&rest)))
		if (*line)
			err = parse(line, &(*list)[(*nr)++]);
	if (!err)
		err = read_defaults(&(*list)[(*nr)++]);
	free(text);
	if (err) {
		free(*list);
		*list = NULL;
	}
	return err;
}

/**
 * binding_json() - what some VMs start with, as a JSON object
 * @b: it
 *
 * Return: the object; budget is null for "off".
 */
struct json_object *binding_json(const struct binding *b)
{
	struct json_object *obj = json_object_new_object();
	size_t i;

	if (*b->kind)
		json_object_object_add(obj, b->kind, json_object_new_string(b->whom));
	for (i = 0; i < BINDING_KNOBS; i++)
		if (*b->value[i])
			json_object_object_add(obj, binding_knobs[i],
					       i < TEXT_KNOBS ?
					       json_object_new_string(b->value[i]) :
					       budget_json(b->value[i]));
	return obj;
}
