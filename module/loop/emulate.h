/* SPDX-License-Identifier: GPL-2.0-only */
/* Emulate in place of mapping. */
#ifndef NPTB_LOOP_EMULATE_H
#define NPTB_LOOP_EMULATE_H

#include <linux/types.h>

struct nptb_fault;

bool nptb_step(struct nptb_fault *fault);

#endif /* NPTB_LOOP_EMULATE_H */
