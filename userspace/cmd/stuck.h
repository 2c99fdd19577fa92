/* SPDX-License-Identifier: GPL-2.0-only */
/* Has a vCPU been in one fault loop for too long? */
#ifndef NPTB_STUCK_H
#define NPTB_STUCK_H

#include <stdbool.h>
#include <stddef.h>

#include "model/session.h"

/**
 * struct stuck_place - a place that looped
 * @vm: name of the VM
 * @rip: where
 * @cr3: in which address space
 * @vector: what was being delivered
 * @times: how often it had begun to loop
 * @laps: rounds
 * @since: when this lot of rounds was first seen, seconds
 */
struct stuck_place {
	char vm[VM_NAME_MAX];
	unsigned long long rip, cr3;
	int vector;
	unsigned long long times, laps;
	double since;
};

/**
 * struct stuck - all of them
 * @nr: how many
 * @place: they
 * @at: the one that is stuck, @nr or more: none
 * @found: there is one
 */
struct stuck {
	size_t nr;
	struct stuck_place *place;
	size_t at;
	bool found;
};

bool stuck_look(struct stuck *s, const struct report *r, double now, double patience);
const struct loop *stuck_loop(const struct stuck *s, const struct report *r);
void stuck_free(struct stuck *s);

#endif /* NPTB_STUCK_H */
