// SPDX-License-Identifier: GPL-2.0-only
/* The books of a VM's vCPUs. */
#include <linux/slab.h>

#include "backend.h"
#include "budget/account.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/contention.h"
#include "set/rset.h"

/**
 * nptb_vm_new_vcpu() - begin our books of a vCPU, if there are none
 * @vm: under budget, or about to be
 * @idx: of the vCPU
 *
 * Context: may sleep.
 * Return: the vCPU, or NULL where there is no memory for it.
 */
struct nptb_vcpu *nptb_vm_new_vcpu(struct nptb_vm *vm, u32 idx)
{
	struct nptb_vcpu *v, *known;

	if (idx >= vm->max_vcpus)
		return NULL;
	v = kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return NULL;
	v->vm = vm;
	v->idx = idx;
	nptb_shield_init(&v->shield);
	spin_lock(&vm->lock);
	known = vm->vcpus[idx];
	if (!known) {
		nptb_turns_add(&vm->turns, &v->turn, &v->shield);
		/* Set up before it is found by READ_ONCE() and its dependency. */
		smp_store_release(&vm->vcpus[idx], v);
		WRITE_ONCE(vm->nr_vcpus, max(vm->nr_vcpus, idx + 1));
	}
	spin_unlock(&vm->lock);
	if (!known)
		return v;
	kfree(v);
	return known;
}

/**
 * nptb_vm_books() - begin our books of all vCPUs that there are
 * @vm: about to come under budget
 *
 * So that no fault of a guest that runs fails for want of memory, but those of
 * vCPUs that are created later.
 *
 * Context: nptb_vm.ctl and nptb_vm.life held; may sleep.
 * Return: 0 or -ENOMEM.
 */
int nptb_vm_books(struct nptb_vm *vm)
{
	u32 i;

	lockdep_assert_held(&vm->ctl);
	for (i = 0; i < nptb_kvm_nr_vcpus(vm->kvm); i++)
		if (!vm->vcpus[i] && !nptb_vm_new_vcpu(vm, i))
			return -ENOMEM;
	return 0;
}

/**
 * nptb_reconcile_soon() - have the resident set brought in step, by somebody else
 * @vm: under budget
 */
void nptb_reconcile_soon(struct nptb_vm *vm)
{
	spin_lock(&vm->lock);
	if (vm->armed)
		queue_work(nptb_wq, &vm->resident.reconcile_work);
	spin_unlock(&vm->lock);
}
