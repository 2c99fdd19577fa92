/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads that read every file of the module in a loop, as curious users do. */
#ifndef NPTB_ST_READER_H
#define NPTB_ST_READER_H

#include <stdint.h>

void readers_start(int threads);
/* Ends them; files read in all. */
uint64_t readers_stop(void);

#endif
