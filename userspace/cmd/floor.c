// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget floor - the least budget with which a workload completes */
#include <getopt.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nptbudget.h>
#include "base/fields.h"
#include "base/msg.h"
#include "base/signals.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/trial.h"
#include "model/dbgfs.h"
#include "model/vminfo.h"

/* A run may take so many times as long as one without a limit, and so much more. */
#define LIMIT_FACTOR	20
#define LIMIT_MORE	30
#define PATIENCE	3
/* Guesses at the least budget. */
#define FIRST_MAX	16

/**
 * struct floor - one search
 * @trial: what to run
 * @policy: who goes next
 * @json: print JSON
 * @live: a line on stderr says what is tried
 * @runs: results of all runs
 * @nr_first: how many guesses
 * @first: they, tried in this order
 * @low: most pages that did not do, 0 where none was tried
 * @high: fewest that did
 * @stopped: what stopped it with @low pages, in @runs
 */
struct floor {
	struct trial trial;
	char policy[KNOB_MAX];
	bool json, live;
	struct json_object *runs;
	size_t nr_first;
	unsigned long long first[FIRST_MAX];
	unsigned long long low, high;
	const struct json_object *stopped;
};

static atomic_int interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

static void print_run(const struct floor *f, const struct json_object *result)
{
	if (f->json)
		return;
	if (f->trial.pages == NPTB_BUDGET_MAX)
		printf("all the pages that it wants: ");
	else
		printf("%llu pages: ", f->trial.pages);
	if (trial_completed(result))
		printf("completes, %llu faults, %llu evictions, %.1f s\n",
		       trial_number(result, "faults"), trial_number(result, "evictions"),
		       trial_seconds(result));
	else if (!strcmp(trial_text(result, "why"), "loop"))
		printf("does not: one fault loop without an end\n");
	else if (!strcmp(trial_text(result, "why"), "time"))
		printf("does not within %.0f s\n", f->trial.limit);
	else if (!strcmp(trial_text(result, "why"), "status"))
		printf("does not: status %s\n", trial_text(result, "status"));
	else
		printf("does not: %s\n", trial_text(result, "why"));
	fflush(stdout);
}

/* Return: 0; -1 where it could not be run, or a signal came. */
static int try_pages(struct floor *f, unsigned long long pages, const struct json_object **result)
{
	struct json_object *obj;

	f->trial.pages = pages;
	if (f->live)
		fprintf(stderr, "trying %llu pages, between %llu and %llu ...\r", pages, f->low,
			f->high);
	if (trial_run(&f->trial, &obj))
		return -1;
	if (f->live)
		fprintf(stderr, "%60s\r", "");
	if (interrupted) {
		json_object_put(obj);
		return -1;
	}
	json_object_array_add(f->runs, obj);
	*result = obj;
	print_run(f, obj);
	return 0;
}

/* The first run has all the pages that it wants, and says how many these are. */
static int begin(struct floor *f)
{
	const struct json_object *result;
	const char *why;

	if (try_pages(f, NPTB_BUDGET_MAX, &result))
		return -1;
	why = trial_text(result, "why");
	if (!strcmp(why, "no VM"))
		msg_err("floor: %s created no VM, so there is nothing to hold", f->trial.argv[0]);
	else if (!strcmp(why, "refused"))
		msg_err("floor: its VM cannot be held to a budget: the kernel log says why (dmesg)");
	else if (!trial_completed(result))
		msg_err("floor: it does not complete with all the pages that it wants either (%s %s): try --show",
			why, trial_text(result, "status"));
	if (!trial_completed(result))
		return -1;
	f->high = trial_number(result, "peak");
	if (!f->high) {
		msg_err("floor: it ran without a nested page fault");
		return -1;
	}
	if (!(f->trial.limit > 0))
		f->trial.limit = trial_seconds(result) * LIMIT_FACTOR + LIMIT_MORE;
	return 0;
}

/* Floors are small numbers: halve the ratio first, then the distance. */
static unsigned long long between(unsigned long long low, unsigned long long high)
{
	unsigned long long mid = low + (high - low) / 2;

	if (high > 4 * (low + 1))
		mid = (unsigned long long)sqrt((double)(low + 1) * (double)high);
	if (mid <= low)
		mid = low + 1;
	return mid >= high ? high - 1 : mid;
}

/* Return: 0; -1 where it could not be run, or a signal came. */
static int narrow(struct floor *f, unsigned long long pages)
{
	const struct json_object *result;

	if (try_pages(f, pages, &result))
		return -1;
	if (trial_completed(result)) {
		f->high = pages;
	} else {
		f->low = pages;
		f->stopped = result;
	}
	return 0;
}

static int search(struct floor *f)
{
	int err = 0;
	size_t i;

	if (begin(f))
		return -1;
	/* As many as it touched do, as nothing is evicted then; but they are tried. */
	f->high++;
	for (i = 0; i < f->nr_first && !err; i++)
		if (f->first[i] > f->low && f->first[i] < f->high)
			err = narrow(f, f->first[i]);
	while (!err && f->high - f->low > 1)
		err = narrow(f, between(f->low, f->high));
	return err;
}

static struct json_object *pages_or_null(unsigned long long pages)
{
	return pages ? json_object_new_uint64(pages) : NULL;
}

/* Also of a search that was cut short: what it had found by then. */
static int print_json(const struct floor *f)
{
	struct json_object *obj = json_object_new_object();
	bool found = f->high && f->high - f->low <= 1;

	json_object_object_add(obj, "floor", found ? json_object_new_uint64(f->high) : NULL);
	json_object_object_add(obj, "more_than", json_object_new_uint64(f->low));
	json_object_object_add(obj, "at_most", pages_or_null(f->high));
	json_object_object_add(obj, "policy", json_object_new_string(f->policy));
	json_object_object_add(obj, "below", f->stopped ?
			       json_object_get((struct json_object *)f->stopped) : NULL);
	json_object_object_add(obj, "limit_seconds", json_object_new_double(f->trial.limit));
	json_object_object_add(obj, "runs", json_object_get(f->runs));
	return cmd_print_json(obj);
}

static int print_result(const struct floor *f)
{
	const char *text = f->stopped ? trial_text(f->stopped, "text") : "";
	bool slow;

	if (f->json)
		return print_json(f);
	printf("\nThe least budget is %llu page%s, policy %s.\n", f->high, f->high == 1 ? "" : "s",
	       f->policy);
	if (!f->stopped)
		return EXIT_DONE;
	slow = !strcmp(trial_text(f->stopped, "why"), "time");
	printf("With %llu it does not complete%s:\n%s", f->low,
	       slow ? " in time; the loop with most laps" : "",
	       *text ? text : "  no fault loop was seen\n");
	return EXIT_DONE;
}

static void say_interrupted(const struct floor *f)
{
	if (f->high)
		msg_err("floor: interrupted; the least budget is more than %llu, and at most %llu pages",
			f->low, f->high);
	else
		msg_err("floor: interrupted in the first run, which has all the pages that it wants");
	if (f->json)
		print_json(f);
}

static int run(struct floor *f)
{
	int err;

	if (dbgfs_attach())
		return EXIT_FAILED;
	err = f->trial.policy ? 0 :
	      dbgfs_read_word("defaults/policy", f->policy, sizeof(f->policy));
	if (err) {
		msg_err("floor: cannot read the module's default policy: %s", msg_errno(-err));
		return EXIT_FAILED;
	}
	if (f->trial.policy)
		strscpy(f->policy, f->trial.policy, sizeof(f->policy));
	f->trial.policy = f->policy;
	signals_catch(on_signal);
	f->runs = json_object_new_array();
	err = search(f);
	if (interrupted)
		say_interrupted(f);
	err = err ? EXIT_FAILED : print_result(f);
	json_object_put(f->runs);
	return err;
}

static int take_first(struct floor *f, const char *arg)
{
	char *text = strdup(arg), *rest = text, *word;
	int err = text ? 0 : -1;

	for (f->nr_first = 0; !err && (word = strsep(&rest, ",")); f->nr_first++)
		if (f->nr_first == FIRST_MAX || field_u64(word, &f->first[f->nr_first]) ||
		    !f->first[f->nr_first])
			err = -1;
	free(text);
	return err ? cmd_usage_error(&cmd_floor, "--first takes up to %d numbers, as 13,12; not '%s'",
				     FIRST_MAX, arg) : EXIT_DONE;
}

static int take_option(struct floor *f, int opt)
{
	switch (opt) {
	case OPT_JSON:
		f->json = true;
		return EXIT_DONE;
	case OPT_SHOW:
		f->trial.show = true;
		return EXIT_DONE;
	case OPT_POLICY:
		f->trial.policy = optarg;
		return option_name(&cmd_floor, "--policy", optarg);
	case OPT_FIRST:
		return take_first(f, optarg);
	case OPT_LIMIT:
		f->trial.limit = strtod(optarg, NULL);
		return option_number(&cmd_floor, "--limit", optarg, 1, 604800);
	default:
		f->trial.patience = strtod(optarg, NULL);
		return option_number(&cmd_floor, "--patience", optarg, 1, 3600);
	}
}

static int floor_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "first", required_argument, NULL, OPT_FIRST },
		{ "limit", required_argument, NULL, OPT_LIMIT },
		{ "patience", required_argument, NULL, OPT_PATIENCE },
		{ "show", no_argument, NULL, OPT_SHOW },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct floor f = {
		.trial = { .cmd = "floor", .on_loop = "log", .patience = PATIENCE },
		.live = isatty(STDERR_FILENO),
	};
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_floor, argc, argv, "+:h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		ret = take_option(&f, opt);
		if (ret)
			return ret;
	}
	if (optind == argc)
		return cmd_usage_error(&cmd_floor, "which VMM?");
	f.trial.argv = argv + optind;
	return run(&f);
}

const struct nptb_cmd cmd_floor = {
	.name = "floor",
	.main = floor_main,
	.usage = "[OPTIONS] [--] VMM [ARGS...]",
	.help = "Find the least budget with which a workload completes",
	.details =
	"Runs the VMM again and again, with fewer pages where it completed and with more where it\n"
	"did not, and says which fault loop stops it one page below. It completes where it ends by\n"
	"itself with status 0. What is in one fault loop for too long, or takes too long, is\n"
	"stopped. Nothing is lent or emulated.\n"
	"\n"
	"  --policy POLICY  who goes next, as for 'nptbudget set'\n"
	"  --first LIST     budgets to try first, in this order, as 13,12: a good guess saves runs\n"
	"  --limit N        seconds that a run may take, 1 to 604800; otherwise 20 times what the\n"
	"                   first one took, which has all the pages that it wants, and 30 more\n"
	"  --patience N     seconds of one fault loop after which it is stuck, 1 to 3600; 3 at first\n"
	"  --show           show the VMM's output\n"
	"  --json           print JSON at the end, and nothing before\n",
};
