// SPDX-License-Identifier: GPL-2.0-only
/*
 * What events look like on this kernel, of those alone that are asked for. libtracefs
 * would read those of a whole system, and with them the kernel's symbols, a hundred
 * thousand lines, which nobody asks for here: seconds on a slow machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tracefs/tracefs.h>
#include <traceevent/event-parse.h>

#include "model/eventformats.h"

/**
 * eventformats_open() - begin with what all events have in common
 *
 * Return: for tep_free(), without any event; NULL, with errno set.
 */
struct tep_handle *eventformats_open(void)
{
	struct tep_handle *tep;
	int size = 0;
	char *page;

	errno = 0;
	page = tracefs_instance_file_read(NULL, "events/header_page", &size);
	if (!page) {
		if (!errno)
			errno = ENOENT;
		return NULL;
	}
	tep = tep_alloc();
	if (!tep)
		errno = ENOMEM;
	else
		tep_set_long_size(tep, sizeof(long));
	if (tep && tep_parse_header_page(tep, page, size, sizeof(long))) {
		tep_free(tep);
		tep = NULL;
		errno = EBADMSG;
	}
	free(page);
	return tep;
}

/**
 * eventformats_add() - read an event's format
 * @tep: where to, by eventformats_open()
 * @system: the event's system in tracefs
 * @name: its name there
 *
 * Return: its number; -ENOENT where the kernel has none of the name; -EBADMSG where its
 * format cannot be read.
 */
int eventformats_add(struct tep_handle *tep, const char *system, const char *name)
{
	struct tep_event *event;
	int size = 0;
	char *text = tracefs_event_file_read(NULL, system, name, "format", &size);

	if (!text)
		return -ENOENT;
	tep_parse_event(tep, text, size, system);
	free(text);
	event = tep_find_event_by_name(tep, system, name);
	return event ? event->id : -EBADMSG;
}
