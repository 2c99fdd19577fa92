// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/kvmvms.h"
#include "model/vmname.h"

/* What a process holds; descriptors of KVM's have names of their own. */
static void look_at(struct kvm_process *p)
{
	char path[512], target[64];
	const struct dirent *entry;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "%.200s/%d/fd", vm_procfs(), p->pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%.200s/%d/fd/%.64s", vm_procfs(), p->pid,
			 entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		if (!strcmp(target, "anon_inode:kvm-vm"))
			p->vms++;
		else if (!strncmp(target, "anon_inode:kvm-vcpu", 19))
			p->vcpus++;
	}
	if (dir)
		closedir(dir);
}

/**
 * kvm_processes() - all processes that hold a VM or a vCPU
 * @list: where to put them, for free()
 * @nr: how many
 *
 * Processes of other users are seen by root alone.
 *
 * Return: 0; -errno of opendir(); -ENOMEM.
 */
int kvm_processes(struct kvm_process **list, size_t *nr)
{
	const struct dirent *entry;
	struct kvm_process *more, p;
	DIR *dir = opendir(vm_procfs());

	*list = NULL;
	*nr = 0;
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		p = (struct kvm_process){ .pid = atoi(entry->d_name) };
		look_at(&p);
		if (!p.vms && !p.vcpus)
			continue;
		more = reallocarray(*list, *nr + 1, sizeof(p));
		if (!more) {
			free(*list);
			closedir(dir);
			return -ENOMEM;
		}
		*list = more;
		more[(*nr)++] = p;
	}
	closedir(dir);
	return 0;
}

/**
 * process_threads() - add the threads of a process to a list
 * @pid: the process
 * @tids: the list, for free(); NULL at first
 * @nr: how many there are in it
 *
 * Return: 0; -ESRCH where it has ended; -ENOMEM.
 */
int process_threads(pid_t pid, pid_t **tids, size_t *nr)
{
	const struct dirent *entry;
	char path[256];
	pid_t *more;
	DIR *dir;

	snprintf(path, sizeof(path), "%.200s/%d/task", vm_procfs(), pid);
	dir = opendir(path);
	if (!dir)
		return -ESRCH;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		more = reallocarray(*tids, *nr + 1, sizeof(pid_t));
		if (!more) {
			closedir(dir);
			return -ENOMEM;
		}
		*tids = more;
		more[(*nr)++] = atoi(entry->d_name);
	}
	closedir(dir);
	return 0;
}

static void read_thread(pid_t pid, pid_t tid, const char *file, char *text, size_t size)
{
	size_t used = 0;
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%.200s/%d/task/%d/%s", vm_procfs(), pid, tid, file);
	f = fopen(path, "re");
	if (f) {
		used = fread(text, 1, size - 1, f);
		fclose(f);
	}
	text[used] = '\0';
}

/**
 * thread_in_fault() - does a thread sleep in a nested page fault?
 * @pid: its process
 * @tid: the thread
 *
 * By the kernel's stack of it, which root alone may read.
 *
 * Return: whether it does, as far as can be seen.
 */
bool thread_in_fault(pid_t pid, pid_t tid)
{
	char text[4096];

	/* One that is only preempted there runs on by itself. */
	read_thread(pid, tid, "wchan", text, sizeof(text));
	if (!*text || !strcmp(text, "0"))
		return false;
	/* AMD's and Intel's faults alike come through it, and prefetches do not. */
	read_thread(pid, tid, "stack", text, sizeof(text));
	return strstr(text, "kvm_mmu_page_fault");
}
