// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "model/stats.h"
#include "base/util.h"

/**
 * stats_add_line() - take in one line, "name value"
 * @s: the counters; one of the same name is replaced
 * @line: the line, without its end; taken to pieces
 *
 * Words behind the value, and counters beyond STATS_MAX, are for newer readers.
 *
 * Return: 0; -EBADMSG for a line that is none of a counter, with @s untouched.
 */
int stats_add_line(struct stats *s, char *line)
{
	char *rest = line, *eq, *name, *value;
	unsigned long long v;
	size_t i;

	name = field_next(&rest, &eq);
	if (!name)
		return 0;
	if (eq || strlen(name) >= STAT_NAME_MAX)
		return -EBADMSG;
	field_printable(name);
	value = field_next(&rest, &eq);
	if (!value || eq || field_u64(value, &v))
		return -EBADMSG;
	for (i = 0; i < s->nr; i++)
		if (!strcmp(s->name[i], name))
			break;
	if (i == STATS_MAX)
		return 0;
	strscpy(s->name[i], name, STAT_NAME_MAX);
	s->value[i] = v;
	if (i == s->nr)
		s->nr++;
	return 0;
}

/**
 * stats_parse() - take in a "stats" file
 * @s: the counters, of this file alone afterwards
 * @text: the file; taken to pieces
 *
 * Return: 0, or -EBADMSG for a line that is none of a counter.
 */
int stats_parse(struct stats *s, char *text)
{
	char *line;
	int err;

	s->nr = 0;
	while ((line = field_line(&text))) {
		err = stats_add_line(s, line);
		if (err)
			return err;
	}
	return 0;
}

/**
 * stats_get() - look a counter up
 * @s: the counters
 * @name: its name
 * @value: where to put its value; 0 where there is none
 *
 * Return: whether the module has this counter.
 */
bool stats_get(const struct stats *s, const char *name, unsigned long long *value)
{
	size_t i;

	*value = 0;
	for (i = 0; i < s->nr; i++) {
		if (strcmp(s->name[i], name))
			continue;
		*value = s->value[i];
		return true;
	}
	return false;
}

/**
 * stats_text() - a counter for people
 * @s: the counters
 * @name: its name
 * @buf: room for the text
 *
 * Return: @buf with the value in decimal, or "-" where there is none.
 */
const char *stats_text(const struct stats *s, const char *name, char buf[24])
{
	unsigned long long v;

	if (stats_get(s, name, &v))
		snprintf(buf, 24, "%llu", v);
	else
		strscpy(buf, "-", 24);
	return buf;
}

/**
 * stats_json() - all counters as a JSON object
 * @s: the counters
 *
 * Return: the object, or NULL where memory ran out.
 */
struct json_object *stats_json(const struct stats *s)
{
	struct json_object *obj = json_object_new_object();
	size_t i;

	for (i = 0; obj && i < s->nr; i++)
		json_object_object_add(obj, s->name[i], json_object_new_uint64(s->value[i]));
	return obj;
}
