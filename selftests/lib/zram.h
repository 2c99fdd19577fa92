/* SPDX-License-Identifier: GPL-2.0-only */
/* Disks in compressed memory, for a filesystem or for swap. */
#ifndef NPTB_ST_ZRAM_H
#define NPTB_ST_ZRAM_H

#include <stdbool.h>

/* Runs a command of this machine without its words; true where it returns 0. */
bool run_quietly(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A new disk of @size, such as "64M": N of /dev/zramN, or -1. */
int zram_add(const char *size);

#endif
