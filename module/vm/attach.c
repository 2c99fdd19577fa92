// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM's budget: put on, changed, taken away, while the guest runs. VMs under
 * budget are armed: faults find them in a hash.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "backend.h"
#include "budget/account.h"
#include "budget/flush.h"
#include "budget/frames.h"
#include "budget/make_room.h"
#include "budget/reclaim.h"
#include "budget/reconcile.h"
#include "budget/reservation.h"
#include "budget/table.h"
#include "hook.h"
#include "loop/lend.h"
#include "loop/lend_stats.h"
#include "loop/record.h"
#include "object/config.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/policy.h"
#include "set/rset.h"
#include "trace.h"
#include "vm/attach.h"
#include "vm/backing.h"
#include "vm/frames.h"
#include "vm/stragglers.h"

/* More than there can be, and to be added to. */
#define NO_LIMIT	(U64_MAX / 2)
/* Loop records that there is room for at first. */
#define RECORDS_FIRST	5
/* Pages freed under the VM's lock in one go. */
#define DRAIN_BATCH	128

/* We are being unloaded: no VM comes under budget any more. Under nptb_registry. */
static bool closed;

static void refuse_work(struct work_struct *work);

/**
 * nptb_budget_close() - no VM comes under budget any more
 *
 * Context: nptb_registry held.
 */
void nptb_budget_close(void)
{
	lockdep_assert_held(&nptb_registry);
	closed = true;
}

/* Was it? Context: nptb_registry held. */
bool nptb_budget_closed(void)
{
	lockdep_assert_held(&nptb_registry);
	return closed;
}

/**
 * nptb_budget_init() - a new VM is under no budget
 * @vm: to set up; the rest comes with its first budget
 */
void nptb_budget_init(struct nptb_vm *vm)
{
	INIT_HLIST_NODE(&vm->watch.node);
	INIT_DELAYED_WORK(&vm->lending.work, nptb_lend_work);
	INIT_WORK(&vm->attach.refuse_work, refuse_work);
	INIT_WORK(&vm->resident.reconcile_work, nptb_reconcile_work);
	INIT_WORK(&vm->resident.grow_work, nptb_table_grow_work);
	mutex_init(&vm->resident.growing);
}

/**
 * nptb_budget_drain() - empty the resident set
 * @vm: not under budget: nobody adds to the set
 *
 * In batches, so that the lock is not held for long.
 */
void nptb_budget_drain(struct nptb_vm *vm)
{
	u64 at = vm->resident.set.heads ? NPTB_WALK_BEGIN : NPTB_WALK_END;
	u32 i;

	for (i = 0; i < vm->nr_vcpus; i++) {
		struct nptb_vcpu *v = vm->vcpus[i];

		if (!v)
			continue;
		spin_lock(&vm->lock);
		nptb_rset_settle(&vm->resident.set, &v->shield);
		nptb_turn_end(&v->turn);
		spin_unlock(&vm->lock);
	}
	while (at < NPTB_WALK_END) {
		spin_lock(&vm->lock);
		nptb_rset_drain(&vm->resident.set, &at, DRAIN_BATCH);
		spin_unlock(&vm->lock);
		cond_resched();
	}
}

/* What a VM under budget needs; kept until it ends. */
static int prepare(struct nptb_vm *vm)
{
	if (!vm->loops->records) {
		vm->loops->records = kvcalloc(RECORDS_FIRST, sizeof(*vm->loops->records),
					      GFP_KERNEL);
		vm->loops->max = vm->loops->records ? RECORDS_FIRST : 0;
	}
	if (!vm->lending.stats)
		vm->lending.stats = kvzalloc(sizeof(*vm->lending.stats), GFP_KERNEL);
	if (!vm->loops->records || !vm->lending.stats)
		return -ENOMEM;
	if (nptb_table_begin(vm) || nptb_table_prepare(vm, vm->config.policy))
		return -ENOMEM;
	return nptb_vm_books(vm, nptb_kvm_created_vcpus(vm->kvm));
}

static void publish(struct nptb_vm *vm, u64 budget)
{
	lockdep_assert_held(&nptb_registry);
	spin_lock(&vm->lock);
	nptb_policy_init(&vm->resident.set.policy, vm->config.policy, nptb_look, vm);
	nptb_policy_seed(&vm->resident.set.policy, vm->config.seed);
	nptb_victims_mark(vm);
	WRITE_ONCE(vm->account.limit, nptb_victims_limit(vm, budget));
	vm->config.budget = budget;
	vm->armed = true;
	spin_unlock(&vm->lock);
	/* What KVM maps elsewhere than in the TDP MMU is not asked about. */
	if (!vm->account.tdp_mmu)
		nptb_hook_see_all();
	nptb_watch_add(&vm->watch, vm->kvm);
}

/**
 * nptb_budget_unpublish() - faults find the VM under budget no more
 * @vm: under budget or not
 *
 * Context: nptb_registry held.
 */
void nptb_budget_unpublish(struct nptb_vm *vm)
{
	lockdep_assert_held(&nptb_registry);
	if (!hash_hashed(&vm->watch.node))
		return;
	nptb_watch_del(&vm->watch);
	if (!vm->account.tdp_mmu)
		nptb_hook_see_all_end();
	spin_lock(&vm->lock);
	vm->armed = false;
	nptb_lend_back_all(vm);
	WRITE_ONCE(vm->account.limit, NO_LIMIT);
	vm->config.budget = 0;
	spin_unlock(&vm->lock);
}

/**
 * nptb_budget_unhook() - a VM needs the hooks of faults no more
 * @vm: not under budget
 */
void nptb_budget_unhook(struct nptb_vm *vm)
{
	bool hooked;

	mutex_lock(&nptb_registry);
	hooked = vm->attach.hooked;
	vm->attach.hooked = false;
	mutex_unlock(&nptb_registry);
	if (hooked)
		nptb_hook_put();
}

/**
 * nptb_budget_off() - take a VM from under its budget
 * @vm: under budget; nptb_vm.ctl and nptb_vm.life held
 * @reason: enum nptb_detach_reason
 *
 * All its leaves go; huge ones may come back.
 *
 * Context: may sleep.
 */
void nptb_budget_off(struct nptb_vm *vm, u32 reason)
{
	lockdep_assert_held(&vm->ctl);
	nptb_backing_end(vm);
	mutex_lock(&nptb_registry);
	nptb_budget_unpublish(vm);
	mutex_unlock(&nptb_registry);
	trace_nptb_detach(vm, reason);

	/* It takes nptb_vm.life only where it need not wait for it. */
	cancel_delayed_work_sync(&vm->lending.work);
	cancel_work_sync(&vm->resident.grow_work);
	cancel_work_sync(&vm->resident.reconcile_work);
	/* A fault that found the VM armed may look at the hash until then. */
	synchronize_rcu();
	nptb_budget_drain(vm);
	nptb_flush(vm, -1);
	nptb_budget_unhook(vm);
}

static int arm(struct nptb_vm *vm, u64 budget)
{
	int ret;

	lockdep_assert_held(&vm->ctl);
	ret = prepare(vm);
	if (ret)
		return ret;
	/* It patches the kernel's text, and other VMs come and go meanwhile. */
	ret = nptb_hook_get();
	if (ret)
		return ret;
	mutex_lock(&nptb_registry);
	if (!closed) {
		vm->attach.hooked = true;
		publish(vm, budget);
	}
	mutex_unlock(&nptb_registry);
	if (!vm->attach.hooked) {
		nptb_hook_put();
		return -ENODEV;
	}
	trace_nptb_attach(vm, budget, &vm->config);

	/*
	 * What is mapped already, huge leaves among it, is in no set of ours:
	 * once nothing is mapped unseen any more it goes, all at once.
	 */
	ret = nptb_stragglers_wait(vm);
	/* One more vCPU may have begun before it could see the budget. */
	if (!ret)
		ret = nptb_vm_books(vm, nptb_kvm_created_vcpus(vm->kvm));
	if (!ret && nptb_kvm_leaves(vm->kvm))
		nptb_flush(vm, -1);
	if (!ret)
		ret = nptb_shrink(vm);
	if (!ret)
		ret = nptb_backing_begin(vm);
	if (ret) {
		nptb_budget_off(vm, NPTB_DETACH_OFF);
		return ret;
	}
	/* What faults saw before the budget was in force is no peak of it. */
	spin_lock(&vm->lock);
	vm->stats.peak = nptb_kvm_leaves(vm->kvm);
	spin_unlock(&vm->lock);
	return 0;
}

static int change(struct nptb_vm *vm, u64 budget)
{
	u64 old = vm->account.limit;
	int ret;

	lockdep_assert_held(&vm->ctl);
	WRITE_ONCE(vm->account.limit, nptb_victims_limit(vm, budget));
	ret = nptb_shrink(vm);
	spin_lock(&vm->lock);
	if (ret)
		WRITE_ONCE(vm->account.limit, old);
	else
		vm->config.budget = budget;
	spin_unlock(&vm->lock);
	return ret;
}

static int set_budget(struct nptb_vm *vm, u64 budget)
{
	const char *why;
	u64 old;
	int ret;

	if (!vm->kvm)
		return -ENODEV;
	old = vm->armed ? vm->config.budget : 0;
	if (!budget) {
		if (vm->armed)
			nptb_budget_off(vm, NPTB_DETACH_OFF);
		trace_nptb_budget(vm, old, 0);
		return 0;
	}
	why = nptb_kvm_unsupported(vm->kvm);
	if (why) {
		pr_warn("VM %s cannot have a budget: %s\n", vm->id.name, why);
		return -EOPNOTSUPP;
	}
	if (!nptb_frames_possible(vm, &vm->resident.frames[NPTB_FRAMES_EXEMPT]))
		return -EOPNOTSUPP;
	if (!nptb_victims_fit(&vm->resident.frames[NPTB_FRAMES_PIN], vm->config.policy,
			      budget)) {
		pr_warn("VM %s: its pins leave no room in a budget of %llu pages\n",
			vm->id.name, budget);
		return -ENOSPC;
	}
	ret = vm->armed ? change(vm, budget) : arm(vm, budget);
	if (!ret)
		trace_nptb_budget(vm, old, budget);
	return ret;
}

/*
 * A VM under budget turned out to be one that cannot be: that it is encrypted is
 * settled after its creation, and asked of its vCPUs. Their faults cannot wait for
 * what taking a budget away waits for.
 */
static void refuse_work(struct work_struct *work)
{
	struct nptb_vm *vm = container_of(work, struct nptb_vm,
					  attach.refuse_work);

	mutex_lock(&vm->ctl);
	down_read(&vm->life);
	if (vm->kvm && vm->armed) {
		pr_warn("VM %s cannot have a budget, and has lost it: its memory or state is private to the guest\n",
			vm->id.name);
		WRITE_ONCE(vm->attach.refused, EOPNOTSUPP);
		nptb_budget_off(vm, NPTB_DETACH_REFUSED);
	}
	up_read(&vm->life);
	mutex_unlock(&vm->ctl);
}

/**
 * nptb_vm_set_budget() - put a VM under budget, change it, or take it away
 * @vm: to change
 * @budget: pages, or 0 for none
 *
 * While this runs the larger of the old and the new budget holds, after it the
 * new one.
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0; -ENODEV where the VM has ended; -ENOSPC where pins fill it;
 * -EOPNOTSUPP or -ERANGE where it cannot be held to that, with a line in the
 * log; -EBUSY where somebody else redirects KVM's faults; -ENOMEM; -EINTR where
 * a signal came while faults were under way. After an error the old budget is
 * in force.
 */
int nptb_vm_set_budget(struct nptb_vm *vm, u64 budget)
{
	int ret;

	if (mutex_lock_interruptible(&vm->ctl))
		return -EINTR;
	down_read(&vm->life);
	ret = set_budget(vm, budget);
	up_read(&vm->life);
	mutex_unlock(&vm->ctl);
	return ret;
}

/* Budget, policy and mode of a VM at one moment. */
struct nptb_config nptb_vm_config(struct nptb_vm *vm)
{
	struct nptb_config config;

	spin_lock(&vm->lock);
	config = vm->config;
	spin_unlock(&vm->lock);
	return config;
}

/**
 * nptb_vm_resident() - resident pages by KVM's own count
 * @vm: alive or ended
 *
 * Return: units of 4 KiB; 0 for a VM that has ended.
 */
u64 nptb_vm_resident(struct nptb_vm *vm)
{
	u64 leaves = 0;

	down_read(&vm->life);
	if (vm->kvm)
		leaves = nptb_kvm_leaves(vm->kvm);
	up_read(&vm->life);
	return leaves;
}
