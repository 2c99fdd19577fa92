// SPDX-License-Identifier: GPL-2.0-only
/*
 * damo: what `damo record` writes by itself, and all of damo's reports read: JSON,
 * deflated (RFC 1950). A list of records, one for each target, here a VM; a record has
 * the length of its intervals, and a snapshot for each interval with what was accessed
 * in it (DamonRecord of damo's _damo_records.py, 2.8.3). The lines of perf script that
 * damo reads as well lack the length of an interval, without which it shows nothing.
 *
 * Events come by time, and damo wants a record whole: each VM's snapshots go to a file
 * without a name, and all of them into the output at the end. Printed by hand: json-c
 * makes a text of an object that is whole in memory alone, and a record grows with time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "analyze/index.h"
#include "base/output.h"
#include "base/spill.h"
#include "view/damo.h"

/* More pages than this in one interval are no picture any more. */
#define DAMO_PAGES	(1u << 20)

/* damo takes as many accesses in an interval for 100 %: it has 5 ms and 100 ms. */
#define DAMO_SAMPLES	20

/**
 * struct damo - a recording on its way to damo
 * @end: of the interval under way, ns; 0 for none yet
 * @pages: that were mapped in it, by VM and frame
 * @last: those of the interval before
 * @vm: snapshots of each VM of the recording, NULL where it has none
 * @nr: how many VMs
 */
struct damo {
	uint64_t end;
	struct index pages, last;
	FILE **vm;
	size_t nr;
};

/**
 * struct damo_page - a page in an interval
 * @key: VM and frame
 * @faults: on it
 * @age: intervals before this one, without a break, in which it had faults
 */
struct damo_page {
	uint64_t key;
	uint32_t faults, age;
};

static int by_key(const void *a, const void *b)
{
	const struct damo_page *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static void new_interval(struct index *pages)
{
	index_init(pages, sizeof(struct damo_page), DAMO_PAGES);
}

/**
 * damo_begin() - have room for what comes
 * @x: the export
 */
void damo_begin(struct export *x)
{
	x->damo = calloc(1, sizeof(*x->damo));
	if (!x->damo)
		return;
	new_interval(&x->damo->pages);
	new_interval(&x->damo->last);
}

/* Pages from @i on that lie beside each other, and are alike. */
static size_t run_of(const struct index *pages, size_t i)
{
	const struct damo_page *first = index_at(pages, i), *p;
	size_t n = 1;

	for (; i + n < pages->nr; n++) {
		p = index_at(pages, i + n);
		if (p->key != first->key + n || p->faults != first->faults || p->age != first->age)
			break;
	}
	return n;
}

/* The file of a VM's snapshots; NULL with errno. */
static FILE *vm_file(struct damo *d, size_t vm)
{
	FILE **more;

	if (vm >= d->nr) {
		more = realloc(d->vm, (vm + 1) * sizeof(*more));
		if (!more)
			return NULL;
		memset(more + d->nr, 0, (vm + 1 - d->nr) * sizeof(*more));
		d->vm = more;
		d->nr = vm + 1;
	}
	if (!d->vm[vm])
		d->vm[vm] = spill_stream();
	else
		fputc(',', d->vm[vm]);
	return d->vm[vm];
}

/* A snapshot of a VM, whose pages begin at @i; @next is where the next VM's do. */
static int snapshot(const struct export *x, size_t i, size_t *next)
{
	struct damo *d = x->damo;
	const struct damo_page *p = index_at(&d->pages, i);
	const uint64_t vm = p->key >> 44;
	FILE *f = vm_file(d, vm);
	const char *comma = "";
	size_t n;

	if (!f)
		return -errno;
	fprintf(f, "{\"start_time\":%" PRIu64 ",\"end_time\":%" PRIu64 ",\"regions\":[",
		d->end - x->interval, d->end);
	for (; i < d->pages.nr; i += n, comma = ",") {
		p = index_at(&d->pages, i);
		if (p->key >> 44 != vm)
			break;
		n = run_of(&d->pages, i);
		fprintf(f,
			"%s{\"start\":%llu,\"end\":%llu,\"nr_accesses\":{\"samples\":%u,\"percent\":null},\"age\":{\"usec\":null,\"aggr_intervals\":%u},\"sz_filter_passed\":0}",
			comma, (p->key & NPTB_GFN_MAX) << 12, ((p->key & NPTB_GFN_MAX) + n) << 12,
			p->faults, p->age);
	}
	fputs("],\"total_bytes\":null,\"damos_stats\":null}", f);
	*next = i;
	return output_error(f);
}

/* The interval is over. */
static int interval(const struct export *x)
{
	struct damo *d = x->damo;
	struct damo_page *p, *before;
	size_t i;
	int ret;

	for (i = 0; d->last.nr && i < d->pages.nr; i++) {
		p = index_at(&d->pages, i);
		/* One that was not there is made, and dropped with all others. */
		ret = index_get(&d->last, p->key, &before);
		if (ret == -ENOMEM)
			return ret;
		if (!ret)
			p->age = before->age + 1;
	}
	if (d->pages.nr)
		qsort(d->pages.entry, d->pages.nr, d->pages.size, by_key);
	for (i = 0; i < d->pages.nr;) {
		ret = snapshot(x, i, &i);
		if (ret)
			return ret;
	}
	index_free(&d->last);
	new_interval(&d->last);
	/* Looked up by key again: entries have changed their places. */
	for (i = 0; i < d->pages.nr; i++) {
		const struct damo_page *from = index_at(&d->pages, i);

		ret = index_get(&d->last, from->key, &p);
		if (ret < 0)
			return ret;
		p->age = from->age;
	}
	index_free(&d->pages);
	new_interval(&d->pages);
	return 0;
}

/**
 * damo_event() - count a fault that mapped a page
 * @r: the recording
 * @e: the event
 * @data: struct export
 *
 * Return: 0; -ENOMEM; what else a file without a name meets, as -EIO or -EMFILE.
 */
int damo_event(const struct recording *r, const struct rec_event *e, void *data)
{
	struct export *x = data;
	struct damo *d = x->damo;
	struct damo_page *page;
	int ret = 0;

	(void)r;
	if (!d)
		return -ENOMEM;
	if (!rec_is_mapped(e) || e->as)
		return 0;
	if (!d->end)
		d->end = e->ns + x->interval;
	while (!ret && e->ns >= d->end) {
		ret = interval(x);
		/* Nothing happened for long: no interval for each of it. */
		d->end += x->interval * ((e->ns - d->end) / x->interval + 1);
	}
	if (ret)
		return ret;
	ret = index_get(&d->pages, (uint64_t)e->vm << 44 | e->gfn, &page);
	if (ret < 0)
		return ret == -ENOSPC ? 0 : ret;
	page->faults++;
	return 0;
}

/* Deflate @len bytes to the output; all that is held back, with Z_FINISH. */
static int put(z_stream *z, FILE *out, const void *data, size_t len, int flush)
{
	unsigned char buf[16384];
	size_t n;

	z->next_in = (void *)data;
	z->avail_in = (unsigned int)len;
	do {
		z->next_out = buf;
		z->avail_out = sizeof(buf);
		deflate(z, flush);
		n = sizeof(buf) - z->avail_out;
		if (fwrite(buf, 1, n, out) != n)
			return -EIO;
	} while (!z->avail_out);
	return 0;
}

static int put_text(z_stream *z, FILE *out, const char *text)
{
	return put(z, out, text, strlen(text), Z_NO_FLUSH);
}

/* The record of VM number @vm. */
static int put_record(z_stream *z, const struct export *x, size_t vm, const char *comma)
{
	char buf[16384];
	FILE *f = x->damo->vm[vm];
	size_t n;
	int err;

	snprintf(buf, sizeof(buf),
		 "%s{\"kdamond_idx\":0,\"context_idx\":0,\"intervals\":{\"sample_us\":%" PRIu64
		 ",\"aggr_us\":%" PRIu64 ",\"ops_update_us\":%" PRIu64
		 "},\"scheme_idx\":null,\"target_id\":%zu,\"scheme_filters\":[],\"snapshots\":[",
		 comma, x->interval / 1000 / DAMO_SAMPLES, x->interval / 1000,
		 x->interval / 1000, vm);
	err = put_text(z, x->out, buf);
	if (fflush(f) || fseek(f, 0, SEEK_SET))
		return -errno;
	while (!err && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		err = put(z, x->out, buf, n, Z_NO_FLUSH);
	if (!err && ferror(f))
		err = -EIO;
	return err ? err : put_text(z, x->out, "]}");
}

/**
 * damo_finish() - write the records of all VMs
 * @r: the recording
 * @x: the export
 *
 * Return: 0, -ENOMEM, -EIO, or what a file without a name met.
 */
int damo_finish(const struct recording *r, struct export *x)
{
	z_stream z = { 0 };
	const char *comma = "";
	size_t vm;
	int err;

	(void)r;
	if (!x->damo)
		return -ENOMEM;
	err = interval(x);
	if (err)
		return err;
	if (deflateInit(&z, Z_DEFAULT_COMPRESSION) != Z_OK)
		return -ENOMEM;
	err = put_text(&z, x->out, "[");
	for (vm = 0; vm < x->damo->nr && !err; vm++) {
		if (!x->damo->vm[vm])
			continue;
		err = put_record(&z, x, vm, comma);
		comma = ",";
	}
	if (!err)
		err = put(&z, x->out, "]", 1, Z_FINISH);
	deflateEnd(&z);
	return err;
}

/**
 * damo_free() - drop what was kept
 * @x: the export
 */
void damo_free(struct export *x)
{
	size_t i;

	if (!x->damo)
		return;
	for (i = 0; i < x->damo->nr; i++)
		if (x->damo->vm[i])
			fclose(x->damo->vm[i]);
	free(x->damo->vm);
	index_free(&x->damo->pages);
	index_free(&x->damo->last);
	free(x->damo);
	x->damo = NULL;
}
