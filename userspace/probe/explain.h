/* SPDX-License-Identifier: GPL-2.0-only */
/* All of a case, so that a reader can follow it by hand. */
#ifndef NPTB_PROBE_EXPLAIN_H
#define NPTB_PROBE_EXPLAIN_H

#include <stdio.h>

#include "measure.h"

void explain_case(FILE *to, const struct probe_layout *l);
void explain_measure(FILE *to, const struct probe_layout *l, const struct probe_measure *x);

#endif /* NPTB_PROBE_EXPLAIN_H */
