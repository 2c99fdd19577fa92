/* SPDX-License-Identifier: GPL-2.0-only */
/* Page tables of loops, kept from while their VM was alive. */
#ifndef NPTB_SEEN_H
#define NPTB_SEEN_H

#include "model/session.h"

/**
 * struct seen - loops that were asked about
 * @nr: how many
 * @loop: what tells them apart, and their walks
 */
struct seen {
	size_t nr;
	struct seen_loop *loop;
};

void seen_ask(struct seen *seen, struct report *r);
void seen_fill(struct seen *seen, struct report *r);
void seen_free(struct seen *seen);

#endif /* NPTB_SEEN_H */
