// SPDX-License-Identifier: GPL-2.0-only
/* The books of a VM's vCPUs. */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "backend.h"
#include "budget/account.h"
#include "budget/table.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/contention.h"
#include "set/rset.h"

/* Entries of the array of vCPUs at first. */
#define VCPUS_FIRST	16

/**
 * struct nptb_vcpu_array - vCPUs by index
 * @before: the smaller array in whose place it is; whoever found that may look at it still
 * @vcpus: as many as there is room for
 */
struct nptb_vcpu_array {
	struct nptb_vcpu_array *before;
	struct nptb_vcpu *vcpus[];
};

/* Where another thread was faster, nothing is done. Return: false for want of memory. */
static bool more_vcpus(struct nptb_vm *vm, u32 idx)
{
	u32 had = READ_ONCE(vm->max_vcpus), max = max3(2 * had, idx + 1, VCPUS_FIRST);
	struct nptb_vcpu_array *array;

	array = kvzalloc(struct_size(array, vcpus, max), GFP_KERNEL);
	if (!array)
		return false;
	spin_lock(&vm->lock);
	if (had == vm->max_vcpus) {
		if (had)
			memcpy(array->vcpus, vm->vcpus, had * sizeof(*array->vcpus));
		array->before = vm->vcpu_array;
		vm->vcpu_array = array;
		WRITE_ONCE(vm->vcpus, array->vcpus);
		/* Pairs with the acquire in nptb_vm_known_vcpu(). */
		smp_store_release(&vm->max_vcpus, max);
		array = NULL;
	}
	spin_unlock(&vm->lock);
	kvfree(array);
	return true;
}

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

	if (idx >= nptb_kvm_max_vcpus(vm->kvm))
		return NULL;
	while (idx >= READ_ONCE(vm->max_vcpus))
		if (!more_vcpus(vm, idx))
			return NULL;
	v = kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return NULL;
	v->vm = vm;
	v->idx = idx;
	nptb_table_check(vm);
	spin_lock(&vm->lock);
	known = vm->vcpus[idx];
	if (!known && nptb_rset_new_shield(&vm->resident.set, &v->shield)) {
		known = v;
		nptb_turns_add(&vm->turns, &v->turn, &v->shield);
		/* Set up before it is found by READ_ONCE() and its dependency. */
		smp_store_release(&vm->vcpus[idx], v);
		WRITE_ONCE(vm->nr_vcpus, max(vm->nr_vcpus, idx + 1));
		nptb_table_mark(vm);
	}
	spin_unlock(&vm->lock);
	if (known != v)
		kfree(v);
	return known;
}

/**
 * nptb_vm_books() - begin our books of vCPUs
 * @vm: under budget, or about to be
 * @nr: of how many; those that are created later have theirs from nptb_vm_catch()
 *
 * So that no fault of a guest that runs fails for want of memory.
 *
 * Context: may sleep; the VM is alive.
 * Return: 0 or -ENOMEM.
 */
int nptb_vm_books(struct nptb_vm *vm, u32 nr)
{
	u32 i;

	for (i = 0; i < min(nr, nptb_kvm_max_vcpus(vm->kvm)); i++)
		if (!nptb_vm_vcpu(vm, i))
			return -ENOMEM;
	return 0;
}

/**
 * nptb_vm_vcpus_bytes() - what our books of all vCPUs take of host memory
 * @vm: whose
 *
 * Return: bytes.
 */
u64 nptb_vm_vcpus_bytes(struct nptb_vm *vm)
{
	struct nptb_vcpu_array *array;
	u64 bytes = 0;
	u32 i, max;

	spin_lock(&vm->lock);
	for (i = 0; i < vm->nr_vcpus; i++)
		if (vm->vcpus[i])
			bytes += kmalloc_size_roundup(sizeof(*vm->vcpus[i]));
	max = vm->max_vcpus;
	/* Those before are half as large, at most. */
	for (array = vm->vcpu_array; array; array = array->before, max /= 2)
		bytes += kmalloc_size_roundup(struct_size(array, vcpus, max));
	spin_unlock(&vm->lock);
	return bytes;
}

/**
 * nptb_vm_free_vcpus() - end our books of all vCPUs
 * @vm: ended
 */
void nptb_vm_free_vcpus(struct nptb_vm *vm)
{
	u32 i;

	for (i = 0; i < vm->nr_vcpus; i++)
		kfree(vm->vcpus[i]);
	while (vm->vcpu_array) {
		struct nptb_vcpu_array *array = vm->vcpu_array;

		vm->vcpu_array = array->before;
		kvfree(array);
	}
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
