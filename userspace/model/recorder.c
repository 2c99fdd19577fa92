// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of each CPU's ring buffer go to a file without a name beside the
 * recording, since the file format wants those of a CPU together. At the end they
 * are moved from there, from behind, so that a disk which is full has room for what
 * is moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tracefs/tracefs.h>

#include "base/output.h"
#include "model/instance.h"
#include "model/recorder.h"
#include "model/tracedat.h"

#define INSTANCE	"nptbudget-record-"
#define SYSTEM		"nptbudget"
/* Names of threads come to be known while it records: room for so many bytes. */
#define CMDLINES_MAX	16384
#define CHUNK		(256u << 10)

/**
 * struct lane - a CPU's events
 * @cpu: to read from, NULL for a CPU that is not there
 * @fd: where its pages go
 * @name: of that file, NULL for none
 * @size: of them, bytes
 */
struct lane {
	struct tracefs_cpu *cpu;
	int fd;
	char *name;
	uint64_t size;
};

/**
 * struct recorder - a recording
 * @instance: of tracefs
 * @head: what the file's header says
 * @file: the file
 * @begun: it has nothing but this recording
 * @data: where in it the pages of ring buffers begin
 * @lane: for each CPU
 * @counts: as far as the instance told
 * @full: no more could be written; -errno
 * @page: a page on its way
 */
struct recorder {
	struct tracefs_instance *instance;
	struct tracedat head;
	struct output file;
	bool begun;
	uint64_t data;
	struct lane *lane;
	struct recorder_counts counts;
	int full;
	char page[TRACEDAT_PAGE];
};

static int enable(struct recorder *r, const struct recorder_args *args)
{
	struct tracefs_instance *to = r->instance;
	char kb[16];
	int err;

	snprintf(kb, sizeof(kb), "%u", args->buffer_kb);
	err = instance_write(to, "trace_clock", "mono");
	if (!err)
		err = instance_write(to, "buffer_size_kb", kb);
	if (!err && args->vm)
		err = instance_write(to, "events/" SYSTEM "/filter", args->vm);
	if (!err && args->fault)
		err = instance_write(to, "events/" SYSTEM "/nptb_fault/filter", args->fault);
	if (!err)
		err = instance_write(to, args->fault ? "events/" SYSTEM "/nptb_fault/enable" :
				     "events/" SYSTEM "/enable", "1");
	return err;
}

static int write_all(int fd, const char *buf, size_t size, uint64_t at)
{
	ssize_t n;

	for (; size; size -= (size_t)n, buf += n, at += (uint64_t)n) {
		n = pwrite(fd, buf, size, (off_t)at);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return n ? -errno : -ENOSPC;
	}
	return 0;
}

/* Zeros, as far as the header may reach. */
static int clear(struct recorder *r, uint64_t from, uint64_t to)
{
	static const char zeros[TRACEDAT_PAGE];
	int err = 0;

	for (; !err && from < to; from += sizeof(zeros))
		err = write_all(r->file.fd, zeros,
				to - from < sizeof(zeros) ? to - from : sizeof(zeros), from);
	return err;
}

/*
 * Room for the header, which is known at the end, is taken while there is some: behind
 * what the file has.
 */
static int reserve(struct recorder *r, const char *path)
{
	uint64_t *none = calloc(r->head.cpus, sizeof(*none));
	char *text;
	size_t size;
	int err;

	if (!none)
		return -ENOMEM;
	err = tracedat_header(&r->head, 0, none, &text, &size);
	free(none);
	if (err)
		return err;
	free(text);
	r->data = (size + CMDLINES_MAX + TRACEDAT_PAGE - 1) & ~(uint64_t)(TRACEDAT_PAGE - 1);
	err = output_open(&r->file, path, O_RDWR, 0600);
	return err ? err : clear(r, (uint64_t)r->file.size, r->data);
}

/* In the folder of @path; without a name, where the file system can do that. */
static int open_lane(struct lane *lane, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	lane->fd = open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	free(copy);
	if (lane->fd >= 0)
		return 0;
	if (asprintf(&lane->name, "%s.XXXXXX", path) < 0) {
		lane->name = NULL;
		return -ENOMEM;
	}
	lane->fd = mkostemp(lane->name, O_CLOEXEC);
	return lane->fd < 0 ? -errno : 0;
}

static int open_lanes(struct recorder *r, const char *path)
{
	unsigned int i;
	int err;

	r->lane = calloc(r->head.cpus, sizeof(*r->lane));
	if (!r->lane)
		return -ENOMEM;
	for (i = 0; i < r->head.cpus; i++)
		r->lane[i].fd = -1;
	for (i = 0; i < r->head.cpus; i++) {
		err = open_lane(&r->lane[i], path);
		if (err)
			return err;
		/* One that is offline may have no buffer. */
		r->lane[i].cpu = tracefs_cpu_open(r->instance, (int)i, true);
		if (r->lane[i].cpu &&
		    tracefs_cpu_read_size(r->lane[i].cpu) != TRACEDAT_PAGE)
			return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * recorder_open() - have events recorded
 * @recorder: where to put the recording, for recorder_close()
 * @args: what to record
 *
 * What is in the file stays there until recorder_begin().
 *
 * Return: 0; -ENODEV where the module's events, or tracefs, are not there; -errno of
 * tracefs, or of the file.
 */
int recorder_open(struct recorder **recorder, const struct recorder_args *args)
{
	struct recorder *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->file.fd = -1;
	err = tracedat_here(&r->head, SYSTEM);
	if (err == -ENOENT)
		err = -ENODEV;
	if (!err) {
		r->instance = instance_create(INSTANCE);
		err = r->instance ? 0 : -errno;
	}
	if (!err)
		err = reserve(r, args->path);
	if (!err)
		err = open_lanes(r, args->path);
	if (!err)
		err = enable(r, args);
	if (err)
		recorder_close(r);
	else
		*recorder = r;
	return err;
}

/**
 * recorder_note() - leave a note in the recording
 * @r: the recording
 * @fmt: name=value fields, as for printf()
 *
 * It is an event of its own, of trace_marker: whatever reads the file shows it.
 *
 * Return: 0; -errno of tracefs.
 */
int recorder_note(struct recorder *r, const char *fmt, ...)
{
	char text[512] = RECORDER_NOTE;
	const size_t at = strlen(text);
	va_list ap;
	int err;

	va_start(ap, fmt);
	vsnprintf(text + at, sizeof(text) - at, fmt, ap);
	va_end(ap);
	err = instance_write(r->instance, "trace_marker", text);
	r->counts.notes += !err;
	return err;
}

/**
 * recorder_begin() - give up what was in the file: there will be something to record
 * @r: the recording
 *
 * Return: 0; -errno of the disk, after which nothing is taken.
 */
int recorder_begin(struct recorder *r)
{
	const uint64_t old = (uint64_t)r->file.size;

	r->begun = true;
	r->full = clear(r, 0, old < r->data ? old : r->data);
	if (!r->full)
		r->full = output_cut(&r->file, (off_t)r->data);
	return r->full;
}

static void take_page(struct recorder *r, struct lane *lane, int size)
{
	if (size <= 0 || r->full)
		return;
	memset(r->page + size, 0, sizeof(r->page) - (size_t)size);
	r->full = write_all(lane->fd, r->page, sizeof(r->page), lane->size);
	if (r->full)
		r->full = ftruncate(lane->fd, (off_t)lane->size) ? -errno : r->full;
	else
		lane->size += sizeof(r->page);
}

/**
 * recorder_read() - take the pages that are full by now
 * @r: the recording
 *
 * Return: 0; -errno of the disk, after which nothing more is taken.
 */
int recorder_read(struct recorder *r)
{
	unsigned int i;
	int n;

	for (i = 0; i < r->head.cpus; i++)
		while (r->lane[i].cpu && !r->full &&
		       (n = tracefs_cpu_buffered_read(r->lane[i].cpu, r->page, true)) > 0)
			take_page(r, &r->lane[i], n);
	return r->full;
}

static uint64_t number_behind(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* The kernel counts for each CPU; what is not read yet will be. */
static void count(struct recorder *r)
{
	struct recorder_counts c = { .notes = r->counts.notes };
	char file[48], *text;
	unsigned int i;

	for (i = 0; i < r->head.cpus; i++) {
		c.bytes += r->lane[i].size;
		snprintf(file, sizeof(file), "per_cpu/cpu%u/stats", i);
		text = tracefs_instance_file_read(r->instance, file, NULL);
		if (!text)
			continue;
		c.events += number_behind(text, "\nread events: ");
		c.lost += number_behind(text, "\noverrun: ") +
			  number_behind(text, "\ndropped events: ");
		free(text);
	}
	r->counts = c;
}

/**
 * recorder_counts() - what was recorded so far
 * @r: the recording
 * @counts: where to put it; after recorder_stop(), as it was then
 */
void recorder_counts(const struct recorder *r, struct recorder_counts *counts)
{
	struct recorder *now = (struct recorder *)r;

	if (r->instance)
		count(now);
	*counts = r->counts;
}

/* From behind: what was moved makes room for what is next. */
static int move(struct recorder *r, struct lane *lane, uint64_t to)
{
	uint64_t at = lane->size, n;
	char *buf = malloc(CHUNK);
	int err = buf ? 0 : -ENOMEM, now;
	ssize_t got;

	while (buf && at) {
		n = at % CHUNK ? at % CHUNK : CHUNK;
		at -= n;
		got = pread(lane->fd, buf, n, (off_t)at);
		now = got < 0 ? -errno : (uint64_t)got < n ? -EIO : 0;
		if (!now && ftruncate(lane->fd, (off_t)at))
			now = -errno;
		if (!now)
			now = write_all(r->file.fd, buf, n, to + at);
		/* Zeros are a page without events: the rest can be read. */
		if (now)
			err = now;
	}
	free(buf);
	return err;
}

static int finish_file(struct recorder *r)
{
	uint64_t to = r->data, *sizes = calloc(r->head.cpus, sizeof(*sizes));
	size_t size;
	unsigned int i;
	char *text;
	int err = 0, now;

	if (!sizes)
		return -ENOMEM;
	for (i = 0; i < r->head.cpus; i++) {
		sizes[i] = r->lane[i].size;
		now = move(r, &r->lane[i], to);
		err = err ? err : now;
		to += sizes[i];
	}
	now = output_cut(&r->file, (off_t)to);
	err = err ? err : now;
	r->head.cmdlines = tracefs_instance_file_read(NULL, "saved_cmdlines", NULL);
	if (r->head.cmdlines && strlen(r->head.cmdlines) > CMDLINES_MAX)
		r->head.cmdlines[CMDLINES_MAX] = '\0';
	now = tracedat_header(&r->head, r->data, sizes, &text, &size);
	if (!now) {
		now = write_all(r->file.fd, text, size, 0);
		free(text);
	}
	free(sizes);
	return err ? err : now;
}

/**
 * recorder_stop() - end a recording, and finish its file
 * @r: the recording
 * @why: a word
 *
 * Return: 0; -errno of the disk: the file then has what could be written before.
 */
int recorder_stop(struct recorder *r, const char *why)
{
	unsigned int i;
	int n, err;

	tracefs_instance_file_write(r->instance, "events/enable", "0");
	count(r);
	recorder_note(r, "end=%s lost=%llu", why, (unsigned long long)r->counts.lost);
	tracefs_trace_off(r->instance);
	recorder_read(r);
	for (i = 0; i < r->head.cpus; i++)
		while (r->lane[i].cpu &&
		       (n = tracefs_cpu_flush(r->lane[i].cpu, r->page)) > 0)
			take_page(r, &r->lane[i], n);
	count(r);
	err = finish_file(r);
	return r->full ? r->full : err;
}

/**
 * recorder_close() - leave nothing in tracefs, and the file alone where nothing began
 * @r: the recording, may be NULL
 */
void recorder_close(struct recorder *r)
{
	unsigned int i;

	if (!r)
		return;
	for (i = 0; r->lane && i < r->head.cpus; i++) {
		if (r->lane[i].cpu)
			tracefs_cpu_close(r->lane[i].cpu);
		if (r->lane[i].fd >= 0)
			close(r->lane[i].fd);
		if (r->lane[i].name)
			unlink(r->lane[i].name);
		free(r->lane[i].name);
	}
	instance_destroy(r->instance);
	if (!r->begun)
		output_undo(&r->file);
	else
		close(r->file.fd);
	free(r->lane);
	tracedat_free(&r->head);
	free(r);
}
