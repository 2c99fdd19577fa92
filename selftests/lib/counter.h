/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a bench counts, for all threads of this process that there are or will be,
 * in the guest, in the kernel and in user space.
 */
#ifndef NPTB_ST_COUNTER_H
#define NPTB_ST_COUNTER_H

#include <stdint.h>

/* The counters that there are, with a space between them. */
#define COUNTER_NAMES	"clock cycles task-clock"

/*
 * Opens the counter @name; NULL, or why there is none. Before threads are made.
 *
 * clock       CLOCK_MONOTONIC in ns: instructions of the whole machine under the
 *             lab's --icount
 * cycles      cycles that the CPU was not halted, by its performance counter
 * task-clock  ns on a CPU, by the kernel's clock; no measure of what a fault costs
 *             where the clock is not exact, but counted the way that cycles are
 */
const char *counter_open(const char *name);
uint64_t counter_now(void);

#endif
