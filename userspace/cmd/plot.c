// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget plot - pictures of a recording, and of a sweep */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/output.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "replay/replay.h"
#include "view/curves.h"
#include "view/gnuplot.h"
#include "view/plot.h"

#define WIDTH	100

/**
 * struct job - a picture in the making
 * @p: it
 * @keys: pages or RIPs that will have rows, in order; found by the first reading
 */
struct job {
	struct plot p;
	struct index keys;
};

struct key {
	uint64_t key;
};

static bool is(const struct job *j, const char *what)
{
	return !strcmp(j->p.what, what);
}

/* What a row of the map would be of; false for an event that is not in it. */
static bool key_of(const struct job *j, const struct rec_event *e, uint64_t *key)
{
	if (is(j, "loops")) {
		*key = e->rip;
		return e->kind == REC_LOOP;
	}
	*key = page_key(0, e->as, e->gfn);
	if (is(j, "evictions"))
		return e->kind == REC_EVICT && e->reason != NPTB_EVICT_FLUSH;
	return rec_is_mapped(e);
}

static int find(const struct recording *r, const struct rec_event *e, void *data)
{
	struct job *j = data;
	struct key *k;
	uint64_t key;
	int ret;

	(void)r;
	if (e->vm) {
		msg_err("%s: several VMs in it, %s and %s among them: choose one with --vm",
			r->path, r->vm[0].name, r->vm[e->vm].name);
		return -EINVAL;
	}
	if (!key_of(j, e, &key))
		return 0;
	ret = index_get(&j->keys, key, &k);
	return ret < 0 && ret != -ENOSPC ? ret : 0;
}

static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static size_t row_of(const struct job *j, uint64_t key)
{
	size_t low = 0, high = j->keys.nr, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (((const struct key *)index_at(&j->keys, mid))->key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low / j->p.per_row;
}

static int fill(const struct recording *r, const struct rec_event *e, void *data)
{
	struct job *j = data;
	struct plot *p = &j->p;
	const uint64_t span = p->r.last_ns - p->r.first_ns + 1;
	size_t x, y;
	uint64_t key;

	(void)r;
	x = (size_t)((double)(e->ns - p->r.first_ns) / (double)span * (double)p->columns);
	if (x >= p->columns)
		x = p->columns - 1;
	if (e->kind == REC_FAULT && e->resident > p->most[x])
		p->most[x] = e->resident;
	if (!key_of(j, e, &key))
		return 0;
	y = row_of(j, key);
	if (y < p->rows)
		p->cell[y][x]++;
	return 0;
}

/* Twice: first what there is, then where it goes. */
static int count(struct job *j)
{
	struct plot *p = &j->p;
	struct recording first;
	size_t i;
	int err;

	index_init(&j->keys, sizeof(struct key), ANALYSIS_PAGES);
	err = recording_read(&p->r, find, j);
	if (err)
		return err;
	recording_warn(&p->r);
	if (!p->r.events)
		return -ENOENT;
	if (!j->keys.nr && !is(j, "resident")) {
		msg_err("%s: nothing in it to draw %s of", p->r.path, p->what);
		return -ENOENT;
	}
	if (j->keys.nr)
		qsort(j->keys.entry, j->keys.nr, j->keys.size, by_key);
	p->per_row = (j->keys.nr + PLOT_ROWS - 1) / PLOT_ROWS;
	p->per_row = p->per_row ? p->per_row : 1;
	p->rows = (j->keys.nr + p->per_row - 1) / p->per_row;
	p->columns = PLOT_COLUMNS;
	for (i = 0; i < p->rows; i++)
		p->key[i] = ((const struct key *)index_at(&j->keys, i * p->per_row))->key;
	/* Its times are needed while it is read again. */
	first = p->r;
	first.vm = NULL;
	first.nr = 0;
	first.again = true;
	err = recording_read(&first, fill, j);
	recording_free(&first);
	return err;
}

static int replay_all(struct plot *p, const struct trace_vm *vm)
{
	static const char *const policies[] = {
		"fifo", "clock", "lru", "random", "mru", "wsclock", "true-lru", "opt",
	};
	struct replay_args args = { 0 };
	struct replay_counts c;
	uint64_t pages;
	size_t i, k;
	int err;

	if (!vm->nr || vm->missing) {
		msg_err("%s: %llu faults are missing: record again with a larger --buffer",
			p->r.path, vm->missing);
		return -EBADMSG;
	}
	/* From the budget that was recorded, where all references are known, upwards. */
	pages = vm->budget ? vm->budget : 1;
	for (i = 0; i < PLOT_POINTS; i++, pages *= 2) {
		for (k = 0; k < sizeof(policies) / sizeof(policies[0]); k++) {
			args.policy = replay_policy(policies[k]);
			args.pages = pages;
			if (isatty(STDERR_FILENO))
				fprintf(stderr, "%s: replayed with %" PRIu64 " pages, %s%10s\r",
					p->r.path, pages, policies[k], "");
			err = replay_run(vm, &args, &c);
			if (err)
				return err;
			p->curve[k] = policies[k];
			p->ratio[k][i] = c.faults ? (double)c.misses / (double)c.faults : 0;
		}
		p->curves = k;
		p->pages[i] = pages;
		p->points = i + 1;
		/* Everything fits: more changes nothing. */
		if (!c.evictions)
			break;
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%*s\r", 78, "");
	return 0;
}

/* Replay needs all faults in memory. */
static int misses(struct job *j)
{
	struct trace trace;
	int err = trace_read(j->p.r.path, &trace);
	size_t i = 0;

	if (!err && j->p.r.only)
		while (i < trace.nr && strcmp(trace.vm[i].name, j->p.r.only))
			i++;
	if (!err && i < trace.nr)
		err = replay_all(&j->p, &trace.vm[i]);
	trace_free(&trace);
	return err;
}

static int width(FILE *out)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col ? WIDTH : size.ws_col;
}

static int put(const char *path, const char *picture, size_t size)
{
	FILE *to = fopen(path, "we");
	int err;

	if (!to)
		return -errno;
	fwrite(picture, 1, size, to);
	err = output_flush(to);
	return fclose(to) && !err ? -errno : err;
}

/* What is in the file stays there until there is a picture. */
static int draw_to(void (*script)(const void *data, FILE *out, const char *path),
		   const void *data, const char *path)
{
	char *picture;
	size_t size;
	int err = gnuplot_draw(script, data, path, &picture, &size);
	int ret = err ? EXIT_FAILED : EXIT_DONE;

	if (err == -ENOENT)
		msg_err("plot: gnuplot is missing: apt-get install gnuplot-nox; without -o it is drawn as text");
	else if (err)
		msg_err("plot: gnuplot cannot draw %s", path);
	else
		err = put(path, picture, size);
	if (ret == EXIT_DONE && err) {
		msg_err("plot: cannot write %s: %s", path, strerror(-err));
		ret = EXIT_FAILED;
	}
	free(picture);
	return ret;
}

static int draw(const struct plot *p, const char *path)
{
	if (path)
		return draw_to(plot_script, p, path);
	plot_text(p, stdout, width(stdout));
	return EXIT_DONE;
}

/* JSON lines, where a recording does not begin with a brace. */
static bool is_sweep(const char *path)
{
	FILE *f = fopen(path, "re");
	bool found = f && fgetc(f) == '{';

	if (f)
		fclose(f);
	return found;
}

/* Curves are of the results of a sweep. */
static int plot_sweep(const char *what, const char *from, const char *path)
{
	struct curves c = { .what = what };
	int ret = EXIT_FAILED, err = sweep_file_read(&c.f, from);

	if (!err && !c.f.head)
		err = -EBADMSG;
	if (err == -EBADMSG)
		msg_err("%s: no results of 'nptbudget sweep'", from);
	else if (err)
		msg_err("%s: %s", from, strerror(-err));
	else if (sweep_sum(&c.s, &c.f))
		msg_err("plot: out of memory");
	else if (!curves_points(&c))
		msg_err("%s: nothing in it to draw %s of: no run completed under a budget, or none without",
			from, what);
	else if (path)
		ret = draw_to(curves_script, &c, path);
	else
		ret = curves_text(&c, stdout);
	sweep_free(&c.s);
	sweep_file_free(&c.f);
	return ret;
}

static int plot(struct job *j, const char *path)
{
	int err = count(j), ret = EXIT_FAILED;

	if (!err) {
		j->p.budget = strtoull(j->p.r.vm[0].budget, NULL, 10);
		if (is(j, "misses"))
			err = misses(j);
	}
	if (err == -ENOMEM)
		msg_err("plot: out of memory");
	if (!err)
		ret = draw(&j->p, path);
	index_free(&j->keys);
	recording_free(&j->p.r);
	return ret;
}

static bool is_picture(const char *path)
{
	const char *end = strrchr(path, '.');

	return end && (!strcmp(end, ".png") || !strcmp(end, ".svg"));
}

static int plot_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "what", required_argument, NULL, OPT_WHAT },
		{ "output", required_argument, NULL, 'o' },
		{ "vm", required_argument, NULL, OPT_VM },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	const char *what = "heatmap", *path = NULL, *vm = NULL;
	struct job *j;
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_plot, argc, argv, ":ho:", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		if (opt == OPT_WHAT)
			what = optarg;
		if (opt == 'o')
			path = optarg;
		if (opt == OPT_VM)
			vm = optarg;
	}
	ret = option_recording(&cmd_plot, argc, argv);
	if (ret)
		return ret;
	if (!plot_has(what) && !curves_has(what))
		return cmd_usage_error(&cmd_plot,
				       "--what '%s': heatmap, evictions, resident, loops, misses, slowdown or faults",
				       what);
	if (path && !is_picture(path))
		return cmd_usage_error(&cmd_plot, "-o '%s': a file that ends in .png or .svg",
				       path);
	if (curves_has(what) && vm)
		return cmd_usage_error(&cmd_plot, "--vm is for recordings, %s of a sweep", what);
	if (curves_has(what))
		return plot_sweep(what, argv[optind], path);
	if (is_sweep(argv[optind])) {
		msg_err("%s: results of a sweep, and no recording: --what slowdown or faults",
			argv[optind]);
		return EXIT_FAILED;
	}
	j = calloc(1, sizeof(*j));
	if (!j) {
		msg_err("plot: out of memory");
		return EXIT_FAILED;
	}
	j->p.what = what;
	j->p.r.path = argv[optind];
	j->p.r.only = vm;
	ret = plot(j, path);
	free(j);
	return ret;
}

const struct nptb_cmd cmd_plot = {
	.name = "plot",
	.main = plot_main,
	.usage = "FILE [--what WHAT] [-o FILE.png|FILE.svg] [--vm VM]",
	.help = "Draw a recording, or a sweep",
	.details =
	"WHAT is one of\n"
	"\n"
	"  heatmap    faults that mapped a page, by guest frame and time (at first). Frames that\n"
	"             were not touched have no row, so that small hot areas are seen\n"
	"  evictions  evictions, likewise\n"
	"  resident   resident pages over time, and the budget\n"
	"  loops      reports of fault loops, by RIP and time\n"
	"  misses     misses by budget and policy, replayed as 'nptbudget replay' does\n"
	"  slowdown   slowdown against no budget, by budget and policy; FILE is one that\n"
	"             'nptbudget sweep -o' wrote\n"
	"  faults     faults, likewise\n"
	"\n"
	"Title, units, VM, kernel and CPU are in the picture. Needs neither root nor the module;\n"
	"PNG and SVG need gnuplot.\n"
	"\n"
	"  -o, --output FILE  draw to FILE, as PNG or SVG by its ending; otherwise as text on\n"
	"                     standard output\n"
	"  --vm VM            events of VM <pid>-<fd>, where there are several\n",
};
