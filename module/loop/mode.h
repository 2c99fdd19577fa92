/* SPDX-License-Identifier: GPL-2.0-only */
/* The modes of on_loop: one row of nptb_modes[] and one file each, see resolve.c. */
#ifndef NPTB_LOOP_MODE_H
#define NPTB_LOOP_MODE_H

struct nptb_fault;

/**
 * enum nptb_shortage - what is done for an attempt that has all there is
 * @NPTB_SHORTAGE_EVICT: nothing: evict a page of its own
 * @NPTB_SHORTAGE_LENT: it was lent a page: try again
 * @NPTB_SHORTAGE_DONE: the fault is over, its ret and verdict are filled in
 */
enum nptb_shortage {
	NPTB_SHORTAGE_EVICT,
	NPTB_SHORTAGE_LENT,
	NPTB_SHORTAGE_DONE,
};

/**
 * struct nptb_mode - what one value of enum nptb_on_loop comes to
 * @confirmed: a fault confirms a loop, or one more lap of it: the fault is over, and
 *	this fills in its ret and verdict. NULL: it is let in, as any other
 * @shortage: an attempt has all there is, and needs more. NULL: a page of its own is
 *	evicted, as for %NPTB_SHORTAGE_EVICT
 *
 * Context: the vCPU's thread; may sleep.
 */
struct nptb_mode {
	void (*confirmed)(struct nptb_fault *fault);
	enum nptb_shortage (*shortage)(struct nptb_fault *fault);
};

#endif /* NPTB_LOOP_MODE_H */
