// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bring the resident set in step with KVM's tables. KVM takes leaves away by
 * itself, in more ways than could be followed one by one: the host wants the
 * memory, a slot goes, a vCPU changes its mode and drops its tables, the guest
 * changes the page tables that are shadowed. What the set holds too much costs
 * stale victims and no more, so this is done for those who ask.
 */
#include <linux/srcu.h>

#include "budget/page_pool.h"
#include "budget/reconcile.h"
#include "object/vm.h"
#include "set/policy.h"
#include "set/rset.h"
#include "x86/compat.h"

/* Chains looked at under the VM's lock in one go. */
#define BATCH	32

static u64 leaves_of(void *ctx, u64 key)
{
	struct nptb_vm *vm = ctx;

	return nptb_kvm_frame_leaves(vm->kvm, key);
}

/* Return: false where there are no more chains. */
static bool follow_some(struct nptb_vm *vm, u32 *bucket)
{
	int i;

	lockdep_assert_held(&vm->lock);
	for (i = 0; i < BATCH; i++) {
		struct nptb_page *gone;

		if (!vm->armed || *bucket >= 1u << vm->set.bits)
			return false;
		gone = nptb_rset_follow(&vm->set, (*bucket)++, leaves_of, vm);
		while (gone) {
			struct nptb_page *page = gone;

			gone = page->hash;
			nptb_page_put(vm, page);
		}
	}
	return true;
}

/**
 * nptb_follow() - bring the resident set in step with KVM's tables
 * @vm: alive or ended
 *
 * When this returns while the VM's vCPUs are stopped, and nothing else changes
 * its memory, the set holds exactly the leaves that KVM counts.
 *
 * Context: may sleep.
 */
void nptb_follow(struct nptb_vm *vm)
{
	u32 bucket = 0;
	bool more = true;
	int idx;

	down_read(&vm->life);
	while (more && vm->kvm) {
		/* Slot updates wait for this: a batch at a time. */
		idx = srcu_read_lock(nptb_kvm_srcu(vm->kvm));
		spin_lock(&vm->lock);
		more = follow_some(vm, &bucket);
		spin_unlock(&vm->lock);
		srcu_read_unlock(nptb_kvm_srcu(vm->kvm), idx);
		cond_resched();
	}
	up_read(&vm->life);
}
