// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU that is deferred again and again sleeps until there may be room, or for a
 * tick, instead of going round through the guest.
 *
 * A fault holds kvm->srcu, which slot updates wait for, so it must not sleep in
 * there. It leaves work for its own thread (task_work_add()) and returns to
 * KVM_RUN's loop, which lets go of SRCU before it does such work, as it does before
 * it reschedules: the guest is not entered before that is done. A signal wakes the
 * sleeper and ends KVM_RUN. An interrupt that comes for the vCPU waits for a tick
 * at most: it would have been deferred again rather than taken it any sooner.
 *
 * Where there may be room: a reservation has ended, or what an attempt shielded may go.
 * What KVM itself takes away, and shields that become old, the tick tells.
 */
#include <linux/sched/signal.h>
#include <linux/task_work.h>

#include "budget/wait.h"
#include "hook.h"
#include "object/vcpu.h"
#include "object/vm.h"

/* Deferred so often without being let in, a vCPU sleeps. */
#define DEFERRALS	2

static void sleep_work(struct callback_head *work)
{
	struct nptb_vcpu *v = container_of(work, struct nptb_vcpu,
					   sleeper.work);
	struct nptb_vm *vm = v->vm;

	wait_event_interruptible_timeout(vm->sleep.queue,
					 READ_ONCE(vm->sleep.rooms) != v->sleeper.rooms_seen,
					 1);
	spin_lock(&vm->lock);
	vm->sleep.sleepers--;
	/* It still wants in: see set/contention.h. */
	v->turn.waiting_at = jiffies;
	spin_unlock(&vm->lock);
	WRITE_ONCE(v->sleeper.pending, false);
	nptb_vm_put(vm);
	nptb_hook_leave();
}

/**
 * nptb_wait_begin() - a fault is deferred: will its vCPU sleep?
 * @vm: whose
 * @v: the vCPU; its own thread
 *
 * In the same hold of the lock in which no room was found, so that none can come
 * unseen.
 *
 * Context: nptb_vm.lock held.
 * Return: whether nptb_wait() is to follow.
 */
bool nptb_wait_begin(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	lockdep_assert_held(&vm->lock);
	/* The thread that ran the vCPU before may not have done its work yet. */
	if (++v->sleeper.deferrals < DEFERRALS || READ_ONCE(v->sleeper.pending))
		return false;
	vm->sleep.sleepers++;
	v->sleeper.rooms_seen = vm->sleep.rooms;
	return true;
}

/**
 * nptb_wait() - sleep before the guest is entered again
 * @vm: whose
 * @v: the vCPU, of which nptb_wait_begin() has said so; its own thread
 */
void nptb_wait(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	/* Until the work is done, which may be when KVM_RUN has returned. */
	nptb_vm_get(vm);
	nptb_hook_enter();
	v->sleeper.pending = true;
	init_task_work(&v->sleeper.work, sleep_work);
	if (likely(!task_work_add(current, &v->sleeper.work, TWA_RESUME)))
		return;
	/* A thread that exits: it does not enter the guest. */
	v->sleeper.pending = false;
	spin_lock(&vm->lock);
	vm->sleep.sleepers--;
	spin_unlock(&vm->lock);
	nptb_hook_leave();
	nptb_vm_put(vm);
}

/**
 * nptb_wake() - there may be room for those that sleep
 * @vm: whose
 *
 * Context: nptb_vm.lock held.
 */
void nptb_wake(struct nptb_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	WRITE_ONCE(vm->sleep.rooms, vm->sleep.rooms + 1);
	wake_up_all(&vm->sleep.queue);
}
