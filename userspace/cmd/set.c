// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget set - the knobs of a VM, or of VMs to come */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nptbudget.h>
#include "cmd/cmd.h"
#include "model/dbgfs.h"
#include "base/msg.h"
#include "cmd/knobs.h"
#include "cmd/options.h"
#include "model/vmfind.h"
#include "model/vminfo.h"

/**
 * struct request - what the user wants
 * @defaults: it is for VMs to come
 * @json: print the VM afterwards
 * @vm: the VM's name, unless @defaults
 * @knobs: new values
 */
struct request {
	bool defaults;
	bool json;
	char vm[VM_NAME_MAX];
	struct knobs knobs;
};

static bool is_frames(enum knob knob)
{
	return knob == KNOB_PIN || knob == KNOB_EXEMPT;
}

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
		return dbgfs_vm_file(path, r->vm, knob_name(knob));
	snprintf(path, DBGFS_PATH_MAX, "defaults/%s", knob_name(knob));
	return path;
}

/* All or nothing: put back what was there before, as far as that works. */
static void undo(const struct request *r, char *const old[NR_KNOBS], int knobs)
{
	char path[DBGFS_PATH_MAX], text[KNOB_FRAMES_WRITE + 8];

	while (knobs--) {
		if (!old[knobs])
			continue;
		old[knobs][strcspn(old[knobs], is_frames(knobs) ? "" : "\n")] = '\0';
		snprintf(text, sizeof(text), "%s%s", is_frames(knobs) ? "none " : "",
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
		if (!r->knobs.value[i])
			continue;
		knob_path(path, r, i);
		if (dbgfs_read(path, &old[i]))
			old[i] = NULL;
		err = interrupted ? -EINTR : dbgfs_write(path, r->knobs.value[i]);
		if (!err)
			continue;
		if (!r->defaults && vm_has_ended(r->vm, err))
			err = -ENODEV;
		option_explain(what, knob_name(i), r->knobs.value[i], -err);
		undo(r, old, i);
	}
	for (i = 0; i < NR_KNOBS; i++)
		free(old[i]);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static bool is_number(enum knob knob)
{
	return knob == KNOB_SEED || knob == KNOB_LEND_MAX || knob == KNOB_BURST ||
	       knob == KNOB_BUDGET;
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
		if (is_frames(i))
			continue;
		err = dbgfs_read_word(knob_path(path, r, i), word, sizeof(word));
		if (err == -ENOENT && i < KNOB_POLICY) {
			/* An older module. */
			err = 0;
			continue;
		}
		if (!err)
			json_object_object_add(obj, knob_name(i),
					       is_number(i) ? budget_json(word) :
					       json_object_new_string(word));
	}
	if (!err)
		return cmd_print_json(obj);
	json_object_put(obj);
	msg_err("defaults/%s: %s", knob_name(i - 1), strerror(-err));
	return EXIT_FAILED;
}

static int take_option(struct request *r, int opt)
{
	switch (opt) {
	case OPT_DEFAULT:
		r->defaults = true;
		return EXIT_DONE;
	case OPT_JSON:
		r->json = true;
		return EXIT_DONE;
	}
	return knobs_take(&r->knobs, &cmd_set, opt);
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
		KNOB_OPTIONS,
		{ "unpin", required_argument, NULL, OPT_UNPIN },
		{ "unexempt", required_argument, NULL, OPT_UNEXEMPT },
		{ "default", no_argument, NULL, OPT_DEFAULT },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct request r = { .knobs.frames_max = KNOB_FRAMES_WRITE };
	const char **value = r.knobs.value;
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
	for (i = 0; i < NR_KNOBS && !value[i]; i++)
		;
	if (r.defaults && (value[KNOB_PIN] || value[KNOB_EXEMPT]))
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
	"  VM               the VM's name <pid>-<fd> as in 'nptbudget list'; its VMM's pid or\n"
	"                   -name; its libvirt domain; or its cgroup\n"
	"  --default        set what VMs created from now on start with\n"
	KNOB_HELP_PAGES
	"  --pages off      end the budget\n"
	KNOB_HELP_WHO
	"  --unpin RANGE|all, --unexempt RANGE|all\n"
	"                   take them off the list again\n"
	KNOB_HELP_LOOP
	"  --json           print what is in force afterwards\n"
	"\n"
	"When the command returns, the new budget holds. If one of the values is refused, none\n"
	"is changed.\n",
};
