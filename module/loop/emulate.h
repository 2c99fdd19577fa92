/* SPDX-License-Identifier: GPL-2.0-only */
/* Emulate in place of mapping. */
#ifndef NPTB_LOOP_EMULATE_H
#define NPTB_LOOP_EMULATE_H

#include <linux/types.h>

#include "loop/mode.h"

bool nptb_emulate(struct nptb_fault *fault);
enum nptb_shortage nptb_emulate_shortage(struct nptb_fault *fault);

#endif /* NPTB_LOOP_EMULATE_H */
