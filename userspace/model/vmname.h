/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of VMs, and the processes behind them. */
#ifndef NPTB_VMNAME_H
#define NPTB_VMNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/dbgfs.h"

/* Room for the name of a process as /proc has it, and its end. */
#define COMM_MAX 64

/**
 * struct vm_name - KVM's name of a VM, taken apart
 * @tid: the thread that created the VM
 * @fd: the descriptor that it got
 * @nth: of the VMs that have these two at the same time, from 1 on
 */
struct vm_name {
	pid_t tid;
	int fd;
	int nth;
};

int vm_name_parse(const char *text, struct vm_name *name);
bool vm_of_process(const char *vm, pid_t pid, pid_t tgid);
const char *vm_procfs(void);
pid_t vm_tgid(pid_t tid);
pid_t vm_parent(pid_t pid);
void vm_comm(pid_t tid, char comm[COMM_MAX]);

#endif /* NPTB_VMNAME_H */
