// SPDX-License-Identifier: GPL-2.0-only
/*
 * nptbudget run - a VMM whose VMs are under budget from their first fault
 *
 * Standard input and output are the VMM's. The live line and the summary go to
 * stderr, or the summary to a file; --json says how, --summary says where.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <nptbudget.h>
#include "cmd/child.h"
#include "cmd/cmd.h"
#include "model/dbgfs.h"
#include "view/live.h"
#include "base/msg.h"
#include "base/output.h"
#include "cmd/knobs.h"
#include "cmd/options.h"
#include "explain/seen.h"
#include "view/summary.h"
#include "base/util.h"
#include "model/vminfo.h"

/* How long a VM may take to end behind its VMM before it counts as alive. */
#define END_TRIES	50
#define END_MS		20

/**
 * struct run - one run
 * @knobs: for the VMs
 * @policy: what they have where no policy was given
 * @on_loop: likewise
 * @json: the summary is JSON
 * @live: show the live line
 * @quiet: no live line, and no summary on stderr
 * @out_path: file for the summary, NULL for stderr
 * @file: that file
 * @fd: the registration
 * @child: the VMM
 * @seen: loops that were asked about while their VM was alive
 */
struct run {
	struct knobs knobs;
	char policy[KNOB_MAX];
	char on_loop[KNOB_MAX];
	bool json, live, quiet;
	const char *out_path;
	struct output file;
	int fd;
	struct child child;
	struct seen seen;
};

/* The module says no to the line as a whole; the policy is the likely part. */
static void explain_refusal(const struct knobs *k, int err)
{
	const char *const *v = k->value;

	if (err == ENOSPC)
		msg_err("run: the pins leave no room in %s pages with policy %s, or there are more than %d ranges",
			v[KNOB_BUDGET], v[KNOB_POLICY], NPTB_RANGES_MAX);
	else if (err == EINVAL && v[KNOB_PIN] && v[KNOB_EXEMPT] &&
		 option_policy_known(v[KNOB_POLICY]))
		msg_err("run: the module refuses pins %s, exempt frames %s: is a frame both?",
			v[KNOB_PIN], v[KNOB_EXEMPT]);
	else if (option_policy_known(v[KNOB_POLICY]))
		msg_err("run: the module refuses budget %s with policy %s, on loop %s: see dmesg",
			v[KNOB_BUDGET], v[KNOB_POLICY], v[KNOB_ON_LOOP]);
	else
		option_explain("run", "policy", v[KNOB_POLICY], EINVAL);
}

/* One more field for the module; one for each range, where frames are given. */
static void add_field(char *line, size_t size, const struct knobs *k, enum knob knob)
{
	const char *value = k->value[knob];
	size_t len;

	while (value && *value) {
		len = strlen(line);
		snprintf(line + len, size - len, " %s=%.*s", knob_name(knob),
			 (int)strcspn(value, " "), value);
		value += strcspn(value, " ");
		value += strspn(value, " ");
	}
}

static int register_tree(struct run *run)
{
	/* An older module knows no fields but the first four. */
	static const enum knob fields[] = {
		KNOB_BUDGET, KNOB_POLICY, KNOB_ON_LOOP, KNOB_SEED, KNOB_FLUSH_AGED, KNOB_LEND_MAX,
		KNOB_BURST, KNOB_BACKING, KNOB_BATCH, KNOB_PIN, KNOB_EXEMPT,
	};
	/* Beside a range of one digit, its name takes eight characters more. */
	char line[256 + 5 * 2 * KNOB_FRAMES_MAX];
	size_t i;

	snprintf(line, sizeof(line), "pid=%d", getpid());
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		add_field(line, sizeof(line), &run->knobs, fields[i]);
	run->fd = dbgfs_run_open(line);
	if (run->fd >= 0)
		return 0;
	if (run->fd == -ENOENT)
		msg_err("run: the module has no file to register with: install one of this version");
	else if (run->fd == -EINVAL || run->fd == -ERANGE || run->fd == -ENOSPC)
		explain_refusal(&run->knobs, -run->fd);
	else
		msg_err("run: cannot register with the module: %s", msg_errno(-run->fd));
	return run->fd;
}

/* What the user did not say is as for any other new VM. */
static int fill_in(struct run *run)
{
	const char **value = run->knobs.value;
	int err = 0;

	if (!value[KNOB_POLICY]) {
		err = dbgfs_read_word("defaults/policy", run->policy, sizeof(run->policy));
		value[KNOB_POLICY] = run->policy;
	}
	if (!err && !value[KNOB_ON_LOOP]) {
		err = dbgfs_read_word("defaults/on_loop", run->on_loop, sizeof(run->on_loop));
		value[KNOB_ON_LOOP] = run->on_loop;
	}
	if (err)
		msg_err("run: cannot read the module's defaults: %s",
			err == -EPERM ? msg_errno(EPERM) : strerror(-err));
	return err;
}

static int open_out(struct run *run)
{
	int err = run->out_path ? output_open(&run->file, run->out_path,
					      O_WRONLY | O_APPEND, 0666) : 0;

	if (err)
		msg_err("run: cannot write %s: %s", run->out_path, strerror(-err));
	return err;
}

static int print_to(FILE *to, const struct run *run, const struct summary *s)
{
	return run->json ? summary_print_json(to, s) : summary_print(to, s);
}

static int print_to_file(struct run *run, const struct summary *s)
{
	FILE *to = fdopen(run->file.fd, "a");
	int err;

	if (!to)
		return -errno;
	run->file.fd = -1;
	err = print_to(to, run, s);
	if (fclose(to) && !err)
		err = -errno;
	return err;
}

/* A VM ends a moment behind its last process: while none is left, wait for it. */
static int final_report(struct run *run, struct report *r, unsigned int *bad_line)
{
	const struct timespec pause = { .tv_nsec = END_MS * 1000000L };
	int tries, err;

	for (tries = 0;; tries++) {
		err = report_read(r, run->fd, bad_line);
		if (err || !report_alive(r) || tries == END_TRIES || child_has_orphans())
			return err;
		report_free(r);
		nanosleep(&pause, NULL);
	}
}

/* KVM's word against the module's. */
static void find_missed(struct run *run, struct summary *s)
{
	struct created *created = &run->child.created;
	struct created_missed missed;

	created_read(created);
	created_compare(created, &s->report, &missed);
	s->missed = missed.vms;
	if (missed.vms)
		msg_err("run: %zu VMs RAN WITHOUT A BUDGET: KVM created them and the module does not know them (one by thread %d): see dmesg",
			missed.vms, missed.tid);
	if (missed.unknown)
		msg_err("run: %zu VMs were created and not held, and whose they were could not be told (one by thread %d, which was gone)",
			missed.unknown, missed.tid);
	if (created->lost)
		msg_err("run: whether every VM was held cannot be told: KVM's uevents were not all heard");
}

/* Return: whether all is well. */
static bool summarize(struct run *run)
{
	struct summary s = {
		.budget = run->knobs.value[KNOB_BUDGET], .policy = run->knobs.value[KNOB_POLICY],
		.on_loop = run->knobs.value[KNOB_ON_LOOP],
		.status = child_exit_status(&run->child),
	};
	unsigned int bad_line;
	bool written = true;
	int err;

	err = final_report(run, &s.report, &bad_line);
	if (err == -EBADMSG && bad_line)
		msg_err("run: line %u of the module's summary: %s", bad_line, msg_errno(EBADMSG));
	else if (err)
		msg_err("run: cannot read the module's summary: %s", strerror(-err));
	seen_fill(&run->seen, &s.report);
	if (run->live)
		live_show(&s.report);
	live_end();
	if (!err)
		find_missed(run, &s);
	if (run->out_path) {
		err = print_to_file(run, &s);
		if (err)
			msg_err("run: cannot write %s: %s", run->out_path, strerror(-err));
		written = !err;
	} else if (!run->quiet) {
		print_to(stderr, run, &s);
	}
	report_free(&s.report);
	return written && !s.missed;
}

static void watch(struct run *run)
{
	unsigned int bad_line;
	struct report r;

	/* What a loop's operands are can be asked for only while it lasts. */
	while (!child_poll(&run->child, LIVE_MS)) {
		if (!report_read(&r, run->fd, &bad_line)) {
			seen_ask(&run->seen, &r);
			if (run->live)
				live_show(&r);
		}
		report_free(&r);
	}
}

/* Return: 0; -errno after a message. */
static int begin(struct run *run, char **argv)
{
	int err;

	err = child_prepare(&run->child);
	if (err) {
		msg_err("run: cannot prepare for %s: %s", argv[0], strerror(-err));
		return err;
	}
	err = register_tree(run);
	if (err)
		return err;
	err = child_start(&run->child, argv);
	if (err)
		msg_err("run: cannot start %s: %s", argv[0], strerror(-err));
	return err;
}

static int run_vmm(struct run *run, char **argv)
{
	bool well;

	if (dbgfs_attach() || fill_in(run) || open_out(run))
		return EXIT_FAILED;
	if (begin(run, argv)) {
		output_undo(&run->file);
		return EXIT_FAILED;
	}
	/* That it cannot be written is told with the summary. */
	if (run->out_path)
		output_begin(&run->file);
	watch(run);
	well = summarize(run);
	seen_free(&run->seen);
	created_close(&run->child.created);
	return well ? child_exit_status(&run->child) : EXIT_FAILED;
}

static int take_option(struct run *run, int opt)
{
	switch (opt) {
	case OPT_JSON:
		run->json = true;
		break;
	case OPT_LIVE:
		run->live = true;
		break;
	case OPT_QUIET:
		run->quiet = true;
		break;
	case OPT_SUMMARY:
		run->out_path = optarg;
		return option_file(&cmd_run, "--summary", optarg, "standard output is the VMM's");
	default:
		return knobs_take(&run->knobs, &cmd_run, opt);
	}
	return EXIT_DONE;
}

static int run_main(int argc, char **argv)
{
	static const struct option options[] = {
		KNOB_OPTIONS,
		{ "json", no_argument, NULL, OPT_JSON },
		{ "live", no_argument, NULL, OPT_LIVE },
		{ "quiet", no_argument, NULL, OPT_QUIET },
		{ "summary", required_argument, NULL, OPT_SUMMARY },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct run run = { .fd = -1, .file.fd = -1, .knobs.frames_max = KNOB_FRAMES_MAX };
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_run, argc, argv, "+:h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		ret = take_option(&run, opt);
		if (ret)
			return ret;
	}
	if (!run.knobs.value[KNOB_BUDGET])
		return cmd_usage_error(&cmd_run, "how many pages? (--pages N)");
	if (run.live && run.quiet)
		return cmd_usage_error(&cmd_run, "--live and --quiet exclude each other");
	if (optind == argc)
		return cmd_usage_error(&cmd_run, "which VMM?");
	if (!run.quiet && isatty(STDERR_FILENO))
		run.live = true;
	return run_vmm(&run, argv + optind);
}

const struct nptb_cmd cmd_run = {
	.name = "run",
	.main = run_main,
	.usage = "--pages N|off [OPTIONS] [--] VMM [ARGS...]",
	.help = "Start a VMM whose VMs are under budget from their first fault",
	.details =
	"Every VM that the VMM, or a descendant of it, creates begins with these values; other\n"
	"VMs are not touched. Standard input and output are the VMM's. A line on stderr shows\n"
	"pages, faults, evictions and loops while it runs, if stderr is a terminal; a summary\n"
	"follows its end. The exit status is the VMM's, 128 + N if signal N killed it, or 1 if it\n"
	"could not be started. A VM that could not be held to the budget runs without one, and\n"
	"the summary says so. Where KVM created a VM that the module does not know, run says so\n"
	"and exits with 1.\n"
	"\n"
	KNOB_HELP_PAGES
	KNOB_HELP_WHO
	KNOB_HELP_FRAMES
	KNOB_HELP_LOOP
	KNOB_HELP_BACKING
	"  --live           show the line even if stderr is no terminal; updates end in \\r\n"
	"  --quiet          no live line, and no summary on stderr\n"
	"  --json           write the summary as JSON\n"
	"  --summary FILE   write the summary to FILE instead of stderr\n",
};
