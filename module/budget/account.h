/* SPDX-License-Identifier: GPL-2.0-only */
/* The books of a VM's vCPUs. Inline, for every fault looks into them. */
#ifndef NPTB_BUDGET_ACCOUNT_H
#define NPTB_BUDGET_ACCOUNT_H

#include "budget/wait.h"
#include "object/vm.h"

void nptb_reconcile_soon(struct nptb_vm *vm);
struct nptb_vcpu *nptb_vm_new_vcpu(struct nptb_vm *vm, u32 idx);
int nptb_vm_books(struct nptb_vm *vm, u32 nr);
void nptb_vm_free_vcpus(struct nptb_vm *vm);
u64 nptb_vm_vcpus_bytes(struct nptb_vm *vm);

/*
 * Our books of a vCPU; NULL where there are none yet. Without a lock: who reads the number of
 * an array may have that one or a larger one. Arrays are kept until the VM has ended.
 */
static inline struct nptb_vcpu *nptb_vm_known_vcpu(struct nptb_vm *vm, u32 idx)
{
	/* Pairs with the release in more_vcpus(). */
	if (unlikely(idx >= smp_load_acquire(&vm->max_vcpus)))
		return NULL;
	return READ_ONCE(READ_ONCE(vm->vcpus)[idx]);
}

/* The same, which begins them; NULL where there is no memory for them. */
static inline struct nptb_vcpu *nptb_vm_vcpu(struct nptb_vm *vm, u32 idx)
{
	return nptb_vm_known_vcpu(vm, idx) ?: nptb_vm_new_vcpu(vm, idx);
}

/* A new attempt has begun: what the last one was given may go. */
static inline void nptb_settle_ended(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	lockdep_assert_held(&vm->lock);
	if (!v->ended)
		return;
	nptb_rset_settle(&vm->resident.set, &v->shield);
	v->ended = false;
	nptb_turn_end(&v->turn);
	if (unlikely(vm->sleep.sleepers))
		nptb_wake(vm);
}

#endif /* NPTB_BUDGET_ACCOUNT_H */
