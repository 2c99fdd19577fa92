// SPDX-License-Identifier: GPL-2.0-only
/* Disks in compressed memory. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "zram.h"

bool run_quietly(const char *fmt, ...)
{
	char command[256], line[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	snprintf(line, sizeof(line), "%s >/dev/null 2>&1", command);
	return !system(line);
}

int zram_add(const char *size)
{
	char path[64];
	int64_t nr;

	if (!path_exists("/sys/class/zram-control") &&
	    !run_quietly("modprobe zram num_devices=0"))
		return -1;
	/* To read this file is to add a disk. */
	nr = file_number("/sys/class/zram-control/hot_add");
	if (nr < 0)
		return -1;
	snprintf(path, sizeof(path), "/sys/block/zram%" PRId64 "/disksize", nr);
	return file_write(path, size, strlen(size)) ? -1 : (int)nr;
}
