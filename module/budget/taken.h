/* SPDX-License-Identifier: GPL-2.0-only */
/* What of a budget is taken, under the VM's lock. Inline, for every eviction asks. */
#ifndef NPTB_BUDGET_TAKEN_H
#define NPTB_BUDGET_TAKEN_H

#include "backend.h"
#include "budget/reservation.h"
#include "object/fault.h"
#include "object/vm.h"
#include "set/room.h"
#include "set/rset.h"

/*
 * How many leaves are there, at most, that count? KVM takes leaves away unseen,
 * but makes none unseen: so those that are not exempt are no more than the set
 * has of such, and what is reserved on top of that. That needs all leaves to be in
 * the set, and each frame to have one alone: else all of KVM's count.
 */
static inline u64 nptb_not_exempt(struct nptb_vm *vm, u64 leaves)
{
	if (READ_ONCE(vm->resident.untracked) || !nptb_kvm_single_roots(vm->kvm))
		return leaves;
	return min(leaves, nptb_rset_counted(&vm->resident.set));
}

static __always_inline u64 nptb_counted_leaves(struct nptb_vm *vm)
{
	u64 leaves = nptb_kvm_leaves(vm->kvm);

	lockdep_assert_held(&vm->lock);
	if (likely(!vm->resident.set.exempt.count))
		return leaves;
	return nptb_not_exempt(vm, leaves);
}

/**
 * nptb_taken() - what takes up room in the budget
 * @vm: under budget
 *
 * A leaf that KVM takes away unseen (the host writes the page out, moves it, protects it)
 * leaves its page in host memory: where that counts, the page has its room until it is
 * evicted, and given up. The set and what is reserved are exact together, under the lock.
 *
 * Context: nptb_vm.lock held.
 * Return: pages.
 */
static __always_inline u64 nptb_taken(struct nptb_vm *vm)
{
	u64 leaves = nptb_counted_leaves(vm);

	if (likely(!(vm->account.special & NPTB_SPECIAL_RECLAIM)))
		return leaves;
	return max(leaves, nptb_rset_counted(&vm->resident.set));
}

/*
 * What a budget says to one more leaf. That there was no room for a VM's only vCPU a moment
 * ago is not asked anew: where a larger budget was written just now, or a leaf went by
 * itself, a page goes that need not.
 */
static __always_inline enum nptb_room nptb_room_for(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;

	lockdep_assert_held(&vm->lock);
	if (likely(fault->room.none)) {
		fault->room.none = false;
		return NPTB_ROOM_EVICT;
	}
	return nptb_room(&vm->resident.set, nptb_taken(vm),
			 atomic64_read(&vm->account.reserved), NPTB_NEED, nptb_limit(vm));
}

/* As nptb_reserve(), where KVM's count is not all. */
static inline bool nptb_reserve_counted(struct nptb_vm *vm)
{
	u64 reserved = atomic64_add_return(NPTB_NEED, &vm->account.reserved);

	if (nptb_taken(vm) + reserved <= nptb_limit(vm))
		return true;
	nptb_unreserve(vm);
	return false;
}

/**
 * nptb_reserve_taken() - as nptb_reserve(), where KVM's count may not be all
 * @vm: under budget
 *
 * Context: nptb_vm.lock held.
 * Return: whether a leaf was reserved.
 */
static __always_inline bool nptb_reserve_taken(struct nptb_vm *vm)
{
	if (unlikely(vm->account.special & NPTB_SPECIAL_RECLAIM))
		return nptb_reserve_counted(vm);
	if (likely(nptb_reserve(vm) >= 0))
		return true;
	return unlikely(vm->resident.set.exempt.count) && nptb_reserve_counted(vm);
}

#endif /* NPTB_BUDGET_TAKEN_H */
