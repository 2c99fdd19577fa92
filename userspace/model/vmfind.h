/* SPDX-License-Identifier: GPL-2.0-only */
/* Which VM an argument means: the ways in which people name one. */
#ifndef NPTB_VMFIND_H
#define NPTB_VMFIND_H

#include <sys/types.h>

#include "model/dbgfs.h"

/* Room for what a VMM was told to call its guest, and its end. */
#define VM_LABEL_MAX 128
/* Room for the path of a cgroup, and its end. */
#define VM_CGROUP_MAX 1024

/* For messages and help: what is understood. */
#define VM_FORMS "<pid>-<fd>, pid, -name, libvirt domain or cgroup"

int vm_label(pid_t pid, char label[VM_LABEL_MAX]);
int vm_cgroup(pid_t pid, char path[VM_CGROUP_MAX]);
int vm_find_process(const char *arg, pid_t *pid);
int vm_resolve(const char *arg, char name[VM_NAME_MAX]);

#endif /* NPTB_VMFIND_H */
