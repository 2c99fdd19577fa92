/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs of the bench share. Whatever is not as it has to be ends them. */
#ifndef NPTB_ST_BENCH_H
#define NPTB_ST_BENCH_H

#include <stdint.h>

#include "../vmm/vmm.h"

/* Sets a VM's budget; 0: none. */
void bench_budget(const struct vmm *vm, uint64_t pages);
/* Waits for all of a VM's guests to halt, without polling: it would be measured, too. */
void bench_join(struct vmm *vm);
/* A line: case, number, count, each. */
void bench_print(const char *name, uint64_t number, uint64_t count);

#endif
