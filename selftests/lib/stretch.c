// SPDX-License-Identifier: GPL-2.0-only
/* Stretches without preemption; see lib/stretch.h. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <kselftest.h>

#include "stretch.h"
#include "util.h"

#define PERIOD_NS	50000

static struct {
	pthread_t thread;
	_Atomic bool on;
	_Atomic bool end;
	_Atomic uint64_t worst;
} watch;

/* What was traced last is what kept the CPU. */
static void tracing_off(void)
{
	int fd = open("/sys/kernel/tracing/tracing_on", O_WRONLY);

	if (fd < 0 || write(fd, "0", 1) != 1)
		die("tracing cannot be stopped");
	close(fd);
}

static void *watch_main(void *arg)
{
	const char *value = getenv("NPTB_STRETCH_STOP");
	uint64_t stop = value ? strtoull(value, NULL, 0) : UINT64_MAX;
	struct timespec at;
	uint64_t due, late;

	(void)arg;
	while (!atomic_load(&watch.end)) {
		due = now_ns() + PERIOD_NS;
		at.tv_sec = due / 1000000000;
		at.tv_nsec = due % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		late = now_ns() - due;
		if (!atomic_load(&watch.on))
			/* What lies between two tests is not watched. */
			sleep_ms(1);
		else if (late > atomic_load(&watch.worst))
			atomic_store(&watch.worst, late);
		if (atomic_load(&watch.on) && late > stop) {
			tracing_off();
			stop = UINT64_MAX;
		}
	}
	return NULL;
}

void stretch_need(void)
{
	if (!getenv("NPTB_INSTRUCTIONS"))
		ksft_exit_skip("the clock does not count instructions\n");
	if (sysconf(_SC_NPROCESSORS_ONLN) != 1)
		ksft_exit_skip("more than one CPU\n");
}

void stretch_open(void)
{
	struct sched_param highest = { sched_get_priority_max(SCHED_FIFO) };

	if (pthread_create(&watch.thread, NULL, watch_main, NULL) ||
	    pthread_setschedparam(watch.thread, SCHED_FIFO, &highest))
		die("no thread with SCHED_FIFO");
}

void stretch_close(void)
{
	atomic_store(&watch.end, true);
	pthread_join(watch.thread, NULL);
}

void stretch_begin(void)
{
	/* It may be asleep for a while yet. */
	sleep_ms(5);
	atomic_store(&watch.worst, 0);
	atomic_store(&watch.on, true);
	sleep_ms(5);
}

uint64_t stretch_end(void)
{
	uint64_t worst = atomic_load(&watch.worst);

	atomic_store(&watch.on, false);
	return worst;
}
