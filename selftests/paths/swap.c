// SPDX-License-Identifier: GPL-2.0-only
/* Swap space in compressed memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../lib/util.h"
#include "../lib/zram.h"
#include "paths.h"
#include "swap.h"

const char *missing_swap(const struct path *path)
{
	static int disk = -2;

	(void)path;
	if (disk == -2) {
		disk = zram_add("128M");
		/* zram itself reads at once: nobody would have to wait for it. */
		if (disk >= 0 &&
		    (!run_quietly("modprobe loop") ||
		     !run_quietly("mkswap /dev/zram%d", disk) ||
		     !run_quietly("losetup /dev/loop0 /dev/zram%d", disk) ||
		     !run_quietly("swapon /dev/loop0")))
			disk = -1;
	}
	return disk < 0 ? "no swap on zram" : NULL;
}

bool page_out(struct run *r, int round)
{
	int64_t before = vmstat("pswpout");
	int i;

	(void)round;
	for (i = 0; i < 2; i++) {
		if (madvise(lanes_page(r, 0), r->pages * PAGE_SIZE, MADV_PAGEOUT)) {
			note("MADV_PAGEOUT: %s", strerror(errno));
			return false;
		}
		if (r->progress && !lanes_wait(r, 1))
			return false;
	}
	if (vmstat("pswpout") > before)
		return true;
	note("nothing went to swap");
	return false;
}

int64_t vmstat(const char *name)
{
	char *text = file_slurp("/proc/vmstat"), *line, *save;
	size_t len = strlen(name);
	int64_t val = -1;

	if (!text)
		return -1;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, name, len) && line[len] == ' ')
			val = strtoll(line + len, NULL, 10);
	free(text);
	return val;
}
