/* SPDX-License-Identifier: GPL-2.0-only */
/* What a recording comes to, as text, JSON or CSV. */
#ifndef NPTB_VIEW_REPORT_H
#define NPTB_VIEW_REPORT_H

#include <json-c/json.h>

#include "analyze/analysis.h"
#include "analyze/symbols.h"

/**
 * struct report_of - a recording and what came of it, in order
 * @r: the recording
 * @a: what came of it; its tables are in order
 * @shared: pages that several vCPUs faulted on
 * @symbols: names of places, NULL for none
 * @top: how many entries of a table to show
 */
struct report_of {
	struct recording r;
	struct analysis a;
	uint64_t shared;
	const struct symbols *symbols;
	size_t top;
};

/* Prints a table of a recording as CSV. */
typedef void (*report_csv_fn)(const struct report_of *p);

void report_text(const struct report_of *p);
struct json_object *report_json(const struct report_of *p);
report_csv_fn report_csv(const char *table);
void report_text_against(const struct report_of *p, const struct report_of *q);
struct json_object *report_json_against(const struct report_of *p, const struct report_of *q);

#endif /* NPTB_VIEW_REPORT_H */
