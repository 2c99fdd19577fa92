// SPDX-License-Identifier: GPL-2.0-only
/* Reading the answers of a VM's "translate", see uapi/nptbudget.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "model/loops.h"

static int parse_tables(struct loop_walk *w, char *text)
{
	char *word, *rest = NULL;

	if (!strcmp(text, "-"))
		return 0;
	for (word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		if (w->nr == LOOP_LEVELS || field_u64(word, &w->table[w->nr++]))
			return -EBADMSG;
	return 0;
}

static int parse_walk(struct loop_walk *w, char *rest)
{
	unsigned long long level = 0;
	bool has_addr = false;
	char *name, *value;
	int err = 0;

	name = field_next(&rest, &value);
	if (!name || value || strcmp(name, "walk"))
		return -EBADMSG;
	while (!err && (name = field_next(&rest, &value))) {
		if (!value)
			continue;
		if (!strcmp(name, "addr")) {
			has_addr = true;
			err = field_u64(value, &w->addr);
		} else if (!strcmp(name, "end")) {
			w->mapped = !strcmp(value, "mapped");
		} else if (!strcmp(name, "gpa")) {
			err = field_u64(value, &w->gpa);
		} else if (!strcmp(name, "level")) {
			err = field_u64(value, &level);
		} else if (!strcmp(name, "tables")) {
			err = parse_tables(w, value);
		}
	}
	/* The last table has the level; those before it are above. */
	w->level = (unsigned int)level;
	if (err || !has_addr || level > LOOP_LEVELS || level + w->nr > LOOP_LEVELS + 1)
		return -EBADMSG;
	return 0;
}

/**
 * loop_add_walks() - take in an answer of "translate"
 * @l: the loop that was asked about
 * @text: the answer; taken to pieces
 *
 * Return: 0, -EBADMSG, -ENOMEM; what was taken in before an error stays.
 */
int loop_add_walks(struct loop *l, char *text)
{
	struct loop_walk w, *more;
	char *line;
	int err;

	while ((line = field_line(&text))) {
		memset(&w, 0, sizeof(w));
		err = parse_walk(&w, line);
		if (err)
			return err;
		more = realloc(l->walk, (l->nr_walks + 1) * sizeof(w));
		if (!more)
			return -ENOMEM;
		l->walk = more;
		l->walk[l->nr_walks++] = w;
	}
	return 0;
}
