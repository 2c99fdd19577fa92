/* SPDX-License-Identifier: GPL-2.0-only */
/* One line that keeps changing, while a VMM runs. */
#ifndef NPTB_LIVE_H
#define NPTB_LIVE_H

#include "model/session.h"

/* About five times a second. */
#define LIVE_MS 200

void live_show(const struct report *r);
void live_end(void);

#endif /* NPTB_LIVE_H */
