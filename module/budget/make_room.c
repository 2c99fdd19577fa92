// SPDX-License-Identifier: GPL-2.0-only
/* What is rare of making room for a fault. */
#include <linux/minmax.h>

#include "backend.h"
#include "budget/backing.h"
#include "budget/flush.h"
#include "budget/make_room.h"
#include "budget/reservation.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/contention.h"
#include "set/policy.h"
#include "set/rset.h"
#include "trace.h"

/* A victim that KVM had taken away before: nothing was flushed for it. */
void nptb_stale(struct nptb_vm *vm, struct nptb_fault *fault)
{
	vm->stats.stale++;
	if (fault)
		fault->room.stale++;
	if (!vm->config.flush_aged || !vm->resident.aged)
		return;
	nptb_kvm_flush(vm->kvm, &vm->flush, fault ? fault->in.vcpu : NULL);
	vm->resident.aged = false;
}

/*
 * A leaf went, and somebody listens. An event costs more than an eviction, so that of a
 * fault tells what was evicted for it: the last leaf, where there were several. With other
 * vCPUs each eviction has an event of its own: another one may map the page again, and
 * tell, before the fault ends.
 */
void nptb_tell_evicted(struct nptb_vm *vm, struct nptb_fault *fault, u64 key, u32 reason,
		       bool own)
{
	if (!fault) {
		trace_nptb_evict(vm, -1, key, reason, own);
		return;
	}
	if (!trace_nptb_fault_enabled() || nptb_kvm_nr_vcpus(vm->kvm) != 1) {
		trace_nptb_evict(vm, fault->in.v->idx, key, reason, own);
		return;
	}
	if (fault->room.victim != NPTB_KEY_NONE)
		trace_nptb_evict(vm, fault->in.v->idx, fault->room.victim, reason,
				 fault->room.own);
	fault->room.victim = key;
	fault->room.own = own;
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
 * Another vCPU has mapped the page since this one left the guest, in a way that
 * allows what it wants: it goes on, and nothing has to go. Were the page evicted
 * only to be mapped again, vCPUs that run the same code in step would do that to
 * each other, for ever where they are quick to fault again.
 */
void nptb_share(struct nptb_fault *fault, struct nptb_page *page)
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

/* The attempts of other vCPUs shield all that could go. */
struct nptb_page *nptb_choose_shielded(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;

	lockdep_assert_held(&vm->lock);
	if (!take_turn(vm, fault->in.v))
		return NULL;
	return nptb_policy_victim(&vm->resident.set.policy);
}

/*
 * Are there leaves that could not be kept track of, for want of memory? They
 * can only go all at once. Others that are in no set of ours are of tables that
 * die, after a memory slot went: those are out of reach, and go by themselves.
 */
bool nptb_unknown_leaves(struct nptb_vm *vm)
{
	u64 reserved = atomic64_read(&vm->account.reserved) + READ_ONCE(vm->resident.exempting);

	return READ_ONCE(vm->resident.untracked) &&
	       nptb_kvm_leaves(vm->kvm) > READ_ONCE(vm->resident.set.leaves) + reserved;
}

/* There is no page that may go: what else may have made room? */
enum nptb_admission nptb_none_to_evict(struct nptb_fault *fault)
	__must_hold(&fault->in.vm->lock)
{
	struct nptb_vm *vm = fault->in.vm;

	lockdep_assert_held(&vm->lock);
	if (nptb_revoke(vm, fault->in.v))
		return NPTB_ADMISSION_RESERVED;
	if (!nptb_unknown_leaves(vm))
		return NPTB_ADMISSION_LATER;
	spin_unlock(&vm->lock);
	nptb_flush(vm, fault->in.v->idx);
	spin_lock(&vm->lock);
	nptb_begin_looks(vm);
	return NPTB_ADMISSION_RESERVED;
}

/*
 * The most that go at a time: half of the limit at most, or a guest with few pages would
 * lose all it works with each time that it needs one.
 */
static u32 batch_of(const struct nptb_vm *vm)
{
	return clamp_t(u64, vm->account.limit / 2, 1, vm->config.batch);
}

/* Take who goes next out of the set. Return: how many, in @keys. */
static u32 take_several(struct nptb_fault *fault, struct nptb_page *page, u64 *keys)
{
	struct nptb_vm *vm = fault->in.vm;
	u32 nr = 0, most = batch_of(vm);

	lockdep_assert_held(&vm->lock);
	do {
		keys[nr] = nptb_page_key(page);
		if (vm->account.special & NPTB_SPECIAL_RECLAIM)
			nptb_backing_evicted(fault, keys[nr]);
		nptb_rset_take(&vm->resident.set, page);
		nr++;
		/* The lock is held no longer for accessed bits than without a batch. */
		if (nr == most || vm->resident.looks >= NPTB_FAULT_LOOKS)
			break;
		page = nptb_policy_victim_by(&vm->resident.set.policy, nptb_look, vm);
	} while (page);
	return nr;
}

/*
 * Evict a page, still in the set, and with it those that would go next, with one flush. Never
 * one that an attempt shields: no fault loop comes of it, and a budget that is enough for an
 * instruction is so whatever the batch is.
 */
void nptb_evict_batch(struct nptb_fault *fault, struct nptb_page *page)
{
	struct nptb_vm *vm = fault->in.vm;
	u64 keys[NPTB_BATCH_MAX];
	u32 nr = take_several(fault, page, keys), gone, i;

	/* One is for this fault; for the others there is no room before they are given up. */
	if (fault->room.reclaim) {
		fault->room.held += nr - 1;
		atomic64_add(nr - 1, &vm->account.reserved);
	}
	gone = nptb_kvm_evict_several(vm->kvm, &vm->flush, &vm->resident.trail, fault->in.vcpu,
				      keys, nr);
	for (i = 0; i < nr; i++) {
		if (!(gone & BIT(i))) {
			nptb_stale(vm, fault);
			continue;
		}
		vm->stats.evictions++;
		fault->room.evicted++;
		if (trace_nptb_evict_enabled() || trace_nptb_fault_enabled())
			nptb_tell_evicted(vm, fault, keys[i], NPTB_EVICT_FAULT, false);
	}
}
