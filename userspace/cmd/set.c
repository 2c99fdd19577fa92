// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget set - the knobs of a VM, or of VMs to come */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nptbudget.h>
#include "cmd/cmd.h"
#include "model/dbgfs.h"
#include "base/msg.h"
#include "cmd/options.h"
#include "model/vminfo.h"

/* In the order of writing: the budget last, as only it can take long. */
enum { SEED, FLUSH_AGED, LEND_MAX, BURST, POLICY, ON_LOOP, PIN, EXEMPT, BUDGET, NR_KNOBS };

static const char *const knob_names[NR_KNOBS] = {
	"seed", "flush_aged", "lend_max", "burst", "policy", "on_loop", "pin",
	"exempt", "budget",
};

/* Changes to a list of frames in one go, as the module's file takes them. */
#define FRAMES_MAX	1000

/**
 * struct request - what the user wants
 * @defaults: it is for VMs to come
 * @json: print the VM afterwards
 * @vm: the VM's name, unless @defaults
 * @value: new values; NULL for knobs to leave alone
 * @pin: changes to the pins, what @value of PIN points to
 * @exempt: likewise
 */
struct request {
	bool defaults;
	bool json;
	char vm[VM_NAME_MAX];
	const char *value[NR_KNOBS];
	char pin[FRAMES_MAX];
	char exempt[FRAMES_MAX];
};

/* Set by a handler of signals. */
static atomic_int interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

/* Let signals end a write that waits for vCPUs, instead of ending the process. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static const char *knob_path(char path[DBGFS_PATH_MAX], const struct request *r, int knob)
{
	if (!r->defaults)
		return dbgfs_vm_file(path, r->vm, knob_names[knob]);
	snprintf(path, DBGFS_PATH_MAX, "defaults/%s", knob_names[knob]);
	return path;
}

/* All or nothing: put back what was there before, as far as that works. */
static void undo(const struct request *r, char *const old[NR_KNOBS], int knobs)
{
	char path[DBGFS_PATH_MAX], text[FRAMES_MAX + 8];

	while (knobs--) {
		if (!old[knobs])
			continue;
		old[knobs][strcspn(old[knobs], knobs == PIN || knobs == EXEMPT ? "" : "\n")] = '\0';
		snprintf(text, sizeof(text), "%s%s", knobs == PIN || knobs == EXEMPT ? "none " : "",
			 old[knobs]);
		dbgfs_write(knob_path(path, r, knobs), text);
	}
}

static int apply(const struct request *r)
{
	char path[DBGFS_PATH_MAX], what[VM_NAME_MAX + 16], *old[NR_KNOBS] = { NULL };
	int i, err = 0;

	snprintf(what, sizeof(what), r->defaults ? "defaults" : "VM %s", r->vm);
	for (i = 0; i < NR_KNOBS && !err; i++) {
		if (!r->value[i])
			continue;
		knob_path(path, r, i);
		if (dbgfs_read(path, &old[i]))
			old[i] = NULL;
		err = interrupted ? -EINTR : dbgfs_write(path, r->value[i]);
		if (!err)
			continue;
		if (!r->defaults && vm_has_ended(r->vm, err))
			err = -ENODEV;
		option_explain(what, knob_names[i], r->value[i], -err);
		undo(r, old, i);
	}
	for (i = 0; i < NR_KNOBS; i++)
		free(old[i]);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static bool is_number(int knob)
{
	return knob == SEED || knob == LEND_MAX || knob == BURST;
}

static int print_json(const struct request *r)
{
	struct json_object *obj;
	char path[DBGFS_PATH_MAX], word[KNOB_MAX];
	struct vm_info info;
	int err = 0, i;

	if (!r->defaults) {
		err = vm_info_read(r->vm, &info);
		if (!err)
			return cmd_print_json(vm_info_json(&info));
		msg_err("VM %s: %s", r->vm, msg_errno(-err));
		return EXIT_FAILED;
	}
	obj = json_object_new_object();
	for (i = 0; !err && i < NR_KNOBS; i++) {
		if (i == PIN || i == EXEMPT)
			continue;
		err = dbgfs_read_word(knob_path(path, r, i), word, sizeof(word));
		if (err == -ENOENT && i < POLICY) {
			/* An older module. */
			err = 0;
			continue;
		}
		if (!err)
			json_object_object_add(obj, knob_names[i],
					       i == BUDGET || is_number(i) ? budget_json(word) :
					       json_object_new_string(word));
	}
	if (!err)
		return cmd_print_json(obj);
	json_object_put(obj);
	msg_err("defaults/%s: %s", knob_names[i - 1], strerror(-err));
	return EXIT_FAILED;
}

/* One more word for the module: a range, or "!" and a range, or "none". */
static int take_frames(struct request *r, int knob, const char *option, bool add)
{
	char *text = knob == PIN ? r->pin : r->exempt;
	size_t len = strlen(text);
	int ret;

	r->value[knob] = text;
	if (!add && !strcmp(optarg, "all")) {
		strscpy(text, "none", FRAMES_MAX);
		return 0;
	}
	ret = option_frames(&cmd_set, option, optarg);
	if (ret)
		return ret;
	if (snprintf(text + len, FRAMES_MAX - len, "%s%s%s", len ? " " : "", add ? "" : "!",
		     optarg) >= (int)(FRAMES_MAX - len))
		return cmd_usage_error(&cmd_set, "too many ranges at once");
	return 0;
}

static int take_option(struct request *r, int opt)
{
	switch (opt) {
	case OPT_PAGES:
		r->value[BUDGET] = optarg;
		return option_pages(&cmd_set, optarg);
	case OPT_POLICY:
		r->value[POLICY] = optarg;
		return option_name(&cmd_set, "--policy", optarg);
	case OPT_ON_LOOP:
		r->value[ON_LOOP] = optarg;
		return option_name(&cmd_set, "--on-loop", optarg);
	case OPT_LEND_MAX:
		r->value[LEND_MAX] = optarg;
		return option_number(&cmd_set, "--lend-max", optarg, NPTB_LEND_MAX_MIN,
				     NPTB_LEND_MAX_MAX);
	case OPT_BURST:
		r->value[BURST] = optarg;
		return option_number(&cmd_set, "--burst", optarg, NPTB_BURST_MIN, NPTB_BURST_MAX);
	case OPT_SEED:
		r->value[SEED] = optarg;
		return option_seed(&cmd_set, optarg);
	case OPT_FLUSH_AGED:
		r->value[FLUSH_AGED] = optarg;
		return option_switch(&cmd_set, "--flush-aged", optarg);
	case OPT_PIN:
		return take_frames(r, PIN, "--pin", true);
	case OPT_UNPIN:
		return take_frames(r, PIN, "--unpin", false);
	case OPT_EXEMPT:
		return take_frames(r, EXEMPT, "--exempt", true);
	case OPT_UNEXEMPT:
		return take_frames(r, EXEMPT, "--unexempt", false);
	case OPT_DEFAULT:
		r->defaults = true;
		break;
	case OPT_JSON:
		r->json = true;
		break;
	}
	return 0;
}

static int set(struct request *r, const char *vm)
{
	int err, ret;

	if (dbgfs_attach())
		return EXIT_FAILED;
	err = vm ? vm_resolve(vm, r->vm) : 0;
	if (err)
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	catch_signals();
	ret = apply(r);
	return ret || !r->json ? ret : print_json(r);
}

static int set_main(int argc, char **argv)
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
		{ "unpin", required_argument, NULL, OPT_UNPIN },
		{ "exempt", required_argument, NULL, OPT_EXEMPT },
		{ "unexempt", required_argument, NULL, OPT_UNEXEMPT },
		{ "default", no_argument, NULL, OPT_DEFAULT },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct request r = { 0 };
	int opt, ret, i;

	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (opt == OPT_HELP || opt == 'h')
			return cmd_show_help(&cmd_set);
		if (opt == '?' || opt == ':')
			return cmd_bad_option(&cmd_set, opt, argv);
		ret = take_option(&r, opt);
		if (ret)
			return ret;
	}
	if (argc - optind > !r.defaults)
		return cmd_usage_error(&cmd_set, "'%s' is too much", argv[argc - 1]);
	if (argc - optind < !r.defaults)
		return cmd_usage_error(&cmd_set, "which VM?");
	for (i = 0; i < NR_KNOBS && !r.value[i]; i++)
		;
	if (r.defaults && (r.value[PIN] || r.value[EXEMPT]))
		return cmd_usage_error(&cmd_set, "pins and exempt frames are of one VM");
	if (i == NR_KNOBS)
		return cmd_usage_error(&cmd_set, "nothing to set");
	return set(&r, r.defaults ? NULL : argv[optind]);
}

const struct nptb_cmd cmd_set = {
	.name = "set",
	.main = set_main,
	.usage = "VM|--default [OPTIONS]",
	.help = "Give a VM a budget, a policy, or take them away",
	.details =
	"  VM               <pid>-<fd> as in 'nptbudget list', or the pid of a VMM with one VM\n"
	"  --default        set what VMs created from now on start with\n"
	"  --pages N        let at most N pages of 4 KiB be resident, 1 to 4294967295\n"
	"  --pages off      end the budget\n"
	"  --policy POLICY  choose who goes next: fifo, clock, lru, random, mru, last-only,\n"
	"                   wsclock\n"
	"  --seed N         what random begins with, 0 to 18446744073709551615\n"
	"  --flush-aged on|off\n"
	"                   flush translations where only accessed bits were cleared\n"
	"  --pin RANGE      never evict these guest frames: FIRST-LAST or one, 0x for hex\n"
	"  --exempt RANGE   nor count these\n"
	"  --unpin RANGE|all, --unexempt RANGE|all\n"
	"                   take them off the list again\n"
	"  --on-loop MODE   what to do with a vCPU in a fault loop: log, stop, lend, emulate\n"
	"  --lend-max N     lend at most N pages over the budget at a time, 0 to 4096\n"
	"  --burst N        emulate at most N instructions in one go, 1 to 130\n"
	"  --json           print what is in force afterwards\n"
	"\n"
	"When the command returns, the new budget holds. If one of the values is refused, none\n"
	"is changed.\n",
};
