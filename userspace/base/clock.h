/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NPTB_CLOCK_H
#define NPTB_CLOCK_H

#include <stdint.h>
#include <time.h>

/**
 * clock_ns() - read a clock
 * @clock: CLOCK_MONOTONIC, which the module's events are stamped with, or another
 *
 * Return: ns.
 */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* CLOCK_MONOTONIC, in seconds. */
static inline double clock_seconds(void)
{
	return (double)clock_ns(CLOCK_MONOTONIC) / 1e9;
}

#endif /* NPTB_CLOCK_H */
