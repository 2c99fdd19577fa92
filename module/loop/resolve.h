/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens on a fault loop. */
#ifndef NPTB_LOOP_RESOLVE_H
#define NPTB_LOOP_RESOLVE_H

#include <linux/types.h>

struct nptb_fault;

/**
 * enum nptb_shortage - what to do for an attempt that has all there is
 * @NPTB_SHORTAGE_EVICT: evict a page of its own
 * @NPTB_SHORTAGE_LENT: it was lent a page: try again
 * @NPTB_SHORTAGE_STEP: emulate its instruction
 */
enum nptb_shortage {
	NPTB_SHORTAGE_EVICT,
	NPTB_SHORTAGE_LENT,
	NPTB_SHORTAGE_STEP,
};

bool nptb_resolve_confirmed(struct nptb_fault *fault);
void nptb_resolve_stop(struct nptb_fault *fault);
enum nptb_shortage nptb_resolve_short(struct nptb_fault *fault);

#endif /* NPTB_LOOP_RESOLVE_H */
