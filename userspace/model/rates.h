/* SPDX-License-Identifier: GPL-2.0-only */
/* All VMs, with what they are called and how fast their counters go. */
#ifndef NPTB_RATES_H
#define NPTB_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/overview.h"
#include "model/vmfind.h"
#include "model/vmname.h"

/* What rows are sorted by, in the order of top's columns. */
enum rates_key {
	RATES_VM, RATES_NAME, RATES_PID, RATES_VCPUS, RATES_BUDGET, RATES_RESIDENT,
	RATES_FAULTS, RATES_EVICTIONS, RATES_LOOPS, RATES_KEYS,
};

/**
 * struct rates_row - a VM
 * @vm: what the module has on it
 * @tgid: its process, 0 where that is gone
 * @label: what its VMM was told to call it, else its process's name
 * @faults: nested page faults a second, since the last refresh; -1: not known yet
 * @evictions: likewise
 */
struct rates_row {
	const struct overview_vm *vm;
	pid_t tgid;
	char label[VM_LABEL_MAX];
	double faults, evictions;
};

/**
 * struct rates - all VMs, refreshed again and again
 * @now: what was read last; row 0 to nr of @row are of it, sorted
 * @ns: when
 * @row: the VMs, sorted
 * @plain: the same in the order of @now
 * @looked_up: processes that were looked up in all: only those of new VMs
 */
struct rates {
	struct overview now;
	uint64_t ns;
	struct rates_row *row, *plain;
	size_t looked_up;
};

int rates_refresh(struct rates *r, uint64_t ns);
void rates_sort(struct rates *r, enum rates_key key, bool reverse);
void rates_free(struct rates *r);

#endif /* NPTB_RATES_H */
