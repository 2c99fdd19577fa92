// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bring the resident set in step with KVM's tables. KVM takes leaves away by
 * itself, in more ways than could be followed one by one: the host wants the
 * memory, a slot goes, a vCPU changes its mode and drops its tables, the guest
 * changes the page tables that are shadowed. What the set holds too much costs
 * stale victims and no more, so this is done for those who ask, and where the set
 * has grown far beyond the limit.
 */
#include <linux/srcu.h>

#include "backend.h"
#include "budget/backing.h"
#include "budget/reconcile.h"
#include "object/vm.h"
#include "set/policy.h"
#include "set/rset.h"

/* Pages looked at under the VM's lock in one go. */
#define BATCH	64

static u64 leaves_of(void *ctx, u64 key)
{
	struct nptb_vm *vm = ctx;

	return nptb_kvm_frame_leaves(vm->kvm, key);
}

/*
 * A page without a leaf has its place in the set until the host has given it up: see
 * nptb_taken().
 */
static void give_up_first(struct nptb_vm *vm)
{
	lockdep_assert_held_read(&vm->life);
	if (vm->kvm && vm->armed && (vm->account.special & NPTB_SPECIAL_RECLAIM))
		nptb_backing_sweep(vm);
}

/* One batch. Return: false where there are no more pages to look at. */
static bool reconcile_some(struct nptb_vm *vm, u64 *at)
{
	bool more = false;
	int idx;

	lockdep_assert_held_read(&vm->life);
	if (!vm->kvm)
		return false;
	/* Slot updates wait for this: a batch at a time. */
	idx = srcu_read_lock(nptb_kvm_srcu(vm->kvm));
	spin_lock(&vm->lock);
	if (vm->armed) {
		nptb_rset_reconcile(&vm->resident.set, at, BATCH, leaves_of, vm);
		more = *at < NPTB_WALK_END;
	}
	spin_unlock(&vm->lock);
	srcu_read_unlock(nptb_kvm_srcu(vm->kvm), idx);
	return more;
}

/**
 * nptb_reconcile() - bring the resident set in step with KVM's tables
 * @vm: alive or ended
 *
 * When this returns while the VM's vCPUs are stopped, and nothing else changes
 * its memory, the set holds exactly the leaves that KVM counts.
 *
 * Context: may sleep.
 */
void nptb_reconcile(struct nptb_vm *vm)
{
	u64 at = NPTB_WALK_BEGIN;
	bool more = true;

	down_read(&vm->life);
	give_up_first(vm);
	up_read(&vm->life);
	/* The VM's end waits for its life: a batch at a time as well. */
	while (more) {
		down_read(&vm->life);
		more = reconcile_some(vm, &at);
		up_read(&vm->life);
		cond_resched();
	}
}

/**
 * nptb_reconcile_work() - nptb_reconcile() for a set that has grown too large
 * @work: &nptb_resident.reconcile_work
 *
 * Whoever cancels it holds &nptb_vm.life, so it does not wait for that: it gives
 * up where the VM ends.
 */
void nptb_reconcile_work(struct work_struct *work)
{
	struct nptb_vm *vm = container_of(work, struct nptb_vm,
					  resident.reconcile_work);
	u64 at = NPTB_WALK_BEGIN;
	bool more = true;

	if (!down_read_trylock(&vm->life))
		return;
	give_up_first(vm);
	up_read(&vm->life);
	while (more && down_read_trylock(&vm->life)) {
		more = reconcile_some(vm, &at);
		up_read(&vm->life);
		cond_resched();
	}
}
