/* SPDX-License-Identifier: GPL-2.0-only */
/* VMs under budget, as faults find them. Inline, for every fault does it twice. */
#ifndef NPTB_ARMED_H
#define NPTB_ARMED_H

#include <linux/hashtable.h>
#include <linux/preempt.h>
#include <linux/rculist.h>

#include "object/vm.h"

#define NPTB_ARMED_BITS	6

/* Of vm/attach.c: written under nptb_registry, read under RCU. */
extern struct hlist_head nptb_armed[1 << NPTB_ARMED_BITS];

static inline struct hlist_head *nptb_armed_head(struct kvm *kvm)
{
	return &nptb_armed[hash_min((unsigned long)kvm, NPTB_ARMED_BITS)];
}

/**
 * nptb_vm_armed() - the VM of a fault, if it is under budget
 * @kvm: of a vCPU that runs this, or is in its fault
 *
 * Context: any, the ftrace callback included.
 * Return: valid as long as that vCPU is in its fault; or NULL.
 */
static __always_inline struct nptb_vm *nptb_vm_armed(struct kvm *kvm)
{
	struct nptb_vm *vm;

	/* The cheapest read side there is; synchronize_rcu() waits for it. */
	preempt_disable_notrace();
	hlist_for_each_entry_rcu_notrace(vm, nptb_armed_head(kvm), armed_node)
		if (READ_ONCE(vm->kvm) == kvm)
			break;
	preempt_enable_notrace();
	return vm;
}

#endif /* NPTB_ARMED_H */
