/* SPDX-License-Identifier: GPL-2.0-only */
/* Curves of a sweep, one for each policy, by budget. */
#ifndef NPTB_VIEW_CURVES_H
#define NPTB_VIEW_CURVES_H

#include <stdbool.h>
#include <stdio.h>

#include "model/sweepfile.h"

/**
 * struct curves - what is to be drawn
 * @what: slowdown or faults
 * @f: the results
 * @s: their sums
 */
struct curves {
	const char *what;
	struct sweep_file f;
	struct sweep s;
};

bool curves_has(const char *what);
size_t curves_points(const struct curves *c);
void curves_script(const void *data, FILE *out, const char *path);
int curves_text(const struct curves *c, FILE *out);

#endif /* NPTB_VIEW_CURVES_H */
