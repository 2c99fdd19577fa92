// SPDX-License-Identifier: GPL-2.0-only
/* The formats of trace events, one by one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats.h"
#include "util.h"

struct tep_handle *formats_open(void)
{
	struct tep_handle *formats = tep_alloc();
	char *text;
	int size;

	text = tracefs_instance_file_read(NULL, "events/header_page", &size);
	if (!formats || !text || tep_parse_header_page(formats, text, size, sizeof(long)))
		die("events/header_page: %s", strerror(errno));
	tep_set_page_size(formats, getpagesize());
	free(text);
	return formats;
}

static void read_format(struct tep_handle *formats, const char *system, const char *event)
{
	char *text;
	int size;

	text = tracefs_event_file_read(NULL, system, event, "format", &size);
	if (!text || tep_parse_event(formats, text, size, system))
		die("format of event %s:%s: %s", system, event, strerror(errno));
	free(text);
}

struct tep_event *formats_add(struct tep_handle *formats, struct tracefs_instance *instance,
			      const char *system, const char *event)
{
	if (!tep_find_event_by_name(formats, system, event))
		read_format(formats, system, event);
	if (instance && tracefs_event_file_write(instance, system, event, "enable", "1") < 0)
		die("event %s:%s: %s", system, event, strerror(errno));
	return tep_find_event_by_name(formats, system, event);
}
