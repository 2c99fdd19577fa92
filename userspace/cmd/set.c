// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget set - the knobs of a VM */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <nptbudget.h>
#include "cmd/cmd.h"
#include "model/dbgfs.h"
#include "base/msg.h"
#include "cmd/apply.h"
#include "cmd/knobs.h"
#include "model/vmfind.h"
#include "model/vminfo.h"

/**
 * struct request - what the user wants
 * @json: print the VM afterwards
 * @vm: the VM's name
 * @knobs: new values
 */
struct request {
	bool json;
	char vm[VM_NAME_MAX];
	struct knobs knobs;
};

static int print_json(const struct request *r)
{
	struct vm_info info;
	int err = vm_info_read(r->vm, &info);

	if (!err)
		return cmd_print_json(vm_info_json(&info));
	msg_err("VM %s: %s", r->vm, msg_errno(-err));
	return EXIT_FAILED;
}

static int set(struct request *r, const char *vm)
{
	char what[VM_NAME_MAX + 16];
	int err, ret;

	if (dbgfs_attach())
		return EXIT_FAILED;
	err = vm_resolve(vm, r->vm);
	if (err)
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	snprintf(what, sizeof(what), "VM %s", r->vm);
	ret = knobs_apply(&r->knobs, what, r->vm);
	return ret || !r->json ? ret : print_json(r);
}

static int set_main(int argc, char **argv)
{
	static const struct option options[] = {
		KNOB_OPTIONS,
		{ "unpin", required_argument, NULL, OPT_UNPIN },
		{ "unexempt", required_argument, NULL, OPT_UNEXEMPT },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct request r = { .knobs.frames_max = KNOB_FRAMES_WRITE };
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_set, argc, argv, ":h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		ret = opt == OPT_JSON ? (r.json = true, EXIT_DONE) :
					knobs_take(&r.knobs, &cmd_set, opt);
		if (ret)
			return ret;
	}
	if (argc - optind > 1)
		return cmd_usage_error(&cmd_set, "'%s' is too much", argv[argc - 1]);
	if (argc == optind)
		return cmd_usage_error(&cmd_set, "which VM?");
	if (!knobs_given(&r.knobs))
		return cmd_usage_error(&cmd_set, "nothing to set");
	return set(&r, argv[optind]);
}

const struct nptb_cmd cmd_set = {
	.name = "set",
	.main = set_main,
	.usage = "VM [OPTIONS]",
	.help = "Give a VM a budget, a policy, or take them away",
	.details =
	"  VM               the VM's name <pid>-<fd> as in 'nptbudget list'; its VMM's pid or\n"
	"                   -name; its libvirt domain; or its cgroup\n"
	KNOB_HELP_PAGES
	"  --pages off      end the budget\n"
	KNOB_HELP_WHO
	KNOB_HELP_FRAMES
	"  --unpin RANGE|all, --unexempt RANGE|all\n"
	"                   take them off the list again\n"
	KNOB_HELP_LOOP
	KNOB_HELP_BACKING
	"  --json           print what is in force afterwards\n"
	"\n"
	"When the command returns, the new budget holds. If one of the values is refused, none\n"
	"is changed. What new VMs start with is up to 'nptbudget defaults'.\n",
};
