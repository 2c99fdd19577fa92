/* SPDX-License-Identifier: GPL-2.0-only */
/* The books of a VM's vCPUs. Inline, for every fault looks into them. */
#ifndef NPTB_BUDGET_ACCOUNT_H
#define NPTB_BUDGET_ACCOUNT_H

#include "budget/wait.h"
#include "object/vm.h"

void nptb_reconcile_soon(struct nptb_vm *vm);
struct nptb_vcpu *nptb_vm_new_vcpu(struct nptb_vm *vm, u32 idx);
int nptb_vm_books(struct nptb_vm *vm);

/* Our books of a vCPU; NULL where there is no memory for them. */
static inline struct nptb_vcpu *nptb_vm_vcpu(struct nptb_vm *vm, u32 idx)
{
	struct nptb_vcpu *v = NULL;

	if (likely(idx < vm->max_vcpus))
		v = READ_ONCE(vm->vcpus[idx]);
	return v ?: nptb_vm_new_vcpu(vm, idx);
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
