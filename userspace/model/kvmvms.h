/* SPDX-License-Identifier: GPL-2.0-only */
/* VMs by the descriptors that processes hold: no module is asked. */
#ifndef NPTB_KVMVMS_H
#define NPTB_KVMVMS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct kvm_process - a process that holds VMs
 * @pid: the process
 * @vms: descriptors of VMs that it holds
 * @vcpus: descriptors of vCPUs
 */
struct kvm_process {
	pid_t pid;
	unsigned int vms;
	unsigned int vcpus;
};

int kvm_processes(struct kvm_process **list, size_t *nr);
bool thread_in_fault(pid_t pid, pid_t tid);
int process_threads(pid_t pid, pid_t **tids, size_t *nr);

#endif /* NPTB_KVMVMS_H */
