/* SPDX-License-Identifier: GPL-2.0-only */
/* Recordings of the module's tracepoints, as trace-cmd makes them. */
#ifndef NPTB_TRACE_H
#define NPTB_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include <nptbudget.h>
#include "base/spill.h"
#include "model/dbgfs.h"

/**
 * struct trace_fault - a nested page fault, as recorded
 * @seq: its number among the VM's faults, from 1
 * @gfn: guest frame
 * @attempt: of its vCPU
 * @vcpu: index
 * @evicted: leaves that went for it
 * @verdict: enum nptb_verdict
 * @as: KVM's address space, or 255 where it is no frame of the VM's own
 * @known: the module believed the page resident: no eviction brought this on
 */
struct trace_fault {
	unsigned long long seq;
	unsigned long long gfn;
	unsigned long long attempt;
	unsigned int vcpu;
	unsigned int evicted;
	unsigned char verdict;
	unsigned char as;
	bool known;
};

/**
 * struct trace_vm - what was recorded of a VM
 * @name: KVM's name of it
 * @attached: the recording has the beginning of its budget
 * @changed: budget or policy were changed during the recording
 * @budget: at the beginning, pages; 0 where that was not recorded
 * @seed: likewise
 * @policy: likewise; "" where that was not recorded
 * @missing: faults that are not in the recording, by their numbers
 * @nr: entries used in @fault
 * @fault: in the order in which they happened; within @mem
 * @mem: room for more of them
 */
struct trace_vm {
	char name[VM_NAME_MAX];
	bool attached;
	bool changed;
	unsigned long long budget;
	unsigned long long seed;
	char policy[NPTB_POLICY_NAME_MAX];
	unsigned long long missing;
	size_t nr;
	struct trace_fault *fault;
	struct spill mem;
};

/**
 * struct trace - a recording
 * @nr: VMs in it
 * @vm: the VMs, in the order of their first events
 */
struct trace {
	size_t nr;
	struct trace_vm *vm;
};

int trace_read(const char *path, struct trace *trace);
void trace_free(struct trace *trace);
void trace_free_faults(struct trace_vm *vm);
int trace_add_fault(struct trace_vm *vm, const struct trace_fault *fault);
void trace_order(struct trace_vm *vm);

#endif /* NPTB_TRACE_H */
