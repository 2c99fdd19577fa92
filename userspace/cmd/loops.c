// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget loops - fault loops, explained */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nptbudget.h>
#include "cmd/cmd.h"
#include "model/dbgfs.h"
#include "explain/explain.h"
#include "view/loops.h"
#include "model/loops.h"
#include "base/msg.h"
#include "model/vmfind.h"
#include "model/vminfo.h"
#include "model/vmname.h"

static int read_loops(const char *vm, struct loops *ls)
{
	char path[DBGFS_PATH_MAX], *text;
	unsigned int bad_line;
	size_t i;
	int err;

	ls->nr = 0;
	ls->loop = NULL;
	err = dbgfs_read(dbgfs_vm_file(path, vm, "loops"), &text);
	if (err) {
		if (vm_has_ended(vm, err))
			return -ENODEV;
		msg_err("VM %s: cannot read its loops: %s", vm, msg_errno(-err));
		return err;
	}
	err = loops_parse(ls, text, &bad_line);
	free(text);
	if (err == -EBADMSG)
		msg_err("VM %s: line %u of its loops: %s", vm, bad_line, msg_errno(-err));
	else if (err)
		msg_err("VM %s: cannot read its loops: %s", vm, strerror(-err));
	if (err)
		loops_free(ls);
	for (i = 0; i < ls->nr; i++)
		explain_ask(vm, &ls->loop[i]);
	return err;
}

static void add_json(struct json_object *array, const char *vm, const char *comm,
		     const struct loops *ls)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "vm", json_object_new_string(vm));
	json_object_object_add(obj, "process", json_object_new_string(comm));
	json_object_object_add(obj, "loops", loops_json(ls));
	json_object_array_add(array, obj);
}

static void print_text(const char *vm, const char *comm, const struct loops *ls, size_t *printed)
{
	size_t i;

	for (i = 0; i < ls->nr; i++) {
		if ((*printed)++)
			putchar('\n');
		loop_print(stdout, vm, comm, &ls->loop[i]);
	}
}

/* Show those of @vms; @named says that the user named it, so it has to be there. */
static int show(const struct dbgfs_vms *vms, bool named, struct json_object *array)
{
	int err, ret = EXIT_DONE;
	struct vm_name name;
	char comm[COMM_MAX];
	struct loops ls;
	size_t i, printed = 0;

	for (i = 0; i < vms->nr; i++) {
		err = read_loops(vms->name[i], &ls);
		if (err == -ENODEV && !named)
			continue;
		if (err == -ENODEV)
			msg_err("VM %s: %s", vms->name[i], msg_errno(-err));
		if (err) {
			ret = EXIT_FAILED;
			continue;
		}
		vm_name_parse(vms->name[i], &name);
		vm_comm(name.tid, comm);
		if (array)
			add_json(array, vms->name[i], comm, &ls);
		else
			print_text(vms->name[i], comm, &ls, &printed);
		loops_free(&ls);
	}
	if (!array && !printed && !ret)
		puts("No fault loops.");
	return ret;
}

static int loops(const char *arg, bool json)
{
	struct json_object *top = NULL, *array = NULL;
	struct dbgfs_vms vms = { 0 };
	char one[1][VM_NAME_MAX];
	int err, ret, printed = EXIT_DONE;

	if (arg) {
		err = vm_resolve(arg, one[0]);
		if (err)
			return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
		vms.nr = 1;
		vms.name = one;
	} else {
		err = dbgfs_vms(&vms);
		if (err) {
			msg_err("cannot list the VMs: %s", msg_errno(-err));
			return EXIT_FAILED;
		}
	}
	if (json) {
		top = json_object_new_object();
		array = json_object_new_array();
		json_object_object_add(top, "format", json_object_new_int(NPTB_FORMAT));
		json_object_object_add(top, "vms", array);
	}
	ret = show(&vms, arg, array);
	if (json)
		printed = cmd_print_json(top);
	if (!arg)
		dbgfs_vms_free(&vms);
	return ret ? ret : printed;
}

static int loops_main(int argc, char **argv)
{
	bool json = false;
	int status;

	if (!cmd_only_json(&cmd_loops, argc, argv, &json, &status))
		return status;
	if (argc - optind > 1)
		return cmd_usage_error(&cmd_loops, "'%s' is too much", argv[optind + 1]);
	if (dbgfs_attach())
		return EXIT_FAILED;
	return loops(argv[optind], json);
}

const struct nptb_cmd cmd_loops = {
	.name = "loops",
	.main = loops_main,
	.usage = "[VM] [--json]",
	.help = "Explain the fault loops that were seen",
	.details =
	"Each loop is an instruction, or the delivery of an event, that needs more pages at once\n"
	"than may be resident. The pages that it faulted on come with their roles: fetch, read,\n"
	"write, read/write, table (the guest's own page tables, with their level), and with what\n"
	"leads there: the code, an operand, the stack, a descriptor table.\n"
	"\n"
	"  VM        the VM's name <pid>-<fd> as in 'nptbudget list'; its VMM's pid or\n"
	"            -name; its libvirt domain; or its cgroup; without it, all VMs\n"
	"  --json    all of it as JSON; addresses and registers are strings of hex digits\n",
};
