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

/**
 * vm_of_process() - does this VM belong to that process?
 * @vm: KVM's name of the VM
 * @pid: a thread of the process
 * @tgid: the process, 0 where it is gone
 *
 * A thread that created a VM may be gone while the VM lives on; then the
 * descriptor in the VM's name tells.
 *
 * Return: whether it does.
 */
bool vm_of_process(const char *vm, pid_t pid, pid_t tgid)
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
