/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's events, from an instance of tracefs that is ours alone, to a file. */
#ifndef NPTB_RECORDER_H
#define NPTB_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

struct recorder;

/**
 * struct recorder_args - what to record
 * @path: the file
 * @vm: filter for all events, as of tracefs; NULL for all VMs
 * @fault: filter for faults, and then no other event is recorded; or NULL
 * @buffer_kb: ring buffer of each CPU, KiB
 */
struct recorder_args {
	const char *path;
	const char *vm;
	const char *fault;
	unsigned int buffer_kb;
};

/**
 * struct recorder_counts - so far
 * @events: that are in the file, notes among them
 * @notes: how many of them are notes
 * @lost: that found no room in the ring buffers
 * @bytes: of all events
 */
struct recorder_counts {
	uint64_t events;
	uint64_t notes;
	uint64_t lost;
	uint64_t bytes;
};

/* Notes are events of trace_marker that begin with this, then name=value fields. */
#define RECORDER_NOTE	"nptbudget: "
/* Of the notes; raised when one changes its meaning. */
#define RECORDER_FORMAT	1

int recorder_open(struct recorder **recorder, const struct recorder_args *args);
int recorder_begin(struct recorder *r);
int recorder_note(struct recorder *r, const char *fmt, ...) __printf(2, 3);
int recorder_read(struct recorder *r);
int recorder_stop(struct recorder *r, const char *why);
void recorder_counts(const struct recorder *r, struct recorder_counts *counts);
void recorder_close(struct recorder *r);

#endif /* NPTB_RECORDER_H */
