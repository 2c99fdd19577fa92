/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters in Prometheus' text format. */
#ifndef NPTB_METRICS_H
#define NPTB_METRICS_H

#include <stdio.h>

#include "model/overview.h"

void metrics_print(FILE *to, const struct dbgfs_version *v, const struct overview *o);

#endif /* NPTB_METRICS_H */
