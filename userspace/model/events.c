// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trace-cmd/trace-cmd.h>
#include <traceevent/kbuffer.h>

#include "base/msg.h"
#include "model/events.h"

/* Pages that are read at once. */
#define BLOCK_PAGES	16
/* Begins a file of version 6, trace-cmd.dat.v6(5). */
#define MAGIC		"\x17\x08\x44tracing6"
/* And is followed by: a NUL, order of bytes, size of long, and this, 4 bytes. */
#define AT_PAGE_SIZE	14

/**
 * struct lane - a CPU's pages
 * @at: offset in the file of the page that @kbuf has
 * @end: of what follows the last page
 * @block: pages that were read
 * @first: offset of the first of them
 * @pages: how many
 * @kbuf: decodes a page, NULL for a CPU without events
 * @data: its next event, NULL at the end
 * @ts: time of that
 * @fresh: that is the first event of its page
 */
struct lane {
	uint64_t at, end;
	char *block;
	uint64_t first;
	size_t pages;
	struct kbuffer *kbuf;
	void *data;
	unsigned long long ts;
	bool fresh;
};

/**
 * struct source - a file
 * @fd: it
 * @page: bytes of a page
 * @size: bytes of it
 * @lane: of each CPU
 * @nr: how many
 */
struct source {
	int fd;
	size_t page;
	uint64_t size;
	struct lane *lane;
	int nr;
};

/* It tells of a file that was cut on standard output, where a report is to come. */
static int init_quietly(struct tracecmd_input *handle)
{
	int err, keep, null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stdout);
	keep = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (null >= 0 && keep >= 0)
		dup2(null, STDOUT_FILENO);
	err = tracecmd_init_data(handle);
	fflush(stdout);
	if (null >= 0 && keep >= 0)
		dup2(keep, STDOUT_FILENO);
	if (null >= 0)
		close(null);
	if (keep >= 0)
		close(keep);
	return err;
}

/* Kept to the end, so that it is not taken for memory that was lost. */
static struct tracecmd_input *_Atomic unclosed;

/**
 * events_open() - have libtracecmd open a file
 * @path: the file
 * @size: where to put its size, bytes; may be NULL
 *
 * Return: for tracecmd_close(); NULL after a message.
 */
struct tracecmd_input *events_open(const char *path, uint64_t *size)
{
	struct tracecmd_input *handle;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st)) {
		msg_err("%s: %m", path);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	close(fd);
	if (size)
		*size = (uint64_t)st.st_size;
	/* It speaks for itself on stderr, in several lines. */
	tracecmd_set_loglevel(TEP_LOG_NONE);
	handle = tracecmd_open_head(path, 0);
	if (!handle) {
		msg_err("%s: not a recording of nptbudget record or trace-cmd", path);
		return NULL;
	}
	if (!init_quietly(handle))
		return handle;
	/* tracecmd_close() of 3.1.6 crashes then. */
	unclosed = handle;
	msg_err("%s: it ends before what its header tells of: was it copied in full?", path);
	return NULL;
}

/* The page at lane->at; false at the end of the file. */
static bool load(struct source *s, struct lane *l)
{
	size_t want = BLOCK_PAGES * s->page;
	ssize_t n;

	if (l->at >= l->end)
		return false;
	if (l->at < l->first || l->at >= l->first + l->pages * s->page) {
		if (want > l->end - l->at)
			want = l->end - l->at;
		n = pread(s->fd, l->block, want, (off_t)l->at);
		if (n < (ssize_t)s->page)
			return false;
		l->first = l->at;
		l->pages = (size_t)n / s->page;
	}
	if (kbuffer_load_subbuffer(l->kbuf, l->block + (l->at - l->first)))
		return false;
	return (size_t)kbuffer_subbuffer_size(l->kbuf) <= s->page;
}

/* On to the first event at or behind the page at lane->at. */
static void seek(struct source *s, struct lane *l)
{
	for (; load(s, l); l->at += s->page) {
		l->data = kbuffer_read_event(l->kbuf, &l->ts);
		l->fresh = true;
		if (l->data)
			return;
	}
	l->data = NULL;
}

static void advance(struct source *s, struct lane *l)
{
	l->fresh = false;
	l->data = kbuffer_next_event(l->kbuf, &l->ts);
	if (l->data)
		return;
	l->at += s->page;
	seek(s, l);
}

/* A lane whose first event is not what libtracecmd says of it is none that we understand. */
static bool begin_lane(struct source *s, struct tracecmd_input *handle, int cpu)
{
	struct tep_record *first = tracecmd_read_cpu_first(handle, cpu);
	struct tep_handle *tep = tracecmd_get_tep(handle);
	struct lane *l = &s->lane[cpu];
	bool same;

	if (!first)
		return true;
	l->block = malloc(BLOCK_PAGES * s->page);
	l->kbuf = kbuffer_alloc(tep_get_long_size(tep) == 8 ? KBUFFER_LSIZE_8 : KBUFFER_LSIZE_4,
				tep_is_file_bigendian(tep) ? KBUFFER_ENDIAN_BIG :
							     KBUFFER_ENDIAN_LITTLE);
	l->at = first->offset & ~(uint64_t)(s->page - 1);
	l->end = l->at + s->page;
	if (l->block && l->kbuf)
		seek(s, l);
	same = l->data && l->ts == first->ts && kbuffer_event_size(l->kbuf) == first->size &&
	       !memcmp(l->data, first->data, (size_t)first->size);
	tracecmd_free_record(first);
	return same;
}

/* A CPU's pages end where those of another one begin. */
static void find_ends(struct source *s)
{
	int i, k;

	for (i = 0; i < s->nr; i++) {
		if (!s->lane[i].kbuf)
			continue;
		s->lane[i].end = s->size & ~(uint64_t)(s->page - 1);
		for (k = 0; k < s->nr; k++)
			if (s->lane[k].kbuf && s->lane[k].at > s->lane[i].at &&
			    s->lane[k].at < s->lane[i].end)
				s->lane[i].end = s->lane[k].at;
		/* One page alone was read so far. */
		s->lane[i].pages = 1;
	}
}

static bool begin(struct source *s, struct tracecmd_input *handle, const char *path)
{
	struct tep_handle *tep = tracecmd_get_tep(handle);
	char head[AT_PAGE_SIZE + 4];
	struct stat st;
	int i;

	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) ||
	    pread(s->fd, head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head, MAGIC, sizeof(MAGIC)) || tracecmd_buffer_instances(handle))
		return false;
	s->size = (uint64_t)st.st_size;
	s->page = (size_t)tep_read_number(tep, head + AT_PAGE_SIZE, 4);
	s->nr = tep_get_cpus(tep);
	if (s->nr <= 0 || !s->page || s->page & (s->page - 1))
		return false;
	s->lane = calloc((size_t)s->nr, sizeof(*s->lane));
	for (i = 0; s->lane && i < s->nr; i++)
		if (!begin_lane(s, handle, i))
			return false;
	if (s->lane)
		find_ends(s);
	return s->lane;
}

static void end(struct source *s)
{
	int i;

	for (i = 0; s->lane && i < s->nr; i++) {
		if (s->lane[i].kbuf)
			kbuffer_free(s->lane[i].kbuf);
		free(s->lane[i].block);
	}
	free(s->lane);
	if (s->fd >= 0)
		close(s->fd);
}

static int hand_on(struct lane *l, int cpu, struct tracecmd_input *handle, events_fn fn, void *data)
{
	struct tep_record record = {
		.ts = l->ts, .offset = l->at + (uint64_t)kbuffer_curr_offset(l->kbuf),
		.missed_events = l->fresh ? kbuffer_missed_events(l->kbuf) : 0,
		.record_size = kbuffer_curr_size(l->kbuf), .size = kbuffer_event_size(l->kbuf),
		.data = l->data, .cpu = cpu, .ref_count = 1,
	};

	return fn(handle, &record, cpu, data);
}

/**
 * events_read() - hand on all events
 * @handle: of events_open()
 * @path: the file
 * @fn: takes them
 * @data: for it
 *
 * Return: below 0 where @fn said so, or the file cannot be read to its end.
 */
int events_read(struct tracecmd_input *handle, const char *path, events_fn fn, void *data)
{
	struct source s = { .fd = -1 };
	int ret = 0, i, next;

	if (!begin(&s, handle, path)) {
		end(&s);
		return tracecmd_iterate_events(handle, NULL, 0, fn, data);
	}
	while (ret >= 0) {
		for (next = -1, i = 0; i < s.nr; i++)
			if (s.lane[i].data && (next < 0 || s.lane[i].ts < s.lane[next].ts))
				next = i;
		if (next < 0)
			break;
		ret = hand_on(&s.lane[next], next, handle, fn, data);
		advance(&s, &s.lane[next]);
	}
	end(&s);
	return ret;
}
