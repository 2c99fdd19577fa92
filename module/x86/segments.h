/* SPDX-License-Identifier: GPL-2.0-only */
/* Segments, kept during a burst. */
#ifndef NPTB_X86_SEGMENTS_H
#define NPTB_X86_SEGMENTS_H

#include "x86/emul_table.h"

/* What of the emulator's table is replaced for it; ends with one that has no name. */
extern const struct nptb_replaced nptb_segments_replaced[];

void nptb_segments_forget(struct nptb_burst *burst);
void nptb_segments_look(struct nptb_burst *burst);

/* Is RIP a linear address? */
static __always_inline bool nptb_segments_flat(struct nptb_burst *burst)
{
	if (unlikely(burst->segments.flat == NPTB_FLAT_UNKNOWN))
		nptb_segments_look(burst);
	return burst->segments.flat == NPTB_FLAT;
}

#endif /* NPTB_X86_SEGMENTS_H */
