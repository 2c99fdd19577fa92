/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens on a fault loop. */
#ifndef NPTB_LOOP_RESOLVE_H
#define NPTB_LOOP_RESOLVE_H

#include <linux/types.h>
#include <nptbudget.h>

#include "loop/mode.h"

/* By enum nptb_on_loop. */
extern const struct nptb_mode nptb_modes[NPTB_ON_LOOP_NR];

bool nptb_resolve_confirmed(struct nptb_fault *fault);

#endif /* NPTB_LOOP_RESOLVE_H */
