/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For how long a CPU is not to be had by whoever comes before all others: a thread
 * above all wakes up every 50 us, and notes by how much it is late. On a host with
 * one CPU whose clock counts instructions (scripts/lab --icount --cpus 1) that is
 * the longest stretch without preemption, and what it takes to wake up.
 *   NPTB_STRETCH_STOP   ns: at the first that is longer, the kernel's tracing is
 *                       switched off, to see in its buffer what that was
 */
#ifndef NPTB_ST_STRETCH_H
#define NPTB_ST_STRETCH_H

#include <stdint.h>

/* Ends the program, skipped, where the clock does not count instructions. */
void stretch_need(void);
void stretch_open(void);
void stretch_close(void);
void stretch_begin(void);
/* The longest since stretch_begin(), ns. */
uint64_t stretch_end(void);

#endif
