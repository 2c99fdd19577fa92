/* SPDX-License-Identifier: GPL-2.0-only */
/* All VMs at little cost, as the module's "overview" file has them. */
#ifndef NPTB_OVERVIEW_H
#define NPTB_OVERVIEW_H

#include <stddef.h>

#include "model/dbgfs.h"

/* Longer than any budget, policy or on_loop. */
#define OVERVIEW_WORD_MAX 32

/* Numbers of a VM; OVERVIEW_NAMES has the module's names for them, in this order. */
enum overview_number {
	OVERVIEW_VCPUS,
	OVERVIEW_RESIDENT,
	OVERVIEW_PEAK,
	OVERVIEW_FAULTS,
	OVERVIEW_EVICTIONS,
	OVERVIEW_LOOPS,
	OVERVIEW_LAPS,
	OVERVIEW_CONTENTION,
	OVERVIEW_DEFERRED,
	OVERVIEW_LENT,
	OVERVIEW_INSTRUCTIONS,
	OVERVIEW_REFUSED,
	OVERVIEW_NUMBERS,
};

#define OVERVIEW_NAMES \
	{ "vcpus", "resident", "peak", "faults", "evictions", "loops", "laps", "contention", \
	  "deferred", "lent", "instructions", "refused" }

/**
 * struct overview_vm - a VM
 * @name: the module's name of it
 * @budget: "off" or pages
 * @policy: who goes next
 * @on_loop: what happens in a fault loop
 * @number: by enum overview_number; pages, or times since the VM began
 */
struct overview_vm {
	char name[VM_NAME_MAX];
	char budget[OVERVIEW_WORD_MAX];
	char policy[OVERVIEW_WORD_MAX];
	char on_loop[OVERVIEW_WORD_MAX];
	unsigned long long number[OVERVIEW_NUMBERS];
};

/**
 * struct overview - all VMs that the module knows
 * @nr: how many
 * @vm: they, oldest first
 */
struct overview {
	size_t nr;
	struct overview_vm *vm;
};

int overview_parse(struct overview *o, char *text);
int overview_read(struct overview *o);
const struct overview_vm *overview_find(const struct overview *o, const char *name);
void overview_free(struct overview *o);

#endif /* NPTB_OVERVIEW_H */
