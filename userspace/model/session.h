/* SPDX-License-Identifier: GPL-2.0-only */
/* What became of the VMs of a process tree, as the module's "run" file has it. */
#ifndef NPTB_REPORT_H
#define NPTB_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/dbgfs.h"
#include "model/lends.h"
#include "model/loops.h"
#include "model/stats.h"

/**
 * struct report_vm - a VM of the process tree
 * @name: its name
 * @alive: it has not ended
 * @refused: why it ran without the budget meant for it: an errno, or 0
 * @stats: its counters
 * @loops: its fault loops
 * @lends: what was lent pages
 */
struct report_vm {
	char name[VM_NAME_MAX];
	bool alive;
	int refused;
	struct stats stats;
	struct loops loops;
	struct lends lends;
};

/**
 * struct report - all VMs of the process tree
 * @started: how many there were in all; 0 where the module does not say
 * @nr: how many it has something on
 * @vm: they, in the module's order
 */
struct report {
	size_t started;
	size_t nr;
	struct report_vm *vm;
};

int report_parse(struct report *r, char *text, unsigned int *bad_line);
int report_read(struct report *r, int fd, unsigned int *bad_line);
size_t report_alive(const struct report *r);
void report_free(struct report *r);

#endif /* NPTB_REPORT_H */
