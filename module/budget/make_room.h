/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Make room in a budget: choose victims, evict them, reserve leaves. Inline, for most
 * faults do it: calls would cost as much as a good part of it.
 *
 * KVM's count plus what is reserved never exceeds the limit when a reservation is
 * made, and only what was reserved is mapped: that is all there is to exactness.
 * Everything else here is about choosing well.
 */
#ifndef NPTB_BUDGET_MAKE_ROOM_H
#define NPTB_BUDGET_MAKE_ROOM_H

#include "backend.h"
#include "budget/account.h"
#include "budget/backing.h"
#include "budget/reservation.h"
#include "budget/taken.h"
#include "budget/wait.h"
#include "lock.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/attempt.h"
#include "set/policy.h"
#include "set/rset.h"
#include "trace.h"

/**
 * enum nptb_admission - what make room came to
 * @NPTB_ADMISSION_RESERVED: &nptb_fault_room.reserved leaves may be made
 * @NPTB_ADMISSION_LATER: the fault has to come again
 * @NPTB_ADMISSION_THERE: no leaf has to be made: another vCPU has made it
 * @NPTB_ADMISSION_SHORT: there is no room for the attempt but what it has itself
 * @NPTB_ADMISSION_AGAIN: not known yet: the lock was held for long enough
 */
enum nptb_admission {
	NPTB_ADMISSION_RESERVED,
	NPTB_ADMISSION_LATER,
	NPTB_ADMISSION_THERE,
	NPTB_ADMISSION_SHORT,
	NPTB_ADMISSION_AGAIN,
};

/* In make_room.c, for it is rare. */
void nptb_stale(struct nptb_vm *vm, struct nptb_fault *fault);
void nptb_tell_evicted(struct nptb_vm *vm, struct nptb_fault *fault, u64 key, u32 reason,
		       bool own);
void nptb_share(struct nptb_fault *fault, struct nptb_page *page);
struct nptb_page *nptb_choose_shielded(struct nptb_fault *fault);
enum nptb_admission nptb_none_to_evict(struct nptb_fault *fault);
bool nptb_unknown_leaves(struct nptb_vm *vm);
void nptb_evict_batch(struct nptb_fault *fault, struct nptb_page *page);

/*
 * Victims for one fault. More than one is needed where the set holds pages
 * that KVM took away unseen, or where the limit has just shrunk. The lock is let
 * go after a few of them, or of the accessed bits that a policy looks at for one
 * (40 at most); and a fault does not pay for many that were gone already: it comes
 * again, and all of them are looked for meanwhile, see nptb_reconcile_soon().
 */
#define NPTB_FAULT_EVICTS_MAX	64
#define NPTB_FAULT_EVICTS	8
#define NPTB_FAULT_LOOKS	64
#define NPTB_FAULT_STALE_MAX	8

/* The lock was taken: who looks for leaves begins anew. */
static __always_inline void nptb_begin_looks(struct nptb_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	vm->resident.looks = 0;
	nptb_trail_end(&vm->resident.trail);
}

/* Evict @page, which is in the set no more, for @fault or without. */
static __always_inline void nptb_evict(struct nptb_vm *vm, struct nptb_page *page,
				       struct nptb_fault *fault, u32 reason, bool own)
{
	lockdep_assert_held(&vm->lock);
	if (likely(nptb_kvm_evict(vm->kvm, &vm->flush, &vm->resident.trail,
				  fault ? fault->in.vcpu : NULL, nptb_page_key(page)))) {
		vm->stats.evictions++;
		if (fault)
			fault->room.evicted++;
		/* What KVM had taken away is not the attempt's own doing. */
		if (own)
			nptb_attempt_evicted(&fault->in.v->attempt, nptb_page_key(page),
					     vm->account.limit);
		if (trace_nptb_evict_enabled() || trace_nptb_fault_enabled())
			nptb_tell_evicted(vm, fault, nptb_page_key(page), reason, own);
	} else {
		nptb_stale(vm, fault);
	}
}

/*
 * The very page that faulted, if it is in the set: its leaf may be there and
 * only want another permission. Zapping it makes exactly the room that mapping
 * it again takes, and no other page has to go. It comes back at once, so that an
 * attempt which shields it is not robbed. The shadow MMU may want another leaf
 * for the same frame, at another address, unless the error code says that the
 * very leaf is there. Where it says that there is none, a VM's only vCPU need not look:
 * nobody else can have made one since.
 */
static __always_inline struct nptb_page *nptb_faulting(struct nptb_fault *fault)
{
	if (fault->in.key == NPTB_KEY_NONE)
		return NULL;
	if (!nptb_code_has_leaf(fault->in.error_code) &&
	    (fault->in.shadow || fault->in.sole))
		return NULL;
	return nptb_rset_find(&fault->in.vm->resident.set, fault->in.key);
}

/* Was the page of a frame accessed? As &nptb_policy.young, for a call without a pointer. */
static __always_inline bool nptb_look(void *ctx, u64 key)
{
	struct nptb_vm *vm = ctx;

	/* Every eviction flushes everything, so this matters without one. */
	vm->resident.aged = true;
	vm->resident.looks++;
	return nptb_kvm_young(vm->kvm, &vm->resident.trail, key);
}

/*
 * Who goes, but for the page that faulted; still in the set. @own: it is a page
 * of the very attempt that needs room, which only a policy without the shield
 * chooses. @alone: none does, and there is no page but those of the very attempt.
 */
static __always_inline struct nptb_page *nptb_choose(struct nptb_fault *fault,
						     bool *own, bool *alone)
{
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_vcpu *v = fault->in.v;
	struct nptb_page *page;

	lockdep_assert_held(&vm->lock);
	page = nptb_policy_victim_by(&vm->resident.set.policy, nptb_look, vm);
	if (page) {
		/* Without a shield the policy has the attempt's own, too. */
		if (unlikely(vm->account.special & NPTB_SPECIAL_BARE))
			*own = nptb_attempt_evicted(&v->attempt, nptb_page_key(page),
						    vm->account.limit);
		return page;
	}
	if (nptb_rset_loose(&vm->resident.set) > v->shield.count)
		return nptb_choose_shielded(fault);
	/* What is missing was reserved for others: their faults will tell. */
	*alone = v->shield.leaves + vm->resident.set.pinned.leaves + NPTB_NEED >
		 nptb_limit(vm);
	return NULL;
}

/*
 * Is it the time for several at once? One batch for a fault: where that was not enough, others
 * have taken what it left. @own: what it would evict is of its own attempt.
 */
static inline bool nptb_may_batch(const struct nptb_fault *fault, bool own)
{
	return (fault->in.vm->account.special & NPTB_SPECIAL_BATCH) && !own &&
	       !fault->room.evicted && !fault->room.stale;
}

/*
 * Evict one page, or several, or all unknown ones.
 * Return: RESERVED where that may have made room.
 */
static __always_inline enum nptb_admission nptb_evict_one(struct nptb_fault *fault)
	__must_hold(&fault->in.vm->lock)
{
	bool own = false, shielded = false, alone = false, faulted;
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_page *page;

	lockdep_assert_held(&vm->lock);
	page = nptb_faulting(fault);
	faulted = page;
	if (!page) {
		page = nptb_choose(fault, &own, &alone);
	} else if (!fault->in.shadow && nptb_kvm_allows(fault->in.vcpu, nptb_page_key(page),
						     fault->in.error_code)) {
		nptb_share(fault, page);
		return NPTB_ADMISSION_THERE;
	}
	if (!page && alone) {
		fault->in.v->attempt.budget = vm->account.limit;
		if (!fault->room.take_own)
			return NPTB_ADMISSION_SHORT;
		page = nptb_rset_oldest(&vm->resident.set, &fault->in.v->shield);
		shielded = true;
		own = true;
	}
	if (page) {
		/* What faulted is about to come back. */
		if (unlikely(vm->account.special & (NPTB_SPECIAL_RECLAIM | NPTB_SPECIAL_BATCH)) &&
		    !faulted) {
			if (nptb_may_batch(fault, shielded)) {
				nptb_evict_batch(fault, page);
				return NPTB_ADMISSION_RESERVED;
			}
			if (vm->account.special & NPTB_SPECIAL_RECLAIM)
				nptb_backing_evicted(fault, nptb_page_key(page));
		}
		if (shielded)
			nptb_rset_take_own(&vm->resident.set, page, &fault->in.v->shield);
		else
			nptb_rset_take(&vm->resident.set, page);
		nptb_evict(vm, page, fault, NPTB_EVICT_FAULT, own);
		return NPTB_ADMISSION_RESERVED;
	}
	return nptb_none_to_evict(fault);
}

/* As much as one hold of the lock is for. Return: AGAIN where that was not enough. */
static __always_inline enum nptb_admission nptb_evict_some(struct nptb_fault *fault)
{
	enum nptb_admission admission;
	struct nptb_vm *vm = fault->in.vm;
	int victims;

	lockdep_assert_held(&vm->lock);
	nptb_settle_ended(vm, fault->in.v);
	nptb_begin_looks(vm);
	for (victims = 0; victims < NPTB_FAULT_EVICTS && vm->resident.looks < NPTB_FAULT_LOOKS;
	     victims++) {
		switch (nptb_room_for(fault)) {
		case NPTB_ROOM_YES:
			break;
		case NPTB_ROOM_WAIT:
			if (nptb_revoke(vm, fault->in.v))
				break;
			return NPTB_ADMISSION_LATER;
		case NPTB_ROOM_EVICT:
			admission = nptb_evict_one(fault);
			if (admission != NPTB_ADMISSION_RESERVED)
				return admission;
		}
		if (nptb_reserve_taken(vm))
			return NPTB_ADMISSION_RESERVED;
	}
	return NPTB_ADMISSION_AGAIN;
}

/* Has a fault paid for as many victims as one may? */
static inline bool nptb_has_paid(const struct nptb_fault *fault)
{
	return fault->room.stale >= NPTB_FAULT_STALE_MAX ||
	       fault->room.evicted + fault->room.stale >= NPTB_FAULT_EVICTS_MAX;
}

/**
 * nptb_make_room() - get leaves reserved for a fault that has none
 * @fault: accounted
 *
 * Never waits for another vCPU: where that has to be, it is done when KVM_RUN's
 * loop has been reached, see wait.c.
 *
 * Return: see &enum nptb_admission.
 */
static __always_inline enum nptb_admission nptb_make_room(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;
	enum nptb_admission admission;
	bool wait = false;

	for (;;) {
		nptb_spin_lock(&vm->lock);
		admission = nptb_evict_some(fault);
		if (unlikely(admission == NPTB_ADMISSION_LATER))
			wait = nptb_wait_begin(vm, fault->in.v);
		else
			fault->in.v->sleeper.deferrals = 0;
		nptb_spin_unlock(&vm->lock);
		if (likely(admission != NPTB_ADMISSION_AGAIN))
			break;
		if (nptb_has_paid(fault)) {
			nptb_reconcile_soon(vm);
			admission = NPTB_ADMISSION_LATER;
			break;
		}
		cond_resched();
	}
	if (unlikely(wait))
		nptb_wait(vm, fault->in.v);
	/* Where it is short, the caller tries again, or steps. */
	if (admission != NPTB_ADMISSION_SHORT)
		nptb_attempt_admitted(&fault->in.v->attempt,
				      admission != NPTB_ADMISSION_LATER);
	if (admission == NPTB_ADMISSION_RESERVED) {
		fault->room.reserved = NPTB_NEED;
		nptb_reservation_begin(fault->in.v);
	}
	return admission;
}

#endif /* NPTB_BUDGET_MAKE_ROOM_H */
