// SPDX-License-Identifier: GPL-2.0-only
/* The books of a VM's vCPUs. */
#include <linux/slab.h>

#include "budget/account.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/contention.h"
#include "set/rset.h"

/**
 * nptb_vm_new_vcpu() - begin our books of a vCPU
 * @vm: under budget
 * @idx: of the vCPU, whose thread this is
 *
 * Context: may sleep.
 * Return: the vCPU, or NULL where there is no memory for it.
 */
struct nptb_vcpu *nptb_vm_new_vcpu(struct nptb_vm *vm, u32 idx)
{
	struct nptb_vcpu *v;

	if (idx >= vm->max_vcpus)
		return NULL;
	v = kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return NULL;
	v->idx = idx;
	nptb_shield_init(&v->shield);
	spin_lock(&vm->lock);
	nptb_turns_add(&vm->turns, &v->turn, &v->shield);
	WRITE_ONCE(vm->vcpus[idx], v);
	WRITE_ONCE(vm->nr_vcpus, max(vm->nr_vcpus, idx + 1));
	spin_unlock(&vm->lock);
	return v;
}
