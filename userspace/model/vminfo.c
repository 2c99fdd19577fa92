// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/util.h"
#include "model/overview.h"
#include "model/vminfo.h"

static int read_knob(const char *vm, const char *file, char value[KNOB_MAX])
{
	char path[DBGFS_PATH_MAX];
	int err;

	err = dbgfs_read_word(dbgfs_vm_file(path, vm, file), value, KNOB_MAX);
	if (!err)
		field_printable(value);
	return err;
}

static int read_stats(const char *vm, struct stats *s)
{
	char path[DBGFS_PATH_MAX], *text;
	int err;

	err = dbgfs_read(dbgfs_vm_file(path, vm, "stats"), &text);
	if (err)
		return err;
	err = stats_parse(s, text);
	free(text);
	return err;
}

/*
 * A knob that came later: an older module does as if it were @old. Where the kernel is
 * locked down, see read_overview(), which has nothing of it, it is empty.
 */
static int read_later(const char *vm, const char *knob, const char *old, char value[KNOB_MAX])
{
	int err = read_knob(vm, knob, value);

	if (err == -ENOENT)
		strscpy(value, old, KNOB_MAX);
	else if (err == -EPERM)
		value[0] = '\0';
	else
		return err;
	return 0;
}

/* To count what is in host memory takes a while: where it is held to a budget alone. */
static int read_backed(const char *vm, struct vm_info *info)
{
	char word[KNOB_MAX];
	int err = read_later(vm, "backing", "resident", info->backing);

	if (!err)
		err = read_later(vm, "batch", "1", info->batch);
	info->backed = 0;
	if (err || strcmp(info->backing, "reclaim") != 0)
		return err;
	err = read_knob(vm, "backed", word);
	if (!err && field_u64(word, &info->backed))
		err = -EBADMSG;
	return err;
}

/**
 * vm_has_ended() - does an error mean that the VM is gone?
 * @vm: its name
 * @err: 0 or -errno, from a file of the VM
 *
 * VMs end at any time; for a list that is no failure. A file that is open when
 * its folder goes away fails with EIO from then on: debugfs sees to that.
 *
 * Return: whether it does.
 */
bool vm_has_ended(const char *vm, int err)
{
	return err == -ENOENT || err == -ENODEV || (err == -EIO && !dbgfs_vm_known(vm));
}

/*
 * A kernel that is locked down lets nobody open a file that could be written to; the
 * overview has what the knobs are.
 */
static int read_overview(const char *vm, struct vm_info *info)
{
	const struct overview_vm *found;
	struct overview o;
	int err = overview_read(&o);

	if (err)
		return err;
	found = overview_find(&o, vm);
	if (found) {
		strscpy(info->budget, found->budget, sizeof(info->budget));
		strscpy(info->policy, found->policy, sizeof(info->policy));
		strscpy(info->on_loop, found->on_loop, sizeof(info->on_loop));
	}
	overview_free(&o);
	return found ? 0 : -ENOENT;
}

static int read_knobs(const char *vm, struct vm_info *info)
{
	int err = read_knob(vm, "budget", info->budget);

	if (!err)
		err = read_knob(vm, "policy", info->policy);
	if (!err)
		err = read_knob(vm, "on_loop", info->on_loop);
	return err == -EPERM ? read_overview(vm, info) : err;
}

/**
 * vm_info_read() - read what the module has on a VM
 * @vm: its name, a valid one
 * @info: where to put it
 *
 * Return: 0; for an ended VM, what vm_has_ended() knows; -EBADMSG for a file that is
 * not understood; else as dbgfs_read().
 */
int vm_info_read(const char *vm, struct vm_info *info)
{
	struct vm_name name;
	char word[KNOB_MAX];
	int err;

	if (vm_name_parse(vm, &name))
		return -ENOENT;
	strscpy(info->name, vm, sizeof(info->name));
	info->tgid = vm_tgid(name.tid);
	vm_comm(name.tid, info->comm);
	vm_label(info->tgid, info->label);
	vm_cgroup(info->tgid, info->cgroup);
	err = read_knobs(vm, info);
	if (!err)
		err = read_backed(vm, info);
	if (!err)
		err = read_knob(vm, "resident", word);
	if (!err && field_u64(word, &info->resident))
		err = -EBADMSG;
	if (!err)
		err = read_stats(vm, &info->stats);
	return err;
}

/**
 * budget_json() - a budget for JSON
 * @budget: "off" or pages
 *
 * Return: a number, or NULL, which is JSON's null, for "off".
 */
struct json_object *budget_json(const char *budget)
{
	unsigned long long pages;

	return field_u64(budget, &pages) ? NULL : json_object_new_uint64(pages);
}

/**
 * vm_info_json() - a VM as a JSON object
 * @info: the VM
 *
 * Return: the object.
 */
struct json_object *vm_info_json(const struct vm_info *info)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "vm", json_object_new_string(info->name));
	json_object_object_add(obj, "process", json_object_new_string(info->comm));
	json_object_object_add(obj, "pid", info->tgid ? json_object_new_int(info->tgid) : NULL);
	json_object_object_add(obj, "name", *info->label ?
			       json_object_new_string(info->label) : NULL);
	json_object_object_add(obj, "cgroup", *info->cgroup ?
			       json_object_new_string(info->cgroup) : NULL);
	json_object_object_add(obj, "budget", budget_json(info->budget));
	json_object_object_add(obj, "policy", json_object_new_string(info->policy));
	json_object_object_add(obj, "on_loop", json_object_new_string(info->on_loop));
	json_object_object_add(obj, "backing", !*info->backing ? NULL :
			       json_object_new_string(info->backing));
	json_object_object_add(obj, "backed", strcmp(info->backing, "reclaim") != 0 ? NULL :
			       json_object_new_uint64(info->backed));
	json_object_object_add(obj, "batch", budget_json(info->batch));
	json_object_object_add(obj, "resident", json_object_new_uint64(info->resident));
	json_object_object_add(obj, "stats", stats_json(&info->stats));
	return obj;
}
