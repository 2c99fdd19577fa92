/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording as damo, the command of Linux' DAMON, keeps one: see export.h. */
#ifndef NPTB_VIEW_DAMO_H
#define NPTB_VIEW_DAMO_H

#include "view/export.h"

void damo_begin(struct export *x);
int damo_event(const struct recording *r, const struct rec_event *e, void *data);
int damo_finish(const struct recording *r, struct export *x);
void damo_free(struct export *x);

#endif /* NPTB_VIEW_DAMO_H */
