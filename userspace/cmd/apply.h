/* SPDX-License-Identifier: GPL-2.0-only */
/* Knobs written to the module's files. */
#ifndef NPTB_APPLY_H
#define NPTB_APPLY_H

#include "cmd/knobs.h"

int knobs_apply(const struct knobs *knobs, const char *what, const char *vm);

#endif /* NPTB_APPLY_H */
