// SPDX-License-Identifier: GPL-2.0-only
/*
 * on_loop=strict: as emulate, but nothing is ever lent. What cannot be emulated stops
 * the vCPU, as stop does, so that the budget is what it says at every moment.
 */
#include "loop/emulate.h"
#include "loop/stop.h"
#include "loop/strict.h"

/* on_loop=strict: see &nptb_mode.shortage. No lap is waited for: nothing else can help. */
enum nptb_shortage nptb_strict_shortage(struct nptb_fault *fault)
{
	if (!nptb_emulate(fault))
		nptb_stop(fault);
	return NPTB_SHORTAGE_DONE;
}
