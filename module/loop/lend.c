// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lending: pages over the budget for an attempt that cannot do with less, one
 * at a time, and taking them back.
 *
 * They are taken back at the vCPU's next fault that shows progress. On SVM
 * nothing exits when an instruction retires, so a fault may be long in coming:
 * a work item takes back what was lent to a vCPU that has not faulted for some
 * time.
 */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#include "budget/reclaim.h"
#include "loop/lend.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "object/vm.h"

/* A vCPU that has not faulted for this long is past its instruction. */
#define LEND_TICKS	(HZ / 50 + 1)
/* Victims for one run of the work item. */
#define TRIM_MAX	256

/*
 * Was the fault's view of on_loop, @on_loop, overtaken by a write, which took back
 * what was lent? What counts is what it says under the lock.
 */
static bool may_lend(const struct nptb_vm *vm, u32 on_loop)
{
	return vm->armed && vm->account.lent + NPTB_NEED <= vm->config.lend_max &&
	       vm->config.on_loop == on_loop;
}

static void lend(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	lockdep_assert_held(&vm->lock);
	if (!v->loan.pages)
		v->loan.since = ktime_get_ns();
	WRITE_ONCE(v->loan.pages, v->loan.pages + NPTB_NEED);
	WRITE_ONCE(vm->account.lent, vm->account.lent + NPTB_NEED);
	v->loan.at = jiffies;
	v->attempt.lent = max(v->attempt.lent, v->loan.pages);
	vm->stats.lent += NPTB_NEED;
	vm->stats.lent_peak = max(vm->stats.lent_peak, vm->account.lent);
	queue_delayed_work(nptb_wq, &vm->lending.work, LEND_TICKS);
}

/**
 * nptb_lend() - lend a page to the attempt of a vCPU
 * @fault: of an attempt that has all there is and needs more
 * @on_loop: enum nptb_on_loop, the mode that asks for it
 *
 * Return: %NPTB_SHORTAGE_LENT; %NPTB_SHORTAGE_EVICT where as much is lent as may be,
 * or the mode is another one now.
 */
enum nptb_shortage nptb_lend(struct nptb_fault *fault, u32 on_loop)
{
	struct nptb_vm *vm = fault->in.vm;
	bool may;

	spin_lock(&vm->lock);
	may = may_lend(vm, on_loop);
	if (may)
		lend(vm, fault->in.v);
	spin_unlock(&vm->lock);
	return may ? NPTB_SHORTAGE_LENT : NPTB_SHORTAGE_EVICT;
}

/* on_loop=lend: see &nptb_mode.shortage. Once the loop is confirmed. */
enum nptb_shortage nptb_lend_shortage(struct nptb_fault *fault)
{
	if (!fault->loop.confirmed && !fault->in.v->attempt.laps)
		return NPTB_SHORTAGE_EVICT;
	return nptb_lend(fault, NPTB_ON_LOOP_LEND);
}

/**
 * nptb_lend_back() - take back what was lent to a vCPU
 * @vm: whose it is
 * @v: the vCPU
 *
 * The limit is lower then; whoever faults next makes room for it.
 *
 * Context: nptb_vm.lock held.
 */
void nptb_lend_back(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	lockdep_assert_held(&vm->lock);
	if (!v->loan.pages)
		return;
	vm->stats.lent_ns += ktime_get_ns() - v->loan.since;
	WRITE_ONCE(vm->account.lent, vm->account.lent - v->loan.pages);
	WRITE_ONCE(v->loan.pages, 0);
}

/**
 * nptb_lend_back_all() - nothing is lent any more
 * @vm: whose vCPUs it is about
 *
 * Context: nptb_vm.lock held.
 */
void nptb_lend_back_all(struct nptb_vm *vm)
{
	u32 i;

	lockdep_assert_held(&vm->lock);
	for (i = 0; i < vm->nr_vcpus; i++)
		if (vm->vcpus[i])
			nptb_lend_back(vm, vm->vcpus[i]);
}

/* Return: true where some vCPU keeps what it was lent. */
static bool take_back_old(struct nptb_vm *vm)
{
	bool kept = false;
	u32 i;

	spin_lock(&vm->lock);
	for (i = 0; i < vm->nr_vcpus; i++) {
		struct nptb_vcpu *v = vm->vcpus[i];

		if (!v || !v->loan.pages)
			continue;
		if (time_after(jiffies, v->loan.at + LEND_TICKS))
			nptb_lend_back(vm, v);
		else
			kept = true;
	}
	spin_unlock(&vm->lock);
	return kept;
}

/**
 * nptb_lend_work() - the deadline of what was lent
 * @work: &nptb_lending.work
 *
 * A VM that is about to end is let alone: nobody waits for its end here.
 */
void nptb_lend_work(struct work_struct *work)
{
	struct nptb_vm *vm = container_of(to_delayed_work(work), struct nptb_vm,
					  lending.work);
	bool again = true;

	if (down_read_trylock(&vm->life)) {
		again = false;
		if (vm->kvm && READ_ONCE(vm->armed)) {
			again = take_back_old(vm);
			again |= !nptb_trim(vm, TRIM_MAX);
		}
		up_read(&vm->life);
	}
	if (!again)
		return;
	spin_lock(&vm->lock);
	if (vm->armed)
		queue_delayed_work(nptb_wq, &vm->lending.work, LEND_TICKS);
	spin_unlock(&vm->lock);
}
