// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget export - a recording as other tools read it */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fields.h"
#include "base/msg.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "view/export.h"

/* A snapshot of damo's: its own aggregation interval is 100 ms. */
#define INTERVAL_MS	100
#define INTERVAL_MS_MAX	3600000

static int ignore(const struct recording *r, const struct rec_event *e, void *data)
{
	(void)r;
	(void)e;
	(void)data;
	return 0;
}

static int write_all(int fd, const char *buf, ssize_t size)
{
	ssize_t n;

	for (; size > 0; size -= n, buf += n) {
		n = write(fd, buf, (size_t)size);
		if (n < 0)
			return -errno;
	}
	return 0;
}

/* It is one of trace-cmd's already: read for its sake, then copied as it is. */
static int copy(struct recording *r, const char *to)
{
	char buf[65536];
	ssize_t n = 0;
	int in, out, err = recording_read(r, ignore, NULL);

	if (err)
		return err;
	recording_warn(r);
	in = open(r->path, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (in < 0 || out < 0)
		err = -errno;
	while (!err && (n = read(in, buf, sizeof(buf))) > 0)
		err = write_all(out, buf, n);
	if (!err && n < 0)
		err = -errno;
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) && !err)
		err = -errno;
	if (err)
		msg_err("export: cannot copy %s to %s: %s", r->path, to, strerror(-err));
	return err;
}

/**
 * struct job - a conversion
 * @x: what the format writes to; @x.out is NULL until something is written
 * @format: it
 * @to: file, NULL for standard output
 * @err: what was read could not be written, or be kept
 */
struct job {
	struct export x;
	const struct export_format *format;
	const char *to;
	int err;
};

/* Late: a file that is there stays as it is where nothing can be exported. */
static int begin(struct job *j)
{
	j->x.out = j->to ? fopen(j->to, "we") : stdout;
	if (!j->x.out) {
		msg_err("export: cannot write %s: %m", j->to);
		return -EBADF;
	}
	j->format->begin(&j->x);
	return 0;
}

static int event(const struct recording *r, const struct rec_event *e, void *data)
{
	struct job *j = data;
	int err = j->x.out ? 0 : begin(j);

	if (err)
		return err;
	j->err = j->format->event(r, e, &j->x);
	return j->err;
}

static int convert(struct recording *r, struct job *j)
{
	int err = recording_read(r, event, j);

	if (!err && !j->x.out)
		err = begin(j);
	if (!err) {
		recording_warn(r);
		err = j->format->finish(r, &j->x);
		j->err = err;
	}
	j->format->free(&j->x);
	if (j->to && j->x.out && fclose(j->x.out) && !err)
		j->err = -errno;
	return err ? err : j->err;
}

static bool is_recording(const struct recording *r, const char *to)
{
	struct stat a, b;

	return !stat(r->path, &a) && !stat(to, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int export(struct recording *r, const char *to, const struct export_format *format,
		  unsigned long long interval_ms)
{
	struct job j = { .x.interval = interval_ms * 1000000, .format = format, .to = to };
	int err;

	if (to && is_recording(r, to)) {
		msg_err("export: %s is the recording itself", to);
		return EXIT_FAILED;
	}
	if (!format)
		return copy(r, to) ? EXIT_FAILED : EXIT_DONE;
	err = convert(r, &j);
	/* That of standard output is told by main(). */
	if (err == -ENOMEM || (to && j.err))
		msg_err("export: %s: %s", to ? to : "standard output", strerror(-err));
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int export_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "to", required_argument, NULL, OPT_TO },
		{ "output", required_argument, NULL, 'o' },
		{ "vm", required_argument, NULL, OPT_VM },
		{ "every", required_argument, NULL, OPT_EVERY },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	const char *to = NULL, *out = NULL;
	unsigned long long every = INTERVAL_MS;
	struct recording r = { 0 };
	bool dat;
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_export, argc, argv, ":ho:", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		if (opt == OPT_TO)
			to = optarg;
		if (opt == 'o')
			out = strcmp(optarg, "-") ? optarg : NULL;
		if (opt == OPT_VM)
			r.only = optarg;
		if (opt != OPT_EVERY)
			continue;
		ret = option_number(&cmd_export, "--every", optarg, 1, INTERVAL_MS_MAX);
		if (ret)
			return ret;
		field_u64(optarg, &every);
	}
	ret = option_recording(&cmd_export, argc, argv);
	if (ret)
		return ret;
	if (!to)
		return cmd_usage_error(&cmd_export, "to which format? (--to FORMAT)");
	dat = !strcmp(to, "trace.dat");
	if (!dat && !export_format(to))
		return cmd_usage_error(&cmd_export, "--to '%s': trace.dat, perfetto, damo, csv or jsonl",
				       to);
	if (dat && (!out || r.only))
		return cmd_usage_error(&cmd_export, out ? "trace.dat has all VMs: no --vm" :
				       "trace.dat needs -o FILE: what reads it seeks in it");
	r.path = argv[optind];
	ret = export(&r, out, dat ? NULL : export_format(to), every);
	recording_free(&r);
	return ret;
}

const struct nptb_cmd cmd_export = {
	.name = "export",
	.main = export_main,
	.usage = "FILE --to FORMAT [-o FILE] [--vm VM] [--every MS]",
	.help = "Write a recording as other tools read it",
	.details =
	"FORMAT is one of\n"
	"\n"
	"  csv        a row for each fault, eviction and loop, after a line of names\n"
	"  jsonl      an object a line for each of them\n"
	"  perfetto   JSON in Trace Event Format: a VM is a process, a vCPU a thread\n"
	"  damo       the file that damo record writes: pages that were mapped, and how often,\n"
	"             in intervals\n"
	"  trace.dat  trace-cmd's own, which a recording is: a copy\n"
	"\n"
	"A recording is read as a stream, however long. Needs neither root nor the module.\n"
	"\n"
	"  -o, --output FILE  write to FILE instead of standard output, which - is as well\n"
	"  --vm VM            events of VM <pid>-<fd> alone\n"
	"  --every MS         damo: length of an interval, 1 to 3600000 ms; 100 at first\n",
};
