/* SPDX-License-Identifier: GPL-2.0-only */
/* What was lent pages, and what could not be emulated: the "lends" format. */
#ifndef NPTB_CLI_LENDS_H
#define NPTB_CLI_LENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <json-c/json.h>

#include <nptbudget.h>

/**
 * struct lends_line - one kind
 * @what: "opcode", "vector" or "other"
 * @which: opcode as hex digits, or vector; empty for "other"
 * @refused: times that it could not be emulated
 * @lends: attempts that were lent pages
 * @pages: lent in sum
 * @peak: lent to one attempt, at most
 */
struct lends_line {
	char what[8];
	char which[24];
	unsigned long long refused, lends, pages, peak;
};

/**
 * struct lends - all kinds
 * @nr: how many
 * @line: they, in the module's order
 */
struct lends {
	size_t nr;
	struct lends_line line[NPTB_LENDS_MAX + 1];
};

bool lends_is_line(const char *line);
int lends_add_line(struct lends *l, char *line);
void lends_print(FILE *to, const struct lends *l);
struct json_object *lends_json(const struct lends *l);

#endif /* NPTB_CLI_LENDS_H */
