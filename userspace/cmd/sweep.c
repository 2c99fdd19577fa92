// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget sweep - a workload under each of many budgets and policies */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/msg.h"
#include "base/output.h"
#include "base/signals.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/sweep.h"
#include "cmd/trial.h"
#include "model/dbgfs.h"
#include "model/host.h"
#include "model/vminfo.h"

#define PATIENCE	3

/**
 * struct sweeping - one use of the command
 * @trial: what to run
 * @grid: under what
 * @path: file of results, NULL for none
 * @output: the same, open, before it is written to
 * @out: likewise, from the first line on
 * @headed: it says what was run
 * @file: results
 * @json: print JSON
 * @live: a line on stderr says how far it is
 */
struct sweeping {
	struct trial trial;
	struct sweep_grid grid;
	const char *path;
	struct output output;
	FILE *out;
	bool headed;
	struct sweep_file file;
	bool json, live;
};

static atomic_int interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

/* What was run, and on what: the first line of the file. */
static struct json_object *make_head(const struct sweeping *s)
{
	struct json_object *head = json_object_new_object(), *argv = json_object_new_array();
	struct dbgfs_version v;
	struct utsname u;
	char cpu[128];
	char **arg;

	for (arg = s->trial.argv; *arg; arg++)
		json_object_array_add(argv, json_text(*arg));
	json_object_object_add(head, "argv", argv);
	json_object_object_add(head, "on_loop", json_object_new_string(s->trial.on_loop));
	if (!dbgfs_probe(&v))
		json_object_object_add(head, "module", json_object_new_string(v.version));
	if (!uname(&u))
		json_object_object_add(head, "kernel", json_object_new_string(u.release));
	host_cpu_name(cpu, sizeof(cpu));
	json_object_object_add(head, "cpu", json_object_new_string(cpu));
	return head;
}

static bool same(const struct json_object *a, const struct json_object *b, const char *key)
{
	return json_object_equal(json_object_object_get(a, key), json_object_object_get(b, key));
}

/* Go on where a file was left. Return: 0, also where there is none; -errno. */
static int resume(struct sweeping *s, const struct json_object *head)
{
	int err = sweep_file_read(&s->file, s->path);

	if (err == -ENOENT)
		return 0;
	if (err) {
		msg_err("sweep: cannot go on with %s: %s", s->path, err == -EBADMSG ?
			"it is no file of a sweep" : strerror(-err));
		return err;
	}
	if (s->file.head &&
	    (!same(s->file.head, head, "argv") || !same(s->file.head, head, "on_loop"))) {
		msg_err("sweep: %s is of another workload, or --on-loop: give another file",
			s->path);
		return -EINVAL;
	}
	s->headed = s->file.head;
	return 0;
}

static int open_file(struct sweeping *s, struct json_object *head)
{
	int err = 0;

	if (!s->path) {
		s->file = (struct sweep_file){ .head = json_object_get(head),
					       .result = json_object_new_array() };
		return 0;
	}
	err = resume(s, head);
	if (err)
		return err;
	if (!s->headed)
		s->file.head = json_object_get(head);
	err = output_open(&s->output, s->path, O_WRONLY | O_APPEND, 0666);
	if (err)
		msg_err("sweep: cannot write %s: %s", s->path, strerror(-err));
	return err;
}

/* A line that was cut off would spoil the next one. */
static int begin_file(struct sweeping *s)
{
	int err = output_cut(&s->output, s->file.whole);

	if (err)
		return err;
	s->out = fdopen(s->output.fd, "a");
	if (!s->out)
		return -errno;
	s->output.fd = -1;
	return s->headed ? 0 : sweep_file_append(s->out, s->file.head);
}

static int keep(struct sweeping *s, struct json_object *result)
{
	int err = 0;

	if (!s->path)
		return 0;
	if (!s->out)
		err = begin_file(s);
	if (!err)
		err = sweep_file_append(s->out, result);
	if (err)
		msg_err("sweep: cannot write %s: %s", s->path, strerror(-err));
	return err;
}

static void show_progress(const struct sweeping *s, size_t done, size_t ran, size_t all,
			  double begin)
{
	double left = ran ? (clock_seconds() - begin) / (double)ran * (double)(all - done) : 0;

	if (!s->live)
		return;
	if (ran)
		fprintf(stderr, "%zu of %zu runs, about %.0f min %02.0f s left    \r", done, all,
			(double)(long)(left / 60), left - 60 * (double)(long)(left / 60));
	else
		fprintf(stderr, "%zu of %zu runs    \r", done, all);
}

static int run_job(struct sweeping *s, const struct sweep_job *job)
{
	struct json_object *result;

	s->trial.pages = job->pages;
	s->trial.policy = job->policy;
	/* One that a signal ended has no result. */
	if (trial_run(&s->trial, &result) || interrupted) {
		json_object_put(result);
		return -EINTR;
	}
	json_object_object_add(result, "repeat", json_object_new_uint64(job->repeat));
	json_object_object_add(result, "shard", json_object_new_uint64(s->grid.shard + 1));
	if (!strcmp(trial_text(result, "why"), "no VM")) {
		msg_err("sweep: %s created no VM, so there is nothing to hold", s->trial.argv[0]);
		json_object_put(result);
		return -ENOENT;
	}
	json_object_array_add(s->file.result, result);
	return keep(s, result);
}

static int run_jobs(struct sweeping *s)
{
	size_t nr = sweep_jobs(&s->grid), i, all = 0, done = 0, ran = 0;
	double begin = clock_seconds();
	struct sweep_job job;
	int err = 0;

	for (i = 0; i < nr; i++)
		all += sweep_job(&s->grid, i, &job);
	for (i = 0; i < nr && !err && !interrupted; i++) {
		if (!sweep_job(&s->grid, i, &job))
			continue;
		show_progress(s, done, ran, all, begin);
		if (!sweep_file_find(&s->file, job.pages, job.policy, job.repeat)) {
			err = run_job(s, &job);
			ran++;
		}
		done++;
	}
	if (s->live)
		fprintf(stderr, "%60s\r", "");
	if (interrupted)
		msg_err("sweep: interrupted; %s", s->path ? "the same command goes on from here" :
			"with -o FILE it could go on");
	return err;
}

static int run(struct sweeping *s)
{
	struct json_object *head;
	int err, ret;

	if (dbgfs_attach())
		return EXIT_FAILED;
	if (!s->grid.nr_policies) {
		err = dbgfs_read_word("defaults/policy", s->grid.policy[0],
				      sizeof(s->grid.policy[0]));
		if (err) {
			msg_err("sweep: cannot read the module's default policy: %s",
				msg_errno(-err));
			return EXIT_FAILED;
		}
		s->grid.nr_policies = 1;
	}
	signals_catch(on_signal);
	head = make_head(s);
	err = open_file(s, head);
	json_object_put(head);
	if (!err)
		err = run_jobs(s);
	ret = err && !interrupted ? EXIT_FAILED : sweep_print(&s->file, s->json);
	if (s->out && fclose(s->out))
		ret = EXIT_FAILED;
	output_undo(&s->output);
	sweep_file_free(&s->file);
	return err || interrupted ? EXIT_FAILED : ret;
}

static int report(const char *path, bool json)
{
	struct sweep_file f;
	int err = sweep_file_read(&f, path), ret = EXIT_FAILED;

	if (!err && !f.head)
		err = -EBADMSG;
	if (err)
		msg_err("sweep: %s: %s", path, err == -EBADMSG ? "no results of a sweep" :
			strerror(-err));
	else
		ret = sweep_print(&f, json);
	sweep_file_free(&f);
	return ret;
}

static int wrong(const char *option, const char *arg, int err, const char *form)
{
	if (err == -E2BIG)
		return cmd_usage_error(&cmd_sweep, "%s: too many", option);
	return cmd_usage_error(&cmd_sweep, "%s '%s': %sgive %s", option, arg,
			       err == -ERANGE ? "out of range: " : "", form);
}

static int take_option(struct sweeping *s, int opt)
{
	int err;

	switch (opt) {
	case OPT_PAGES:
		err = sweep_take_pages(&s->grid, optarg);
		return err ? wrong("--pages", optarg, err, "numbers of pages, or LO:HI:STEPS") : 0;
	case OPT_POLICY:
		err = sweep_take_policies(&s->grid, optarg);
		return err ? wrong("--policy", optarg, err, "names with commas between") : 0;
	case OPT_SHARD:
		err = sweep_take_shard(&s->grid, optarg);
		return err ? wrong("--shard", optarg, err, "K/N, K from 1 to N") : 0;
	case OPT_ON_LOOP:
		s->trial.on_loop = optarg;
		/* Only there does a loop last. */
		s->trial.patience = strcmp(optarg, "log") ? 0 : PATIENCE;
		return option_name(&cmd_sweep, "--on-loop", optarg);
	case OPT_REPEAT:
		s->grid.repeat = strtoull(optarg, NULL, 10);
		return option_number(&cmd_sweep, "--repeat", optarg, 1, 1000);
	case OPT_LIMIT:
		s->trial.limit = strtod(optarg, NULL);
		return option_number(&cmd_sweep, "--limit", optarg, 1, 604800);
	case OPT_SHOW:
		s->trial.show = true;
		return 0;
	case OPT_JSON:
		s->json = true;
		return 0;
	default:
		s->path = optarg;
		return option_file(&cmd_sweep, "-o", optarg, "it is read to go on from there");
	}
}

static int sweep_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pages", required_argument, NULL, OPT_PAGES },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "repeat", required_argument, NULL, OPT_REPEAT },
		{ "on-loop", required_argument, NULL, OPT_ON_LOOP },
		{ "limit", required_argument, NULL, OPT_LIMIT },
		{ "shard", required_argument, NULL, OPT_SHARD },
		{ "output", required_argument, NULL, 'o' },
		{ "merge", required_argument, NULL, OPT_MERGE },
		{ "report", required_argument, NULL, OPT_READ },
		{ "show", no_argument, NULL, OPT_SHOW },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	static struct sweeping s = {
		.trial = { .cmd = "sweep", .on_loop = "log", .patience = PATIENCE },
		.grid = { .repeat = 1, .shards = 1 },
		.output.fd = -1,
	};
	const char *merge = NULL, *read = NULL;
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_sweep, argc, argv, "+:o:h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		if (opt == OPT_MERGE) {
			merge = optarg;
			continue;
		}
		if (opt == OPT_READ) {
			read = optarg;
			continue;
		}
		ret = take_option(&s, opt);
		if (ret)
			return ret;
	}
	if (merge && option_file(&cmd_sweep, "--merge", merge, "results are printed there"))
		return EXIT_USAGE;
	if (merge)
		return optind == argc ? cmd_usage_error(&cmd_sweep, "merge which files?") :
		       sweep_merge(merge, argv + optind);
	if (read && optind < argc)
		return cmd_usage_error(&cmd_sweep, "'%s' is too much", argv[optind]);
	if (read)
		return report(read, s.json);
	if (!s.grid.nr_pages)
		return cmd_usage_error(&cmd_sweep, "how many pages? (--pages 8,16,32 or 8:4096:10)");
	if (s.grid.shards > 1 && !s.path)
		return cmd_usage_error(&cmd_sweep, "a shard's results go to a file: -o FILE");
	if (optind == argc)
		return cmd_usage_error(&cmd_sweep, "which VMM?");
	s.trial.argv = argv + optind;
	s.live = isatty(STDERR_FILENO);
	return run(&s);
}

const struct nptb_cmd cmd_sweep = {
	.name = "sweep",
	.main = sweep_main,
	.usage = "--pages LIST|LO:HI:STEPS [OPTIONS] [--] VMM [ARGS...]\n"
		 "       nptbudget sweep --merge OUT FILE... | --report FILE [--json]",
	.help = "Run a workload under each of many budgets and policies",
	.details =
	"Runs the VMM without a budget, then under each budget and policy, and prints faults,\n"
	"evictions, time and slowdown, the working set and the knee of each policy's curve.\n"
	"\n"
	"  --pages 8,16,32       these budgets\n"
	"  --pages LO:HI:STEPS   STEPS budgets from LO to HI, each as many times the one before\n"
	"  --policy P,...        these policies; otherwise the module's default\n"
	"  --repeat N            N runs of each, 1 to 1000: medians are shown\n"
	"  --on-loop MODE        what to do in a fault loop; log at first: a run that is stuck in\n"
	"                        one for 3 seconds is stopped, and did not complete\n"
	"  --limit N             seconds that a run may take, 1 to 604800\n"
	"  -o, --output FILE     keep results in FILE, a line of JSON for each run; the same\n"
	"                        command goes on where it was interrupted\n"
	"  --shard K/N           do the K-th of N parts, on this machine\n"
	"  --merge OUT FILE...   make one file of those of several parts\n"
	"  --report FILE         print what is in a file\n"
	"  --show                show the VMM's output\n"
	"  --json                print JSON\n",
};
