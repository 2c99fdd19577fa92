// SPDX-License-Identifier: GPL-2.0-only
/* What a VM evicts: its policy, seed and batch, changed while the guest runs. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>

#include "budget/frames.h"
#include "budget/reclaim.h"
#include "budget/table.h"
#include "object/vm.h"
#include "set/policy.h"
#include "trace.h"
#include "vm/policy.h"

/* Pages that a new policy is charged with under the VM's lock in one go. */
#define SWITCH_BATCH	64

/* Have the policy, which begins anew, charged with all pages; faults go on. */
static void charge_all(struct nptb_vm *vm)
{
	bool more = true;

	lockdep_assert_held(&vm->ctl);
	while (more) {
		spin_lock(&vm->lock);
		more = nptb_policy_switch_some(&vm->resident.set.policy, SWITCH_BATCH);
		spin_unlock(&vm->lock);
		cond_resched();
	}
}

static void switch_policy(struct nptb_vm *vm, const struct nptb_policy_ops *ops)
{
	spin_lock(&vm->lock);
	vm->config.policy = ops;
	if (vm->armed) {
		nptb_policy_begin_switch(&vm->resident.set.policy, ops);
		nptb_victims_mark(vm);
		WRITE_ONCE(vm->account.limit, nptb_victims_limit(vm, vm->config.budget));
	}
	spin_unlock(&vm->lock);
	charge_all(vm);
}

static int set_policy(struct nptb_vm *vm, const struct nptb_policy_ops *ops)
{
	const struct nptb_policy_ops *old = vm->config.policy;
	int ret;

	lockdep_assert_held(&vm->ctl);
	if (vm->armed && !nptb_victims_fit(&vm->resident.frames[NPTB_FRAMES_PIN], ops,
					   vm->config.budget)) {
		pr_warn("VM %s: policy %s keeps fewer pages than are pinned\n",
			vm->id.name, ops->name);
		return -ENOSPC;
	}
	switch_policy(vm, ops);
	if (!vm->armed || !vm->kvm)
		return 0;
	/* A policy may keep fewer pages than the one before. */
	ret = nptb_shrink(vm);
	if (ret)
		switch_policy(vm, old);
	else
		trace_nptb_policy(vm, &vm->config);
	return ret;
}

/**
 * nptb_vm_set_policy() - choose who goes next
 * @vm: to change; the pages that are resident stay so, as far as the policy
 *	keeps so many
 * @ops: the policy
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0; -ENOSPC where the policy keeps too few pages for the pins; -ENOMEM; -EINTR
 * where a signal came while faults were under way. After an error the old policy
 * is in force.
 */
int nptb_vm_set_policy(struct nptb_vm *vm, const struct nptb_policy_ops *ops)
{
	int ret;

	if (mutex_lock_interruptible(&vm->ctl))
		return -EINTR;
	down_read(&vm->life);
	ret = nptb_table_prepare(vm, ops);
	if (!ret)
		ret = set_policy(vm, ops);
	nptb_table_end_stamps(vm);
	up_read(&vm->life);
	mutex_unlock(&vm->ctl);
	return ret;
}

/**
 * nptb_vm_set_seed() - choose what dice begin with
 * @vm: to change; dice of the policy at work begin anew
 * @seed: any number
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0, or -EINTR where a signal came before anything was changed.
 */
int nptb_vm_set_seed(struct nptb_vm *vm, u64 seed)
{
	struct nptb_policy *policy = &vm->resident.set.policy;

	if (mutex_lock_interruptible(&vm->ctl))
		return -EINTR;
	spin_lock(&vm->lock);
	vm->config.seed = seed;
	if (vm->armed) {
		policy->seed = seed;
		if (policy->ops->dice)
			nptb_policy_begin_switch(policy, policy->ops);
	}
	spin_unlock(&vm->lock);
	charge_all(vm);
	mutex_unlock(&vm->ctl);
	return 0;
}

/**
 * nptb_vm_set_flush_aged() - choose whether cleared accessed bits are flushed
 * @vm: to change
 * @flush: also where no eviction does it
 */
void nptb_vm_set_flush_aged(struct nptb_vm *vm, bool flush)
{
	spin_lock(&vm->lock);
	vm->config.flush_aged = flush;
	spin_unlock(&vm->lock);
}

/**
 * nptb_vm_set_batch() - choose how many pages go for one fault
 * @vm: to change
 * @batch: pages, at most
 */
void nptb_vm_set_batch(struct nptb_vm *vm, u32 batch)
{
	spin_lock(&vm->lock);
	vm->config.batch = batch;
	if (vm->armed)
		nptb_victims_mark(vm);
	spin_unlock(&vm->lock);
}
