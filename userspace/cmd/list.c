// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget list - the VMs that the module knows */
#include <getopt.h>
#include <stdio.h>

#include <nptbudget.h>
#include "cmd/cmd.h"
#include "model/dbgfs.h"
#include "base/msg.h"
#include "view/table.h"
#include "base/util.h"
#include "model/vminfo.h"

static const char *const columns[] = {
	"VM", "PROCESS", "NAME", "BUDGET", "POLICY", "ON-LOOP", "RESIDENT", "PEAK", "FAULTS",
	"EVICTIONS", "LOOPS",
};

/* Columns that are text; numbers go to the right. */
#define LEFT_COLUMNS (BIT(0) | BIT(1) | BIT(2) | BIT(4) | BIT(5))

#define NR_COLUMNS ARRAY_SIZE(columns)

static int add_row(struct table *t, const struct vm_info *v)
{
	char resident[24], peak[24], faults[24], evictions[24], loops[24];
	const char *const row[NR_COLUMNS] = {
		v->name, v->comm, *v->label ? v->label : "-",
		v->budget, v->policy, v->on_loop, resident,
		stats_text(&v->stats, "peak", peak),
		stats_text(&v->stats, "faults", faults),
		stats_text(&v->stats, "evictions", evictions),
		stats_text(&v->stats, "loops", loops),
	};

	snprintf(resident, sizeof(resident), "%llu", v->resident);
	return table_add(t, row);
}

/* Hand each VM to one of @array and @t; VMs that end meanwhile are left out. */
static int collect(const struct dbgfs_vms *vms, struct json_object *array, struct table *t)
{
	int err, ret = EXIT_DONE;
	struct vm_info info;
	size_t i;

	for (i = 0; i < vms->nr; i++) {
		err = vm_info_read(vms->name[i], &info);
		if (vm_has_ended(vms->name[i], err))
			continue;
		if (!err && array)
			json_object_array_add(array, vm_info_json(&info));
		else if (!err)
			err = add_row(t, &info);
		if (err) {
			msg_err("VM %s: %s", vms->name[i], msg_errno(-err));
			ret = EXIT_FAILED;
		}
	}
	return ret;
}

static int print_json(const struct dbgfs_vms *vms)
{
	struct json_object *top = json_object_new_object();
	struct json_object *array = json_object_new_array();
	int ret, printed;

	json_object_object_add(top, "format", json_object_new_int(NPTB_FORMAT));
	json_object_object_add(top, "vms", array);
	ret = collect(vms, array, NULL);
	printed = cmd_print_json(top);
	return ret ? ret : printed;
}

static int print_table(const struct dbgfs_vms *vms)
{
	struct table t = { .columns = NR_COLUMNS, .left = LEFT_COLUMNS };
	int ret = EXIT_FAILED;

	if (!table_add(&t, columns))
		ret = collect(vms, NULL, &t);
	table_print(&t, stdout);
	table_free(&t);
	return ret;
}

static int list_main(int argc, char **argv)
{
	bool json = false;
	struct dbgfs_vms vms;
	int status, err, ret;

	if (!cmd_only_json(&cmd_list, argc, argv, &json, &status))
		return status;
	if (optind < argc)
		return cmd_usage_error(&cmd_list, "'%s' is too much", argv[optind]);
	if (dbgfs_attach())
		return EXIT_FAILED;
	err = dbgfs_vms(&vms);
	if (err) {
		msg_err("cannot list the VMs: %s", msg_errno(-err));
		return EXIT_FAILED;
	}
	ret = json ? print_json(&vms) : print_table(&vms);
	dbgfs_vms_free(&vms);
	return ret;
}

const struct nptb_cmd cmd_list = {
	.name = "list",
	.main = list_main,
	.usage = "[--json]",
	.help = "List VMs and their budgets",
	.details =
	"NAME is what the VMM was told to call its guest. RESIDENT is by KVM's own counters, in pages of 4 KiB; PEAK, FAULTS, EVICTIONS and\n"
	"LOOPS are since the VM began, under a budget.\n"
	"\n"
	"  --json    all of it, and the module's other counters, as JSON\n",
};
