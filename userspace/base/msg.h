/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages on stderr: one line each, and what to do. */
#ifndef NPTB_MSG_H
#define NPTB_MSG_H

#include <stdarg.h>

#include "base/util.h"

void msg_err(const char *fmt, ...) __printf(1, 2);
void msg_verr(const char *fmt, va_list ap) __printf(1, 0);
const char *msg_errno(int err);

#endif /* NPTB_MSG_H */
