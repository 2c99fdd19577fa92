/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of a recording as other tools read them. */
#ifndef NPTB_VIEW_EXPORT_H
#define NPTB_VIEW_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "model/recording.h"

/**
 * struct export - events on their way to a file
 * @out: the file
 * @some: something was written: what is next needs a comma before it
 * @interval: damo: length of an interval, ns
 * @damo: what damo.c keeps, or NULL
 */
struct export {
	FILE *out;
	bool some;
	uint64_t interval;
	struct damo *damo;
};

/**
 * struct export_format - a format
 * @name: for the user
 * @begin: writes what comes first
 * @event: writes an event; a recording_fn with struct export
 * @finish: writes what comes last
 * @free: drops what was kept, whether or not all went well
 */
struct export_format {
	const char *name;
	void (*begin)(struct export *x);
	recording_fn event;
	int (*finish)(const struct recording *r, struct export *x);
	void (*free)(struct export *x);
};

const struct export_format *export_format(const char *name);

#endif /* NPTB_VIEW_EXPORT_H */
