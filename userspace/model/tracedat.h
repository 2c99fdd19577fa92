/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of trace-cmd, written: version 6 of trace-cmd.dat.v6(5), which every version
 * of trace-cmd, KernelShark and libtracecmd reads. A header that describes the events,
 * then the pages of the kernel's ring buffers as they are, those of a CPU together.
 * By hand, since no library has a writer: libtracecmd's headers have functions that read
 * files alone, libtracefs gives the pages, and libtraceevent decodes them.
 */
#ifndef NPTB_TRACEDAT_H
#define NPTB_TRACEDAT_H

#include <stddef.h>
#include <stdint.h>

/* Pages of the ring buffers, and where each CPU's begin in the file. */
#define TRACEDAT_PAGE	4096

/**
 * struct tracedat_format - how an event looks
 * @system: it is of; "ftrace" for the kernel's own
 * @text: its format file
 */
struct tracedat_format {
	char *system;
	char *text;
};

/**
 * struct tracedat - what a header says
 * @header_page: of the ring buffers' pages: events/header_page
 * @header_event: of the events in them: events/header_event
 * @format: of each event, those of a system together
 * @nr: how many
 * @cmdlines: names of threads, "pid name" a line: saved_cmdlines
 * @uname: the kernel
 * @cpus: with a ring buffer each
 */
struct tracedat {
	char *header_page;
	char *header_event;
	struct tracedat_format *format;
	size_t nr;
	char *cmdlines;
	char *uname;
	unsigned int cpus;
};

int tracedat_add(struct tracedat *t, const char *system, const char *text);
int tracedat_here(struct tracedat *t, const char *system);
int tracedat_header(const struct tracedat *t, uint64_t data, const uint64_t *sizes, char **text,
		    size_t *size);
void tracedat_free(struct tracedat *t);

#endif /* NPTB_TRACEDAT_H */
