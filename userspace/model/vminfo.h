/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module has on a VM, all files but "loops". */
#ifndef NPTB_VMINFO_H
#define NPTB_VMINFO_H

#include <stdbool.h>
#include <json-c/json.h>

#include "model/dbgfs.h"
#include "model/stats.h"
#include "model/vmfind.h"
#include "model/vmname.h"

/* Longer than any budget, policy, on_loop or backing. */
#define KNOB_MAX 32

/**
 * struct vm_info - a VM
 * @name: its name
 * @comm: name of its process, "-" where that is unknown
 * @tgid: the process, 0 where that is unknown
 * @label: what its VMM was told to call it, empty where that is unknown
 * @cgroup: where its process is, likewise
 * @budget: "off" or pages, as the module has it
 * @policy: who goes next
 * @on_loop: what happens in a fault loop
 * @backing: what becomes of pages that go; "resident" under an older module, empty where
 *	a kernel that is locked down does not tell
 * @batch: pages that go for one fault, at most; "1" under an older module, or empty, as @backing
 * @resident: resident pages, by KVM's counters
 * @backed: pages in host memory; read where @backing is "reclaim" alone
 * @stats: its counters
 */
struct vm_info {
	char name[VM_NAME_MAX];
	char comm[COMM_MAX];
	pid_t tgid;
	char label[VM_LABEL_MAX];
	char cgroup[VM_CGROUP_MAX];
	char budget[KNOB_MAX];
	char policy[KNOB_MAX];
	char on_loop[KNOB_MAX];
	char backing[KNOB_MAX];
	char batch[KNOB_MAX];
	unsigned long long resident;
	unsigned long long backed;
	struct stats stats;
};

int vm_info_read(const char *vm, struct vm_info *info);
bool vm_has_ended(const char *vm, int err);
struct json_object *budget_json(const char *budget);
struct json_object *vm_info_json(const struct vm_info *info);

#endif /* NPTB_VMINFO_H */
