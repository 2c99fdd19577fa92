// SPDX-License-Identifier: GPL-2.0-only
/* What a write to a budget, or to a file, evicts. */
#include "backend.h"
#include "budget/account.h"
#include "budget/backing.h"
#include "budget/flush.h"
#include "budget/make_room.h"
#include "budget/reclaim.h"
#include "budget/reservation.h"
#include "budget/taken.h"
#include "budget/wait.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/attempt.h"
#include "set/contention.h"
#include "set/policy.h"
#include "set/room.h"
#include "set/rset.h"
#include "trace.h"

/**
 * nptb_evict_page() - evict a page that no fault asked to go
 * @vm: whose
 * @page: of its set
 *
 * Context: nptb_vm.lock and KVM's SRCU held.
 */
void nptb_evict_page(struct nptb_vm *vm, struct nptb_page *page)
{
	nptb_rset_take(&vm->resident.set, page);
	nptb_begin_looks(vm);
	nptb_evict(vm, page, NULL, NPTB_EVICT_BUDGET, false);
	nptb_backing_soon(vm);
}

/* For a write to the budget: shielded pages go, too, when no other is left. */
static struct nptb_page *take_any(struct nptb_vm *vm)
{
	struct nptb_page *page = nptb_rset_victim(&vm->resident.set);
	u32 i;

	lockdep_assert_held(&vm->lock);
	for (i = 0; !page && i < vm->nr_vcpus; i++)
		if (vm->vcpus[i])
			page = nptb_rset_own_victim(&vm->resident.set,
						    &vm->vcpus[i]->shield);
	return page;
}

/*
 * One step down, for nptb_shrink(). SRCU is held for the eviction alone: slot
 * updates wait for it.
 *
 * Return: false where there is nothing known to evict.
 */
static bool shrink_by_one(struct nptb_vm *vm)
{
	int idx = srcu_read_lock(nptb_kvm_srcu(vm->kvm));
	struct nptb_page *page;
	u64 key = 0;
	bool reclaim;

	spin_lock(&vm->lock);
	reclaim = vm->account.special & NPTB_SPECIAL_RECLAIM;
	nptb_begin_looks(vm);
	page = take_any(vm);
	if (page) {
		key = nptb_page_key(page);
		nptb_evict(vm, page, NULL, NPTB_EVICT_BUDGET, false);
	}
	spin_unlock(&vm->lock);
	if (page && reclaim)
		nptb_backing_give_up_frame(vm, key);
	srcu_read_unlock(nptb_kvm_srcu(vm->kvm), idx);
	return page;
}

/* The limit was written before: see budget/reservation.h. */
static bool over_limit(struct nptb_vm *vm)
{
	u64 reserved, leaves;
	bool over;

	smp_mb(); /* pairs with the atomic in nptb_reserve() */
	reserved = atomic64_read(&vm->account.reserved);
	over = nptb_kvm_leaves(vm->kvm) + reserved > nptb_limit(vm);
	/* Are there leaves that do not count, or pages without one that do? */
	if (likely(over ? !READ_ONCE(vm->resident.set.exempt.count) :
			  !(READ_ONCE(vm->account.special) & NPTB_SPECIAL_RECLAIM)))
		return over;
	spin_lock(&vm->lock);
	leaves = nptb_taken(vm);
	spin_unlock(&vm->lock);
	return leaves + reserved > nptb_limit(vm);
}

/**
 * nptb_trim() - bring a VM down to a limit that has become smaller, without
 * waiting for anybody
 * @vm: under budget; nptb_vm.life held
 * @most: pages to evict, at most
 *
 * Return: false where it is not there yet.
 */
bool nptb_trim(struct nptb_vm *vm, u32 most)
{
	while (over_limit(vm)) {
		if (!most-- || !shrink_by_one(vm))
			return false;
		cond_resched();
	}
	return true;
}

/**
 * nptb_shrink() - bring a VM down to a limit that has become smaller
 * @vm: under budget; nptb_vm.ctl and nptb_vm.life held
 *
 * Takes shielded pages as well: these evictions are nobody's fault loop.
 *
 * Context: may sleep; waits for faults under way that have too much reserved.
 * Return: 0, or -EINTR where a signal came first.
 */
int nptb_shrink(struct nptb_vm *vm)
{
	while (over_limit(vm)) {
		cond_resched();
		if (shrink_by_one(vm))
			continue;
		if (nptb_unknown_leaves(vm)) {
			nptb_flush(vm, -1);
			continue;
		}
		if (signal_pending(current))
			return -EINTR;
		schedule_timeout_interruptible(1);
	}
	return 0;
}
