/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delivery of exceptions and interrupts in software. Pure.
 *
 * AMD64 APM volume 2: section 8.6 (real mode), 8.7 (protected mode), 8.9 (long mode),
 * 8.2.9 (double faults), 8.4 (error codes).
 */
#ifndef NPTB_X86_SOFT_EVENT_H
#define NPTB_X86_SOFT_EVENT_H

#include "x86/soft/soft.h"

/**
 * struct nptb_delivery - an event to be delivered
 * @vector: which
 * @soft: an INT instruction's: the gate's privilege level counts
 * @external: an interrupt or NMI: error codes on the way tell so
 * @exception: it counts for double faults
 * @has_code: it pushes an error code
 * @code: that
 * @rip: to return to
 */
struct nptb_delivery {
	u8 vector;
	bool soft;
	bool external;
	bool exception;
	bool has_code;
	u32 code;
	u64 rip;
};

enum nptb_soft_end nptb_event_deliver(struct nptb_soft *soft,
				      const struct nptb_delivery *event);
enum nptb_soft_end nptb_event_raise(struct nptb_soft *soft);

#endif /* NPTB_X86_SOFT_EVENT_H */
