/* SPDX-License-Identifier: GPL-2.0-only */
/* Results of a sweep: a file of JSON lines, so that what was done is kept. */
#ifndef NPTB_SWEEPFILE_H
#define NPTB_SWEEPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include <json-c/json.h>

/**
 * struct sweep_file - a file of results
 * @head: its first line: what was run
 * @result: the others, each a run
 * @whole: bytes of the file up to the end of its last whole line
 */
struct sweep_file {
	struct json_object *head;
	struct json_object *result;
	off_t whole;
};

int sweep_file_read(struct sweep_file *f, const char *path);
int sweep_file_append(FILE *to, struct json_object *obj);
const struct json_object *sweep_file_find(const struct sweep_file *f, unsigned long long pages,
					  const char *policy, unsigned long long repeat);
void sweep_file_free(struct sweep_file *f);

/**
 * struct sweep_point - all runs of one budget and policy
 * @pages: the budget, 0 for none
 * @policy: who went next
 * @runs: how many
 * @done: how many completed
 * @faults: median of those that completed
 * @evictions: likewise
 * @peak: most resident pages of any
 * @seconds: median of those that completed
 * @why: how the last one that did not complete ended, NULL for none
 */
struct sweep_point {
	unsigned long long pages;
	const char *policy;
	size_t runs, done;
	double faults, evictions, seconds;
	unsigned long long peak;
	const char *why;
};

/**
 * struct sweep - what came of it
 * @nr: how many points
 * @point: they, by policy, then by budget, none first
 * @base: seconds without a budget, 0 where that was not run
 * @touched: pages that it touches, 0 where that is unknown
 */
struct sweep {
	size_t nr;
	struct sweep_point *point;
	double base;
	unsigned long long touched;
};

int sweep_sum(struct sweep *s, const struct sweep_file *f);
const struct sweep_point *sweep_knee(const struct sweep *s, const char *policy);
const struct sweep_point *sweep_working_set(const struct sweep *s, const char *policy);
void sweep_free(struct sweep *s);

#endif /* NPTB_SWEEPFILE_H */
