/* SPDX-License-Identifier: GPL-2.0-only */
/* Measurements as text: one row of fields, which the writers arrange. */
#ifndef NPTB_PROBE_ROW_H
#define NPTB_PROBE_ROW_H

#include <stdio.h>
#include <json-c/json.h>

#include "measure.h"

#define ROW_TEXT 256

enum row_field {
	ROW_CASE, ROW_FAMILY, ROW_MODE, ROW_RESULT, ROW_PAGES, ROW_ROLES, ROW_THEORY,
	ROW_THEORY_ROLES, ROW_AGREES, ROW_SAME, ROW_BELOW, ROW_TOUCHED, ROW_FAULTS, ROW_STEPS,
	ROW_EMULATED, ROW_FALSE_LOOPS, ROW_WHY, ROW_FIELDS,
};

extern const char *const row_names[ROW_FIELDS];

/**
 * struct row - a measurement as text
 * @field: by enum row_field; "-" where there is nothing to say
 */
struct row {
	char field[ROW_FIELDS][ROW_TEXT];
};

/**
 * struct probe_sum - measurements, counted
 * @done: measured
 * @agree: of these, those that agree with theory
 * @skipped: not for this host
 * @failed: could not be measured, or did not do what they should
 * @same: of @done, those that leave what a run without a budget leaves
 * @most: most pages needed at once
 * @most_case: by which case
 * @most_mode: in which mode
 */
struct probe_sum {
	unsigned int done, agree, skipped, failed, same, most;
	const char *most_case, *most_mode;
};

void row_make(const struct probe_measure *x, struct row *row);
void row_csv_head(FILE *to);
void row_csv(FILE *to, const struct row *row);
void row_markdown_head(FILE *to, const char *family);
void row_markdown(FILE *to, const struct row *row);
struct json_object *row_json(const struct probe_measure *x, const struct probe_layout *l,
			     const struct row *row);
void row_sum(struct probe_sum *sum, const struct probe_measure *x);

#endif /* NPTB_PROBE_ROW_H */
