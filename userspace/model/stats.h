/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters, "name value", as the module's "stats" files have them. */
#ifndef NPTB_STATS_H
#define NPTB_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

/* Room for any counter's name, and for all of a file. */
#define STAT_NAME_MAX	32
#define STATS_MAX	64

/**
 * struct stats - counters of a VM
 * @nr: how many
 * @name: their names, in the module's order; ones we never heard of included
 * @value: their values
 */
struct stats {
	size_t nr;
	char name[STATS_MAX][STAT_NAME_MAX];
	unsigned long long value[STATS_MAX];
};

int stats_add_line(struct stats *s, char *line);
int stats_parse(struct stats *s, char *text);
bool stats_get(const struct stats *s, const char *name, unsigned long long *value);
const char *stats_text(const struct stats *s, const char *name, char buf[24]);
struct json_object *stats_json(const struct stats *s);

#endif /* NPTB_STATS_H */
