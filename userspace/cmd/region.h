/* SPDX-License-Identifier: GPL-2.0-only */
/* Touches of a region of a guest's memory: the budget that makes them faults. */
#ifndef NPTB_REGION_H
#define NPTB_REGION_H

#include <stdbool.h>

#include "model/dbgfs.h"

/**
 * struct region - frames whose touches are to be seen
 * @first: guest frame
 * @last: not below @first
 * @vm: the VM that was given a budget for it, "" for none
 * @fd: registration of a process tree, -1 for none
 * @budget: as it was before
 * @policy: likewise
 * @on_loop: likewise
 * @exempt: likewise, ranges with blanks between them, for free()
 */
struct region {
	unsigned long long first, last;
	char vm[VM_NAME_MAX];
	int fd;
	char budget[32];
	char policy[32];
	char on_loop[32];
	char *exempt;
};

int region_parse(const char *text, struct region *region);
int region_register(struct region *region);
int region_begin(struct region *region, const char *vm);
int region_evict(const struct region *region, const char *vm);
void region_end(struct region *region);
void region_filter(const struct region *region, char *text, size_t size);

#endif /* NPTB_REGION_H */
