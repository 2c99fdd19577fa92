// SPDX-License-Identifier: GPL-2.0-only
/*
 * Make room in a budget: choose victims, evict them, reserve leaves.
 *
 * KVM's count plus what is reserved never exceeds the limit when a reservation is
 * made, and only what was reserved is mapped: that is all there is to exactness.
 * Everything else here is about choosing well.
 */
#include "backend.h"
#include "budget/account.h"
#include "budget/backing.h"
#include "budget/flush.h"
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

/*
 * Victims for one fault. More than one is needed where the set holds pages
 * that KVM took away unseen, or where the limit has just shrunk. The lock is let
 * go after a few of them, or of the accessed bits that a policy looks at for one
 * (40 at most); and a fault does not pay for many that were gone already: it comes
 * again, and all of them are looked for meanwhile, see nptb_reconcile_soon().
 */
#define EVICT_MAX	64
#define EVICT_BATCH	8
#define LOOKS_BATCH	64
#define STALE_MAX	8

/* A victim that KVM had taken away before: nothing was flushed for it. */
static noinline void stale(struct nptb_vm *vm, struct nptb_fault *fault)
{
	vm->stats.stale++;
	if (fault)
		fault->room.stale++;
	if (!vm->config.flush_aged || !vm->resident.aged)
		return;
	nptb_kvm_flush(vm->kvm, &vm->flush, fault ? fault->in.vcpu : NULL);
	vm->resident.aged = false;
}

/* The lock was taken: who looks for leaves begins anew. */
static __always_inline void begin_looks(struct nptb_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	vm->resident.looks = 0;
	nptb_trail_end(&vm->resident.trail);
}

/* Evict @page, which is in the set no more, for @fault or without. */
static __always_inline void evict(struct nptb_vm *vm, struct nptb_page *page,
				  struct nptb_fault *fault, u32 reason,
				  bool own)
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
		if (trace_nptb_evict_enabled())
			trace_nptb_evict(vm, fault ? fault->in.v->idx : -1,
					 nptb_page_key(page), reason, own);
	} else {
		stale(vm, fault);
	}
}

/*
 * All that is not @v's own is shielded by the attempts of other vCPUs: see
 * set/contention.h for how long that holds.
 *
 * Return: true where a shield was broken and there are victims now.
 */
static bool take_turn(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	struct nptb_turn *robbed;

	lockdep_assert_held(&vm->lock);
	robbed = nptb_turns_take(&vm->turns, &v->turn, jiffies);
	if (!robbed)
		return false;
	nptb_rset_settle(&vm->resident.set, robbed->shield);
	return true;
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
static __always_inline struct nptb_page *faulting(struct nptb_fault *fault)
{
	if (fault->in.key == NPTB_KEY_NONE)
		return NULL;
	if (!nptb_code_has_leaf(fault->in.error_code) &&
	    (fault->in.shadow || nptb_kvm_nr_vcpus(fault->in.vm->kvm) == 1))
		return NULL;
	return nptb_rset_find(&fault->in.vm->resident.set, fault->in.key);
}

/*
 * Another vCPU has mapped the page since this one left the guest, in a way that
 * allows what it wants: it goes on, and nothing has to go. Were the page evicted
 * only to be mapped again, vCPUs that run the same code in step would do that to
 * each other, for ever where they are quick to fault again.
 */
static noinline void share(struct nptb_fault *fault, struct nptb_page *page)
{
	struct nptb_vm *vm = fault->in.vm;

	lockdep_assert_held(&vm->lock);
	/* What another attempt shields is shielded for this one as well. */
	if (nptb_page_is_held(page))
		return;
	if (vm->account.special & NPTB_SPECIAL_BARE)
		nptb_rset_free(&vm->resident.set, page);
	else
		nptb_rset_hand(&vm->resident.set, page, &fault->in.v->shield);
}

/*
 * No page of the policy's may go. @alone: there is no other page than those of
 * the very attempt that needs room.
 */
static struct nptb_page *choose_shielded(struct nptb_fault *fault, bool *alone)
{
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_vcpu *v = fault->in.v;

	lockdep_assert_held(&vm->lock);
	if (nptb_rset_loose(&vm->resident.set) > v->shield.count) {
		if (!take_turn(vm, v))
			return NULL;
		return nptb_policy_victim(&vm->resident.set.policy);
	}
	/* What is missing was reserved for others: their faults will tell. */
	*alone = v->shield.leaves + vm->resident.set.pinned.leaves + NPTB_NEED >
		 nptb_limit(vm);
	return NULL;
}

/*
 * Who goes, but for the page that faulted; still in the set. @own: it is a page
 * of the very attempt that needs room, which only a policy without the shield
 * chooses.
 */
static __always_inline struct nptb_page *choose(struct nptb_fault *fault,
						bool *own, bool *alone)
{
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_vcpu *v = fault->in.v;
	struct nptb_page *page;

	lockdep_assert_held(&vm->lock);
	page = nptb_policy_victim(&vm->resident.set.policy);
	if (page) {
		/* Without a shield the policy has the attempt's own, too. */
		if (unlikely(vm->account.special & NPTB_SPECIAL_BARE))
			*own = nptb_attempt_evicted(&v->attempt, nptb_page_key(page),
						    vm->account.limit);
		return page;
	}
	return choose_shielded(fault, alone);
}

/*
 * Are there leaves that could not be kept track of, for want of memory? They
 * can only go all at once. Others that are in no set of ours are of tables that
 * die, after a memory slot went: those are out of reach, and go by themselves.
 */
static bool unknown_leaves(struct nptb_vm *vm)
{
	u64 reserved = atomic64_read(&vm->account.reserved) + READ_ONCE(vm->resident.exempting);

	return READ_ONCE(vm->resident.untracked) &&
	       nptb_kvm_leaves(vm->kvm) > READ_ONCE(vm->resident.set.leaves) + reserved;
}

/* There is no page that may go: what else may have made room? */
static noinline enum nptb_admission none_to_evict(struct nptb_fault *fault)
	__must_hold(&fault->in.vm->lock)
{
	struct nptb_vm *vm = fault->in.vm;

	lockdep_assert_held(&vm->lock);
	if (nptb_revoke(vm, fault->in.v))
		return NPTB_ADMISSION_RESERVED;
	if (!unknown_leaves(vm))
		return NPTB_ADMISSION_LATER;
	spin_unlock(&vm->lock);
	nptb_flush(vm, fault->in.v->idx);
	spin_lock(&vm->lock);
	begin_looks(vm);
	return NPTB_ADMISSION_RESERVED;
}

/*
 * Evict one page, or all unknown ones.
 * Return: RESERVED where that may have made room.
 */
static __always_inline enum nptb_admission evict_one(struct nptb_fault *fault)
	__must_hold(&fault->in.vm->lock)
{
	bool own = false, alone = false, faulted;
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_page *page;

	lockdep_assert_held(&vm->lock);
	page = faulting(fault);
	faulted = page;
	if (!page) {
		page = choose(fault, &own, &alone);
	} else if (!fault->in.shadow && nptb_kvm_allows(fault->in.vcpu, nptb_page_key(page),
						     fault->in.error_code)) {
		share(fault, page);
		return NPTB_ADMISSION_THERE;
	}
	if (!page && alone) {
		fault->in.v->attempt.budget = vm->account.limit;
		if (!fault->room.take_own)
			return NPTB_ADMISSION_SHORT;
		page = nptb_rset_oldest(&vm->resident.set, &fault->in.v->shield);
		own = true;
	}
	if (page) {
		/* What faulted is about to come back. */
		if (unlikely(vm->account.special & NPTB_SPECIAL_RECLAIM) && !faulted)
			nptb_backing_evicted(fault, nptb_page_key(page));
		nptb_rset_take(&vm->resident.set, page);
		evict(vm, page, fault, NPTB_EVICT_FAULT, own);
		return NPTB_ADMISSION_RESERVED;
	}
	return none_to_evict(fault);
}

/* As much as one hold of the lock is for. Return: AGAIN where that was not enough. */
static enum nptb_admission evict_some(struct nptb_fault *fault)
{
	enum nptb_admission admission;
	struct nptb_vm *vm = fault->in.vm;
	int victims;

	lockdep_assert_held(&vm->lock);
	nptb_settle_ended(vm, fault->in.v);
	begin_looks(vm);
	for (victims = 0; victims < EVICT_BATCH && vm->resident.looks < LOOKS_BATCH;
	     victims++) {
		switch (nptb_room(&vm->resident.set, nptb_taken(vm),
				  atomic64_read(&vm->account.reserved), NPTB_NEED,
				  nptb_limit(vm))) {
		case NPTB_ROOM_YES:
			break;
		case NPTB_ROOM_WAIT:
			if (nptb_revoke(vm, fault->in.v))
				break;
			return NPTB_ADMISSION_LATER;
		case NPTB_ROOM_EVICT:
			admission = evict_one(fault);
			if (admission != NPTB_ADMISSION_RESERVED)
				return admission;
		}
		if (nptb_reserve_taken(vm))
			return NPTB_ADMISSION_RESERVED;
	}
	return NPTB_ADMISSION_AGAIN;
}

/* Has a fault paid for as many victims as one may? */
static bool has_paid(const struct nptb_fault *fault)
{
	return fault->room.stale >= STALE_MAX ||
	       fault->room.evicted + fault->room.stale >= EVICT_MAX;
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
enum nptb_admission nptb_make_room(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;
	enum nptb_admission admission;
	bool wait = false;

	for (;;) {
		spin_lock(&vm->lock);
		admission = evict_some(fault);
		if (unlikely(admission == NPTB_ADMISSION_LATER))
			wait = nptb_wait_begin(vm, fault->in.v);
		else
			fault->in.v->sleeper.deferrals = 0;
		spin_unlock(&vm->lock);
		if (likely(admission != NPTB_ADMISSION_AGAIN))
			break;
		if (has_paid(fault)) {
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
	begin_looks(vm);
	evict(vm, page, NULL, NPTB_EVICT_BUDGET, false);
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
	begin_looks(vm);
	page = take_any(vm);
	if (page) {
		key = nptb_page_key(page);
		evict(vm, page, NULL, NPTB_EVICT_BUDGET, false);
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
		if (unknown_leaves(vm)) {
			nptb_flush(vm, -1);
			continue;
		}
		if (signal_pending(current))
			return -EINTR;
		schedule_timeout_interruptible(1);
	}
	return 0;
}
