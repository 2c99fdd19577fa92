/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How to read trace events. libtracefs reads the formats of whole systems, and
 * the kernel's symbols besides, which takes an emulated host two seconds: here it
 * is told of the events that are wanted, and of nothing else.
 */
#ifndef NPTB_ST_FORMATS_H
#define NPTB_ST_FORMATS_H

#include <tracefs/tracefs.h>

/* With no event in it yet; tep_free() ends it. */
struct tep_handle *formats_open(void);
/* Reads an event's format, once, and has it recorded in @instance; NULL: in none. */
struct tep_event *formats_add(struct tep_handle *formats, struct tracefs_instance *instance,
			      const char *system, const char *event);

#endif
