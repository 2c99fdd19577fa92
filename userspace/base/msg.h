/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages on stderr: one line each, and what to do. */
#ifndef NPTB_MSG_H
#define NPTB_MSG_H

#include "base/util.h"

void msg_err(const char *fmt, ...) __printf(1, 2);
const char *msg_errno(int err);

#endif /* NPTB_MSG_H */
