// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counter.h"
#include "util.h"

/* A loop of so many rounds takes at least as many cycles, on any CPU. */
#define ROUNDS	100000

static int fd = -1;		/* -1: the clock */

/* What read() gives with the times. */
struct reading {
	uint64_t value;
	uint64_t enabled;
	uint64_t running;
};

static int open_event(uint32_t type, uint64_t config)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = type,
		.config = config,
		/* The vCPU's thread, and a pager's: read as one sum. */
		.inherit = 1,
		/* Always counting, or not at all: no share of the time. */
		.pinned = type == PERF_TYPE_HARDWARE,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
		/* Nothing is excluded: host and guest, user and kernel. */
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* NULL, or why the value cannot be had. */
static const char *get(uint64_t *value)
{
	struct reading r;
	ssize_t n = read(fd, &r, sizeof(r));

	if (!n)
		return "others hold all counters of this CPU (perf, the NMI watchdog)";
	if (n != sizeof(r))
		return "the counter cannot be read";
	if (r.running != r.enabled)
		return "the counter did not count all the time";
	*value = r.value;
	return NULL;
}

const char *counter_open(const char *name)
{
	static char why[96];
	uint64_t from = 0, to = 0;
	const char *bad;
	volatile int i;

	if (!strcmp(name, "clock"))
		return NULL;
	if (!strcmp(name, "cycles"))
		fd = open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);
	else if (!strcmp(name, "task-clock"))
		fd = open_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK);
	else
		return "no such counter; there are: " COUNTER_NAMES;
	if (fd < 0) {
		snprintf(why, sizeof(why), "no counter of %s here: %s", name,
			 errno == ENOENT || errno == EOPNOTSUPP ?
			 "the CPU, or what emulates it, has none" : strerror(errno));
		return why;
	}
	bad = get(&from);
	for (i = 0; i < ROUNDS; i++)
		;
	if (!bad)
		bad = get(&to);
	if (!bad && to - from < (strcmp(name, "cycles") ? 1 : ROUNDS))
		bad = "the counter is there and does not count";
	return bad;
}

uint64_t counter_now(void)
{
	const char *bad;
	uint64_t value;

	if (fd < 0)
		return now_ns();
	bad = get(&value);
	if (bad)
		die("%s", bad);
	return value;
}
