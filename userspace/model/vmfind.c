// SPDX-License-Identifier: GPL-2.0-only
/*
 * People call a VM by its process, by the name that they gave it, or by where the
 * service manager put it. All of that is found in /proc of the processes that hold
 * VMs, so it does as well where the module is not loaded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/msg.h"
#include "base/util.h"
#include "model/kvmvms.h"
#include "model/vmfind.h"
#include "model/vmname.h"

/* libvirt's command lines have some ten KiB; the name comes first. */
#define CMDLINE_MAX (64u << 10)
#define CGROUP_ROOT "/sys/fs/cgroup"

/* Read a file of a process. Return: its length, 0 where it cannot be had. */
static size_t read_proc(pid_t pid, const char *file, char *text, size_t size)
{
	char path[512];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%.400s/%d/%s", vm_procfs(), pid, file);
	f = fopen(path, "re");
	if (f) {
		n = fread(text, 1, size - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return n;
}

/*
 * The name out of the value of QEMU's -name: "NAME", or a list with "guest=NAME",
 * where a comma of the name is doubled.
 */
static void take_label(const char *value, char label[VM_LABEL_MAX])
{
	const char *guest = strstr(value, "guest=");
	size_t n = 0;

	if (guest && (guest == value || guest[-1] == ','))
		value = guest + strlen("guest=");
	for (; *value && n < VM_LABEL_MAX - 1; value++) {
		if (*value == ',' && *++value != ',')
			break;
		label[n++] = *value;
	}
	label[n] = '\0';
	field_printable(label);
}

/**
 * vm_label() - what a VMM was told to call its guest
 * @pid: its process
 * @label: where to put the name, printable; empty where there is none
 *
 * That is "-name" of QEMU, which libvirt gives the name of the domain, and
 * "--name" of other VMMs.
 *
 * Return: 0; -ENOENT where it has none, or the process has ended.
 */
int vm_label(pid_t pid, char label[VM_LABEL_MAX])
{
	char *text = malloc(CMDLINE_MAX), *arg, *next;
	size_t len;

	label[0] = '\0';
	len = text ? read_proc(pid, "cmdline", text, CMDLINE_MAX) : 0;
	for (arg = text; len && arg < text + len && !*label; arg = next) {
		next = arg + strlen(arg) + 1;
		if (!strncmp(arg, "--name=", 7))
			take_label(arg + 7, label);
		else if ((!strcmp(arg, "-name") || !strcmp(arg, "--name")) && next < text + len)
			take_label(next, label);
	}
	free(text);
	return *label ? 0 : -ENOENT;
}

/**
 * vm_cgroup() - the cgroup of a process
 * @pid: the process
 * @path: where to put its path, from the root of cgroup v2, with a "/" before it;
 *	printable; empty where it cannot be had
 *
 * Return: 0, or -ENOENT.
 */
int vm_cgroup(pid_t pid, char path[VM_CGROUP_MAX])
{
	char text[8192], *rest = text, *line;

	path[0] = '\0';
	read_proc(pid, "cgroup", text, sizeof(text));
	while ((line = field_line(&rest))) {
		if (strncmp(line, "0::/", 4))
			continue;
		strscpy(path, line + 3, VM_CGROUP_MAX);
		field_printable(path);
		return 0;
	}
	return -ENOENT;
}

/* Is @arg this cgroup, one that it is in, or the name of one of these? */
static bool in_cgroup(const char *path, const char *arg)
{
	const char *at = path;
	size_t len;

	if (!strncmp(arg, CGROUP_ROOT "/", strlen(CGROUP_ROOT "/")))
		arg += strlen(CGROUP_ROOT);
	len = strlen(arg);
	while (len > 1 && arg[len - 1] == '/')
		len--;
	if (*arg == '/')
		return len > 1 && !strncmp(path, arg, len) && (!path[len] || path[len] == '/');
	while (len && (at = strstr(at, arg))) {
		if (at[-1] == '/' && (!at[len] || at[len] == '/'))
			return true;
		at++;
	}
	return false;
}

/* Names are compared as they are shown: cut, and with a '?' for what is not ASCII. */
static void as_shown(const char *arg, char *text, size_t size)
{
	strscpy(text, arg, size);
	field_printable(text);
}

static bool is_meant(pid_t pid, const char *arg)
{
	char label[VM_LABEL_MAX], path[VM_CGROUP_MAX], name[VM_LABEL_MAX], group[VM_CGROUP_MAX];

	as_shown(arg, name, sizeof(name));
	as_shown(arg, group, sizeof(group));
	return (!vm_label(pid, label) && !strcmp(label, name)) ||
	       (!vm_cgroup(pid, path) && in_cgroup(path, group));
}

/* A name or a cgroup, among processes that hold VMs. */
static int find_by_name(const char *arg, pid_t *pid)
{
	struct kvm_process *list;
	char found[256] = "";
	size_t nr, i, hits = 0, used = 0;
	int err;

	err = kvm_processes(&list, &nr);
	if (err) {
		msg_err("cannot list processes: %s", strerror(-err));
		return err;
	}
	for (i = 0; i < nr; i++) {
		if (!is_meant(list[i].pid, arg))
			continue;
		*pid = list[i].pid;
		hits++;
		if (used + 16 < sizeof(found))
			used += (size_t)sprintf(found + used, " %d", list[i].pid);
	}
	free(list);
	if (hits == 1)
		return 0;
	if (hits) {
		msg_err("'%s' is %zu VMMs: give one of the pids%s", arg, hits, found);
		return -EEXIST;
	}
	msg_err("there is no VM '%s', by " VM_FORMS ": 'nptbudget list' shows those there are",
		arg);
	return -ENOENT;
}

/* The thread that made a VM may be gone: then its descriptor tells. */
static int find_by_kvm_name(const char *arg, const struct vm_name *name, pid_t *pid)
{
	struct kvm_process *list;
	size_t nr, i;
	int err;

	*pid = vm_tgid(name->tid);
	if (*pid)
		return 0;
	err = kvm_processes(&list, &nr);
	for (i = 0; !err && i < nr && !*pid; i++)
		if (vm_of_process(arg, list[i].pid, list[i].pid))
			*pid = list[i].pid;
	free(list);
	if (*pid)
		return 0;
	msg_err("there is no process %d", name->tid);
	return -ENOENT;
}

/* A decimal number alone. */
static bool is_pid(const char *arg, int *pid)
{
	return *arg >= '1' && *arg <= '9' && !field_int(arg, pid);
}

/**
 * vm_find_process() - find the VMM that an argument means
 * @arg: VM_FORMS; a pid may be one of any of its threads. A cgroup is a path from
 *	its root or from /sys/fs/cgroup, or the name of one on it; the VMM may be
 *	below it
 * @pid: where to put the process
 *
 * The module is not asked.
 *
 * Return: 0; else, after a message: -EINVAL for no words at all, -ENOENT for no
 * such process, -EEXIST for several, -errno of kvm_processes().
 */
int vm_find_process(const char *arg, pid_t *pid)
{
	struct vm_name name;
	int number;

	if (!*arg) {
		msg_err("'' is no VM: give " VM_FORMS);
		return -EINVAL;
	}
	if (!vm_name_parse(arg, &name))
		return find_by_kvm_name(arg, &name, pid);
	if (!is_pid(arg, &number))
		return find_by_name(arg, pid);
	*pid = vm_tgid(number);
	if (*pid)
		return 0;
	msg_err("there is no process %d", number);
	return -ENOENT;
}

static int resolve_pid(pid_t pid, char name[VM_NAME_MAX])
{
	pid_t tgid = vm_tgid(pid);
	struct dbgfs_vms vms;
	char found[512] = "";
	size_t i, nr = 0, used = 0;
	int err;

	err = dbgfs_vms(&vms);
	if (err) {
		msg_err("cannot list the VMs: %s", msg_errno(-err));
		return err;
	}
	for (i = 0; i < vms.nr; i++) {
		if (!vm_of_process(vms.name[i], pid, tgid))
			continue;
		nr++;
		strscpy(name, vms.name[i], VM_NAME_MAX);
		if (used + VM_NAME_MAX + 2 < sizeof(found))
			used += (size_t)sprintf(found + used, " %s", vms.name[i]);
	}
	dbgfs_vms_free(&vms);
	if (nr == 1)
		return 0;
	if (nr)
		msg_err("process %d has %zu VMs: name one of%s", pid, nr, found);
	else if (!tgid)
		msg_err("there is no process %d: 'nptbudget list' shows the VMs there are", pid);
	else
		msg_err("process %d has no VM: 'nptbudget list' shows the VMs there are", pid);
	return nr ? -EEXIST : -ENOENT;
}

/**
 * vm_resolve() - find the VM of the module's that an argument means
 * @arg: as for vm_find_process(); all but "<pid>-<fd>" want a VMM with one VM
 * @name: where to put the VM's name
 *
 * Return: 0; else, after a message: -EINVAL for no words at all, -ENOENT for no
 * such VM, -EEXIST for several, -errno of kvm_processes() and dbgfs_vms().
 */
int vm_resolve(const char *arg, char name[VM_NAME_MAX])
{
	struct vm_name parsed;
	pid_t pid;
	int number, err;

	if (!vm_name_parse(arg, &parsed)) {
		strscpy(name, arg, VM_NAME_MAX);
		if (dbgfs_vm_known(arg))
			return 0;
		msg_err("there is no VM %s: 'nptbudget list' shows the VMs there are", arg);
		return -ENOENT;
	}
	if (is_pid(arg, &number))
		return resolve_pid(number, name);
	err = vm_find_process(arg, &pid);
	return err ? err : resolve_pid(pid, name);
}
