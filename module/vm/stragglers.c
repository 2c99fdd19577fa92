// SPDX-License-Identifier: GPL-2.0-only
/* Faults that began before a VM came under its budget: waited for, or given up. */
#include <linux/sched/signal.h>
#include <linux/srcu.h>

#include "backend.h"
#include "object/vm.h"
#include "vm/stragglers.h"

/**
 * nptb_stragglers_settled() - is nothing under way in kvm->srcu on our behalf?
 * @vm: alive; nptb_vm.life held
 *
 * To wait for its readers starts work that goes on where nobody waits any more.
 */
bool nptb_stragglers_settled(struct nptb_vm *vm)
{
	lockdep_assert_held(&vm->life);
	if (vm->attach.waiting &&
	    poll_state_synchronize_srcu(nptb_kvm_srcu(vm->kvm), vm->attach.stragglers))
		WRITE_ONCE(vm->attach.waiting, false);
	return !vm->attach.waiting;
}

/**
 * nptb_stragglers_settle() - have nothing under way in kvm->srcu on our behalf
 * @vm: about to be torn down, and kvm->srcu with it; nptb_vm.life held
 *
 * Context: kvm->srcu has no reader; may sleep.
 */
void nptb_stragglers_settle(struct nptb_vm *vm)
{
	if (!nptb_stragglers_settled(vm))
		synchronize_srcu_expedited(nptb_kvm_srcu(vm->kvm));
}

/**
 * nptb_stragglers_wait() - wait out the faults that are not ours
 * @vm: its faults are caught from now on; nptb_vm.ctl and nptb_vm.life held
 *
 * Faults that began before the hook was in place may still map what they like.
 * They hold kvm->srcu. A fault may wait for user space, so a signal ends this;
 * what was begun is then left to the next write, to the VM's end, or to our
 * unload.
 *
 * Context: may sleep.
 * Return: 0, or -EINTR.
 */
int nptb_stragglers_wait(struct nptb_vm *vm)
{
	struct srcu_struct *srcu = nptb_kvm_srcu(vm->kvm);

	/* A VM that is just being created: not even a signal may matter. */
	if (!nptb_kvm_nr_vcpus(vm->kvm))
		return 0;
	/* KVM merges leaves, when dirty logging goes off, under this lock. */
	if (mutex_lock_interruptible(nptb_kvm_slots_lock(vm->kvm)))
		return -EINTR;
	mutex_unlock(nptb_kvm_slots_lock(vm->kvm));
	vm->attach.stragglers = start_poll_synchronize_srcu(srcu);
	WRITE_ONCE(vm->attach.waiting, true);
	while (!nptb_stragglers_settled(vm)) {
		if (signal_pending(current))
			return -EINTR;
		schedule_timeout_interruptible(1);
	}
	return 0;
}
