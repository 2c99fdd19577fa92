/* SPDX-License-Identifier: GPL-2.0-only */
/* Emulate, or stop. */
#ifndef NPTB_LOOP_STRICT_H
#define NPTB_LOOP_STRICT_H

#include "loop/mode.h"

enum nptb_shortage nptb_strict_shortage(struct nptb_fault *fault);

#endif /* NPTB_LOOP_STRICT_H */
