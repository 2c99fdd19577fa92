/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals that ask a command to end. */
#ifndef NPTB_SIGNALS_H
#define NPTB_SIGNALS_H

#include <stdbool.h>

void signals_catch(void (*handler)(int sig));
bool signals_hang_up_ignored(void);

#endif /* NPTB_SIGNALS_H */
