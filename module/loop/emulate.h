/* SPDX-License-Identifier: GPL-2.0-only */
/* Emulate in place of mapping. */
#ifndef NPTB_LOOP_EMULATE_H
#define NPTB_LOOP_EMULATE_H

#include "loop/mode.h"

enum nptb_shortage nptb_emulate_shortage(struct nptb_fault *fault);

#endif /* NPTB_LOOP_EMULATE_H */
