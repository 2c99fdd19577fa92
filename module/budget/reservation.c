// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revoking grants that are held for long; reservation.h gives them. A vCPU that was
 * granted a leaf may lose its CPU before it maps, or wait inside KVM for the host's
 * memory, for as long as user space takes to bring it. Its grant is then revoked, so
 * that others can go on.
 *
 * That takes a hook on the function that maps, under mmu_lock: who was revoked
 * asks for a new grant there, or does not map. Faults pay for that hook, so it
 * is only set once somebody has waited for such a grant. Where mmu_lock was held
 * for write after it was set, every grant is either before that function, or its
 * leaf is in KVM's count.
 *
 * The same hook makes KVM map for reading what is only read while writes are
 * logged. KVM maps what it may for writing, and marks the page as dirty: that is
 * one page too many once, where leaves stay, but one at each fault where they are
 * evicted, and whoever copies what is dirty would never come to an end.
 */
#include <linux/workqueue.h>

#include "backend.h"
#include "budget/reservation.h"
#include "hook.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/contention.h"

/**
 * nptb_may_map() - KVM is about to make the leaf that a fault was granted
 * @vm: whose it is
 * @v: of the vCPU; its own thread
 *
 * Context: mmu_lock held, for read or for write.
 * Return: false where the grant was revoked, and there is none to be had now.
 */
bool nptb_may_map(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	if (likely(READ_ONCE(v->reservation.state) != NPTB_RESERVATION_REVOKED))
		return true;
	if (nptb_reserve(vm) < 0)
		return false;
	v->reservation.since = jiffies;
	WRITE_ONCE(v->reservation.state, NPTB_RESERVATION_HELD);
	return true;
}

static void hook_work(struct work_struct *work)
{
	nptb_hook_map();
}

static DECLARE_WORK(work, hook_work);

/* Do not leave before it has run. */
void nptb_reservation_exit(void)
{
	cancel_work_sync(&work);
}

/**
 * nptb_read_only() - is a page to be mapped for reading, since it is only read?
 * @vcpu: that faulted
 * @key: of the frame, or %NPTB_KEY_NONE where that is not known
 *
 * The first faults under dirty logging come before the hook that it takes.
 *
 * Context: kvm->srcu held.
 * Return: whether writes to it are logged.
 */
bool nptb_read_only(struct kvm_vcpu *vcpu, u64 key)
{
	if (!nptb_kvm_logs_writes(vcpu, key))
		return false;
	if (unlikely(!nptb_hook_maps()))
		queue_work(nptb_wq, &work);
	return true;
}

static bool overdue(const struct nptb_vcpu *w)
{
	return READ_ONCE(w->reservation.state) == NPTB_RESERVATION_HELD &&
	       nptb_tick_over(READ_ONCE(w->reservation.since), jiffies);
}

/**
 * nptb_revoke() - take back what other vCPUs were granted long ago
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
	/* There the set and the grants are counted by, not KVM's leaves alone. */
	if (unlikely(vm->account.special & NPTB_SPECIAL_EXEMPT))
		return false;
	for (i = 0; i < vm->nr_vcpus; i++)
		late += vm->vcpus[i] && vm->vcpus[i] != v &&
			overdue(vm->vcpus[i]);
	if (!late)
		return false;
	if (!nptb_hook_maps()) {
		queue_work(nptb_wq, &work);
		return false;
	}
	nptb_kvm_stop_mapping(vm->kvm);
	for (i = 0; i < vm->nr_vcpus; i++) {
		struct nptb_vcpu *w = vm->vcpus[i];

		if (w && w != v && overdue(w) &&
		    cmpxchg(&w->reservation.state, NPTB_RESERVATION_HELD,
			    NPTB_RESERVATION_REVOKED) == NPTB_RESERVATION_HELD)
			revoked++;
	}
	nptb_kvm_go_on_mapping(vm->kvm);
	atomic64_sub(revoked * NPTB_NEED, &vm->account.reserved);
	vm->stats.revoked += revoked;
	return revoked;
}
