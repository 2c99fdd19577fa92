// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM names a VM after the thread that created it and the descriptor this
 * thread got. Users know the process: find one from the other through /proc.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fields.h"
#include "base/msg.h"
#include "base/util.h"
#include "model/vmname.h"

/**
 * vm_procfs() - where processes are looked for
 *
 * Return: /proc; tests have one of their own.
 */
const char *vm_procfs(void)
{
	const char *env = getenv("NPTBUDGET_PROCFS");

	return env && *env ? env : "/proc";
}

static void proc_path(char *path, size_t size, pid_t pid, const char *file)
{
	snprintf(path, size, "%s/%d/%s", vm_procfs(), pid, file);
}

static int parse_part(const char *text, size_t len, int *value)
{
	char digits[11];

	if (!len || len >= sizeof(digits) || *text == '-')
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (digits[0] == '0' && len > 1)
		return -EINVAL;
	return field_int(digits, value) ? -EINVAL : 0;
}

/**
 * vm_name_parse() - take a VM's name apart
 * @text: the name, "<pid>-<fd>" in decimal, as KVM writes it, or with ".<nth>"
 *	behind it, from 2 on, where another VM has that name
 * @name: where to put the parts; pid from 1, fd from 0
 *
 * Return: 0, or -EINVAL for what is no such name.
 */
int vm_name_parse(const char *text, struct vm_name *name)
{
	const char *dash = strchr(text, '-');
	const char *dot = dash ? strchr(dash, '.') : NULL;
	int tid, fd, nth = 1;

	if (!dash || parse_part(text, (size_t)(dash - text), &tid) || tid < 1 ||
	    parse_part(dash + 1, dot ? (size_t)(dot - dash - 1) : strlen(dash + 1), &fd))
		return -EINVAL;
	if (dot && (parse_part(dot + 1, strlen(dot + 1), &nth) || nth < 2))
		return -EINVAL;
	name->tid = tid;
	name->fd = fd;
	name->nth = nth;
	return 0;
}

/* A number in the status of a thread; 0 where there is no such thread (any more). */
static int status_of(pid_t tid, const char *name)
{
	size_t len = strlen(name);
	char path[4096], line[256];
	int value = 0;
	FILE *f;

	proc_path(path, sizeof(path), tid, "status");
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':' &&
		    sscanf(line + len, ": %d", &value) == 1)
			break;
	fclose(f);
	return value;
}

/**
 * vm_tgid() - the process of a thread
 * @tid: the thread
 *
 * Return: the process's pid; 0 where there is no such thread (any more).
 */
pid_t vm_tgid(pid_t tid)
{
	return status_of(tid, "Tgid");
}

/**
 * vm_parent() - the parent of a process
 * @pid: the process
 *
 * Return: its parent's pid; 0 for the first process, and where there is none.
 */
pid_t vm_parent(pid_t pid)
{
	return status_of(pid, "PPid");
}

/**
 * vm_comm() - the name of the process that a thread belongs to
 * @tid: the thread
 * @comm: where to put the name, printable; "-" where it cannot be had
 */
void vm_comm(pid_t tid, char comm[COMM_MAX])
{
	pid_t tgid = vm_tgid(tid);
	char path[4096];
	size_t n;
	FILE *f;

	strscpy(comm, "-", COMM_MAX);
	proc_path(path, sizeof(path), tgid, "comm");
	f = tgid ? fopen(path, "re") : NULL;
	if (!f)
		return;
	n = fread(comm, 1, COMM_MAX - 1, f);
	fclose(f);
	comm[n] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	field_printable(comm);
	if (!*comm)
		strscpy(comm, "-", COMM_MAX);
}

/* Is this descriptor of the process a VM of KVM's? */
static bool holds_vm(pid_t pid, int fd)
{
	char path[4096], file[32], target[64];
	ssize_t n;

	snprintf(file, sizeof(file), "fd/%d", fd);
	proc_path(path, sizeof(path), pid, file);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return !strcmp(target, "anon_inode:kvm-vm");
}

/*
 * Does this VM belong to that process? A thread that created a VM may be gone
 * while the VM lives on; then the descriptor in the VM's name tells.
 */
static bool vm_of_process(const char *vm, pid_t pid, pid_t tgid)
{
	struct vm_name name;
	pid_t owner;

	if (vm_name_parse(vm, &name))
		return false;
	if (name.tid == pid)
		return true;
	owner = vm_tgid(name.tid);
	if (owner)
		return owner == tgid;
	return tgid && holds_vm(tgid, name.fd);
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
 * vm_resolve() - find the VM that an argument means
 * @arg: a name "<pid>-<fd>", or the pid of any thread of a VMM with one VM
 * @name: where to put the VM's name
 *
 * Return: 0; else, after a message: -EINVAL where @arg is neither, -ENOENT for
 * no such VM, -EEXIST for a VMM with several, -errno of dbgfs_vms().
 */
int vm_resolve(const char *arg, char name[VM_NAME_MAX])
{
	struct vm_name parsed;
	int pid;

	if (!vm_name_parse(arg, &parsed)) {
		strscpy(name, arg, VM_NAME_MAX);
		if (dbgfs_vm_known(arg))
			return 0;
		msg_err("there is no VM %s: 'nptbudget list' shows the VMs there are", arg);
		return -ENOENT;
	}
	if (parse_part(arg, strlen(arg), &pid) || pid < 1) {
		msg_err("'%s' is no VM: give <pid>-<fd> as in 'nptbudget list', or a pid", arg);
		return -EINVAL;
	}
	return resolve_pid(pid, name);
}
