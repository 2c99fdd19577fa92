/* SPDX-License-Identifier: GPL-2.0-only */
/* Swap space, made when it is first asked for; of the families that need it. */
#ifndef NPTB_ST_SWAP_H
#define NPTB_ST_SWAP_H

#include <stdbool.h>
#include <stdint.h>

struct path;
struct run;

/* A struct path.act: all lanes go to swap. */
bool page_out(struct run *r, int round);
const char *missing_swap(const struct path *path);
/* A counter of /proc/vmstat, or -1. */
int64_t vmstat(const char *name);

#endif
