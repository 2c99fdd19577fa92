// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <tracefs/tracefs.h>

#include "base/util.h"
#include "model/tracedat.h"

/* trace-cmd's number of the option that names the kernel. */
#define OPTION_UNAME	5

/**
 * tracedat_add() - add an event's format
 * @t: the header
 * @system: of the event; those of a system follow each other
 * @text: its format file
 *
 * Return: 0 or -ENOMEM.
 */
int tracedat_add(struct tracedat *t, const char *system, const char *text)
{
	struct tracedat_format *more = reallocarray(t->format, t->nr + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	t->format = more;
	more[t->nr] = (struct tracedat_format){ .system = strdup(system), .text = strdup(text) };
	t->nr++;
	return more[t->nr - 1].system && more[t->nr - 1].text ? 0 : -ENOMEM;
}

static int add_system(struct tracedat *t, const char *system)
{
	char **events = tracefs_system_events(NULL, system), *text;
	int err = events ? 0 : -ENOENT;
	size_t i;

	for (i = 0; !err && events[i]; i++) {
		text = tracefs_event_file_read(NULL, system, events[i], "format", NULL);
		/* What is no event has no format. */
		if (text)
			err = tracedat_add(t, system, text);
		free(text);
	}
	tracefs_list_free(events);
	return err;
}

/**
 * tracedat_here() - describe the events of this kernel
 * @t: zeroed; for tracedat_free(), also after an error
 * @system: whose events, beside ftrace's own
 *
 * Return: 0; -ENOENT where tracefs has no such events; -ENOMEM.
 */
int tracedat_here(struct tracedat *t, const char *system)
{
	struct utsname u;
	int err;

	t->header_page = tracefs_instance_file_read(NULL, "events/header_page", NULL);
	t->header_event = tracefs_instance_file_read(NULL, "events/header_event", NULL);
	if (!t->header_page || !t->header_event)
		return -ENOENT;
	err = add_system(t, "ftrace");
	if (!err)
		err = add_system(t, system);
	if (err)
		return err;
	t->cpus = (unsigned int)sysconf(_SC_NPROCESSORS_CONF);
	if (!uname(&u) && asprintf(&t->uname, "%s %s %s %s", u.sysname, u.release, u.version,
				   u.machine) < 0)
		return -ENOMEM;
	return 0;
}

static void put16(FILE *f, uint16_t n)
{
	fwrite(&n, sizeof(n), 1, f);
}

static void put32(FILE *f, uint32_t n)
{
	fwrite(&n, sizeof(n), 1, f);
}

static void put64(FILE *f, uint64_t n)
{
	fwrite(&n, sizeof(n), 1, f);
}

/* A text and its end. */
static void put_name(FILE *f, const char *name)
{
	fwrite(name, strlen(name) + 1, 1, f);
}

/* A text behind its size. */
static void put_text(FILE *f, const char *text)
{
	put64(f, strlen(text));
	fputs(text, f);
}

/* Formats from @i on that are of the same system. */
static size_t same(const struct tracedat *t, size_t i)
{
	size_t n = 1;

	while (i + n < t->nr && !strcmp(t->format[i].system, t->format[i + n].system))
		n++;
	return n;
}

static void put_formats(FILE *f, const struct tracedat *t)
{
	size_t i, n, k;
	uint32_t systems = 0;

	/* ftrace's own come first, and without a name. */
	n = t->nr && !strcmp(t->format[0].system, "ftrace") ? same(t, 0) : 0;
	put32(f, (uint32_t)n);
	for (i = 0; i < n; i++)
		put_text(f, t->format[i].text);
	for (i = n; i < t->nr; i += same(t, i))
		systems++;
	put32(f, systems);
	for (i = n; i < t->nr; i += k) {
		k = same(t, i);
		put_name(f, t->format[i].system);
		put32(f, (uint32_t)k);
		for (n = 0; n < k; n++)
			put_text(f, t->format[i + n].text);
	}
}

static void put_options(FILE *f, const struct tracedat *t)
{
	put_name(f, "options  ");
	if (t->uname) {
		put16(f, OPTION_UNAME);
		put32(f, (uint32_t)strlen(t->uname) + 1);
		put_name(f, t->uname);
	}
	put16(f, 0);
}

/**
 * tracedat_header() - make a file's header
 * @t: what it says
 * @data: where in the file the first CPU's pages begin, a multiple of TRACEDAT_PAGE
 * @sizes: of each CPU's pages, bytes; one CPU's follow another's
 * @text: where to put it, for free()
 * @size: its bytes
 *
 * Return: 0 or -ENOMEM.
 */
int tracedat_header(const struct tracedat *t, uint64_t data, const uint64_t *sizes, char **text,
		    size_t *size)
{
	FILE *f = open_memstream(text, size);
	unsigned int i;
	int failed;

	if (!f)
		return -ENOMEM;
	fwrite("\x17\x08\x44tracing6", 12, 1, f);
	fputc(__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, f);
	fputc(sizeof(long), f);
	put32(f, TRACEDAT_PAGE);
	put_name(f, "header_page");
	put_text(f, t->header_page);
	put_name(f, "header_event");
	put_text(f, t->header_event);
	put_formats(f, t);
	/* The host's symbols, and formats of trace_printk(): no event of ours needs them. */
	put32(f, 0);
	put32(f, 0);
	put_text(f, t->cmdlines ? t->cmdlines : "");
	put32(f, t->cpus);
	put_options(f, t);
	put_name(f, "flyrecord");
	for (i = 0; i < t->cpus; i++) {
		put64(f, data);
		put64(f, sizes[i]);
		data += sizes[i];
	}
	failed = ferror(f);
	if (fclose(f) || failed) {
		free(*text);
		return -ENOMEM;
	}
	return 0;
}

/**
 * tracedat_free() - free what describes the events
 * @t: the header
 */
void tracedat_free(struct tracedat *t)
{
	while (t->nr) {
		free(t->format[--t->nr].system);
		free(t->format[t->nr].text);
	}
	free(t->format);
	free(t->header_page);
	free(t->header_event);
	free(t->cmdlines);
	free(t->uname);
	memset(t, 0, sizeof(*t));
}
