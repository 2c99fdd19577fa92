// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revoking reservations that are held for long; reservation.h gives them. A vCPU for which
 * a leaf was reserved may lose its CPU before it maps, or wait inside KVM for the host's
 * memory, for as long as user space takes to bring it. Its reservation is then revoked, so
 * that others can go on.
 *
 * KVM is caught where it maps, under mmu_lock: who was revoked asks for a new reservation
 * there, or does not map. While mmu_lock is held for write, every reservation is either
 * before that place, or its leaf is in KVM's count.
 *
 * The same place makes KVM map for reading what is only read while writes are
 * logged. KVM maps what it may for writing, and marks the page as dirty: that is
 * one page too many once, where leaves stay, but one at each fault where they are
 * evicted, and whoever copies what is dirty would never come to an end.
 */
#include "backend.h"
#include "budget/reservation.h"
#include "hook.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/contention.h"

/**
 * nptb_may_map() - KVM is about to make the leaf that was reserved for a fault
 * @vm: whose it is
 * @v: of the vCPU; its own thread
 *
 * Context: mmu_lock held, for read or for write.
 * Return: false where the reservation was revoked, and there is none to be had now.
 */
bool nptb_may_map(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	if (likely(READ_ONCE(v->reservation.state) != NPTB_RESERVATION_REVOKED))
		return true;
	if (nptb_reserve(vm) < 0)
		return false;
	v->reservation.since = jiffies;
	WRITE_ONCE(v->reservation.state, NPTB_RESERVATION_HELD);
	nptb_hook_unask();
	return true;
}

static bool overdue(const struct nptb_vcpu *w)
{
	return READ_ONCE(w->reservation.state) == NPTB_RESERVATION_HELD &&
	       nptb_tick_over(READ_ONCE(w->reservation.since), jiffies);
}

/**
 * nptb_revoke() - take back what was reserved for other vCPUs long ago
 * @vm: under budget
 * @v: the vCPU that needs it
 *
 * Context: nptb_vm.lock held.
 * Return: true where something was taken back.
 */
bool nptb_revoke(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	u32 i, late = 0, revoked = 0;

	lockdep_assert_held(&vm->lock);
	/* There the set and the reservations are counted by, not KVM's leaves alone. */
	if (unlikely(vm->account.special & NPTB_SPECIAL_EXEMPT))
		return false;
	for (i = 0; i < vm->nr_vcpus; i++)
		late += vm->vcpus[i] && vm->vcpus[i] != v &&
			overdue(vm->vcpus[i]);
	if (!late)
		return false;
	nptb_kvm_stop_mapping(vm->kvm);
	for (i = 0; i < vm->nr_vcpus; i++) {
		struct nptb_vcpu *w = vm->vcpus[i];

		if (!w || w == v || !overdue(w))
			continue;
		/* First, for it may take that back at once. */
		nptb_hook_ask();
		if (cmpxchg(&w->reservation.state, NPTB_RESERVATION_HELD,
			    NPTB_RESERVATION_REVOKED) == NPTB_RESERVATION_HELD)
			revoked++;
		else
			nptb_hook_unask();
	}
	nptb_kvm_go_on_mapping(vm->kvm);
	atomic64_sub(revoked * NPTB_NEED, &vm->account.reserved);
	vm->stats.revoked += revoked;
	return revoked;
}
