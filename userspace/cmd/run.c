// SPDX-License-Identifier: GPL-2.0-only
/*
 * nptbudget run - a VMM whose VMs are under budget from their first fault
 *
 * Standard input and output are the VMM's. The live line and the summary go to
 * stderr, or the summary to a file; --json says how, --summary says where.
 */
#include <errno.h>
#include <getopt.h>
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
#include "cmd/options.h"
#include "explain/seen.h"
#include "view/summary.h"
#include "base/util.h"
#include "model/vminfo.h"

/* How long a VM may take to end behind its VMM before it counts as alive. */
#define END_TRIES	50
#define END_MS		20
/* Ranges of frames, as the module takes them: more than it has room for. */
#define FRAMES_MAX	2500

/**
 * struct run - one run
 * @budget: "off" or pages
 * @policy: for the VMs
 * @on_loop: for the VMs
 * @seed: for the VMs, NULL for the module's default
 * @flush_aged: likewise
 * @lend_max: likewise
 * @burst: likewise
 * @frames: pins and exempt frames, as further fields
 * @json: the summary is JSON
 * @live: show the live line
 * @quiet: no live line, and no summary on stderr
 * @out_path: file for the summary, NULL for stderr
 * @out: where the summary goes
 * @fd: the registration
 * @child: the VMM
 * @seen: loops that were asked about while their VM was alive
 */
struct run {
	const char *budget;
	char policy[KNOB_MAX];
	char on_loop[KNOB_MAX];
	const char *seed, *flush_aged, *lend_max, *burst;
	char frames[FRAMES_MAX];
	bool json, live, quiet;
	const char *out_path;
	FILE *out;
	int fd;
	struct child child;
	struct seen seen;
};

/* The module says no to the line as a whole; the policy is the likely part. */
static void explain_refusal(const struct run *run, int err)
{
	if (err == ENOSPC)
		msg_err("run: the pins leave no room in %s pages with policy %s, or there are more than %d ranges",
			run->budget, run->policy, NPTB_RANGES_MAX);
	else if (err == EINVAL && *run->frames && option_policy_known(run->policy))
		msg_err("run: the module refuses%s: is a frame both pinned and exempt?",
			run->frames);
	else if (option_policy_known(run->policy))
		msg_err("run: the module refuses budget %s with policy %s, on loop %s: see dmesg",
			run->budget, run->policy, run->on_loop);
	else
		option_explain("run", "policy", run->policy, EINVAL);
}

static void add_field(char *line, size_t size, const char *name, const char *value)
{
	size_t len = strlen(line);

	if (value)
		snprintf(line + len, size - len, " %s=%s", name, value);
}

static int register_tree(struct run *run)
{
	char line[256 + FRAMES_MAX];

	snprintf(line, sizeof(line), "pid=%d budget=%s policy=%s on_loop=%s", getpid(),
		 run->budget, run->policy, run->on_loop);
	/* An older module knows no fields but these. */
	add_field(line, sizeof(line), "seed", run->seed);
	add_field(line, sizeof(line), "flush_aged", run->flush_aged);
	add_field(line, sizeof(line), "lend_max", run->lend_max);
	add_field(line, sizeof(line), "burst", run->burst);
	strncat(line, run->frames, sizeof(line) - strlen(line) - 1);
	run->fd = dbgfs_run_open(line);
	if (run->fd >= 0)
		return 0;
	if (run->fd == -ENOENT)
		msg_err("run: the module has no file to register with: install one of this version");
	else if (run->fd == -EINVAL || run->fd == -ERANGE || run->fd == -ENOSPC)
		explain_refusal(run, -run->fd);
	else
		msg_err("run: cannot register with the module: %s", msg_errno(-run->fd));
	return run->fd;
}

/* What the user did not say is as for any other new VM. */
static int fill_in(struct run *run)
{
	int err = 0;

	if (!*run->policy)
		err = dbgfs_read_word("defaults/policy", run->policy, sizeof(run->policy));
	if (!err && !*run->on_loop)
		err = dbgfs_read_word("defaults/on_loop", run->on_loop, sizeof(run->on_loop));
	if (err)
		msg_err("run: cannot read the module's defaults: %s", strerror(-err));
	return err;
}

static int open_out(struct run *run)
{
	run->out = stderr;
	if (!run->out_path)
		return 0;
	run->out = fopen(run->out_path, "we");
	if (run->out)
		return 0;
	msg_err("run: cannot write %s: %m", run->out_path);
	return -errno;
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

static void summarize(struct run *run)
{
	struct summary s = {
		.budget = run->budget, .policy = run->policy, .on_loop = run->on_loop,
		.status = child_exit_status(&run->child),
	};
	unsigned int bad_line;
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
	if (!run->quiet || run->out_path) {
		err = run->json ? summary_print_json(run->out, &s) : summary_print(run->out, &s);
		if (err && run->out_path)
			msg_err("run: cannot write %s", run->out_path);
	}
	report_free(&s.report);
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

static int run_vmm(struct run *run, char **argv)
{
	int err;

	if (dbgfs_attach() || fill_in(run) || open_out(run))
		return EXIT_FAILED;
	err = child_prepare(&run->child);
	if (err) {
		msg_err("run: cannot prepare for %s: %s", argv[0], strerror(-err));
		return EXIT_FAILED;
	}
	if (register_tree(run))
		return EXIT_FAILED;
	err = child_start(&run->child, argv);
	if (err) {
		msg_err("run: cannot start %s: %s", argv[0], strerror(-err));
		return EXIT_FAILED;
	}
	watch(run);
	summarize(run);
	seen_free(&run->seen);
	return child_exit_status(&run->child);
}

/* One more field for the module. */
static int take_frames(struct run *run, const char *option, const char *name)
{
	size_t len = strlen(run->frames);
	int ret = option_frames(&cmd_run, option, optarg);

	if (ret)
		return ret;
	if (snprintf(run->frames + len, FRAMES_MAX - len, " %s=%s", name, optarg) >=
	    (int)(FRAMES_MAX - len))
		return cmd_usage_error(&cmd_run, "too many ranges");
	return 0;
}

static int take_option(struct run *run, int opt)
{
	int ret = 0;

	switch (opt) {
	case OPT_PAGES:
		run->budget = optarg;
		return option_pages(&cmd_run, optarg);
	case OPT_POLICY:
		ret = option_name(&cmd_run, "--policy", optarg);
		if (!ret)
			strscpy(run->policy, optarg, sizeof(run->policy));
		break;
	case OPT_ON_LOOP:
		ret = option_name(&cmd_run, "--on-loop", optarg);
		if (!ret)
			strscpy(run->on_loop, optarg, sizeof(run->on_loop));
		break;
	case OPT_LEND_MAX:
		run->lend_max = optarg;
		return option_number(&cmd_run, "--lend-max", optarg, NPTB_LEND_MAX_MIN,
				     NPTB_LEND_MAX_MAX);
	case OPT_BURST:
		run->burst = optarg;
		return option_number(&cmd_run, "--burst", optarg, NPTB_BURST_MIN, NPTB_BURST_MAX);
	case OPT_SEED:
		run->seed = optarg;
		return option_seed(&cmd_run, optarg);
	case OPT_FLUSH_AGED:
		run->flush_aged = optarg;
		return option_switch(&cmd_run, "--flush-aged", optarg);
	case OPT_PIN:
		return take_frames(run, "--pin", "pin");
	case OPT_EXEMPT:
		return take_frames(run, "--exempt", "exempt");
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
		break;
	}
	return ret;
}

static int run_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pages", required_argument, NULL, OPT_PAGES },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "on-loop", required_argument, NULL, OPT_ON_LOOP },
		{ "lend-max", required_argument, NULL, OPT_LEND_MAX },
		{ "burst", required_argument, NULL, OPT_BURST },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "flush-aged", required_argument, NULL, OPT_FLUSH_AGED },
		{ "pin", required_argument, NULL, OPT_PIN },
		{ "exempt", required_argument, NULL, OPT_EXEMPT },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "live", no_argument, NULL, OPT_LIVE },
		{ "quiet", no_argument, NULL, OPT_QUIET },
		{ "summary", required_argument, NULL, OPT_SUMMARY },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct run run = { .fd = -1 };
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		if (opt == OPT_HELP || opt == 'h')
			return cmd_show_help(&cmd_run);
		if (opt == '?' || opt == ':')
			return cmd_bad_option(&cmd_run, opt, argv);
		ret = take_option(&run, opt);
		if (ret)
			return ret;
	}
	if (!run.budget)
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
	"the summary says so.\n"
	"\n"
	"  --pages N        let at most N pages of 4 KiB be resident, 1 to 4294967295\n"
	"  --policy POLICY  choose who goes next: fifo, clock, lru, random, mru, last-only,\n"
	"                   wsclock\n"
	"  --seed N         what random begins with, 0 to 18446744073709551615\n"
	"  --flush-aged on|off\n"
	"                   flush translations where only accessed bits were cleared\n"
	"  --pin RANGE      never evict these guest frames: FIRST-LAST or one, 0x for hex\n"
	"  --exempt RANGE   nor count these\n"
	"  --on-loop MODE   what to do with a vCPU in a fault loop: log, stop, lend, emulate\n"
	"  --lend-max N     lend at most N pages over the budget at a time, 0 to 4096\n"
	"  --burst N        emulate at most N instructions in one go, 1 to 130\n"
	"  --live           show the line even if stderr is no terminal; updates end in \\r\n"
	"  --quiet          no live line, and no summary on stderr\n"
	"  --json           write the summary as JSON\n"
	"  --summary FILE   write the summary to FILE instead of stderr\n",
};
