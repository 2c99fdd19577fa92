// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs: known from their creation, or from our load, to their end. What brings
 * them under a budget is vm/attach.c.
 *
 * A VM holds one reference to its struct nptb_vm until it ends, its folder and
 * every session another. Nothing of ours holds the VM itself: nptb_vm.kvm is
 * valid under nptb_vm.life, which the VM's end takes for writing. A vCPU that
 * is in a fault needs neither: it keeps its VM alive.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "backend.h"
#include "budget/account.h"
#include "budget/table.h"
#include "loop/record.h"
#include "object/vm.h"
#include "set/policy.h"
#include "trace.h"
#include "vm/attach.h"
#include "vm/backing.h"
#include "vm/stragglers.h"
#include "vm/vm.h"

/* All VMs: under nptb_registry. */
static LIST_HEAD(vms);

static const struct nptb_vm_observer *observer __read_mostly;

struct nptb_config nptb_defaults = {
	.policy = &nptb_policy_fifo,
	.on_loop = NPTB_ON_LOOP_LOG,
	.lend_max = NPTB_LEND_MAX_DEFAULT,
	.burst = NPTB_BURST_MAX,
	.batch = NPTB_BATCH_MIN,
};

static void vm_end_work(struct work_struct *work);

/**
 * nptb_vm_init() - before the first VM
 * @with: who wants to know of VMs
 */
void nptb_vm_init(const struct nptb_vm_observer *with)
{
	observer = with;
}

static struct nptb_vm *find(struct kvm *kvm)
{
	struct nptb_vm *vm;

	lockdep_assert_held(&nptb_registry);
	list_for_each_entry(vm, &vms, node)
		if (vm->kvm == kvm)
			return vm;
	return NULL;
}

/* The last reference went: nobody else knows the VM any more. */
static void release(struct kref *refs)
{
	struct nptb_vm *vm = container_of(refs, struct nptb_vm, refs);

	nptb_budget_drain(vm);
	nptb_table_free(vm);
	nptb_vm_free_vcpus(vm);
	kvfree(vm->loops->records);
	kfree(vm->loops);
	kvfree(vm->lending.stats);
	nptb_backing_free(vm);
	kfree(vm);
}

static struct nptb_vm *alloc(struct kvm *kvm)
{
	struct nptb_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL);

	if (!vm)
		return NULL;
	vm->loops = kzalloc(sizeof(*vm->loops), GFP_KERNEL);
	if (!vm->loops) {
		kfree(vm);
		return NULL;
	}
	kref_init(&vm->refs);
	vm->release = release;
	init_rwsem(&vm->life);
	mutex_init(&vm->ctl);
	spin_lock_init(&vm->lock);
	init_waitqueue_head(&vm->sleep.queue);
	INIT_WORK(&vm->end_work, vm_end_work);
	nptb_budget_init(vm);
	vm->kvm = kvm;
	vm->account.tdp_mmu = nptb_kvm_uses_tdp_mmu(kvm);
	nptb_kvm_vm_name(kvm, &vm->id.pid, &vm->id.fd);
	return vm;
}

static bool is_taken(const struct nptb_vm *vm)
{
	struct nptb_vm *other;

	list_for_each_entry(other, &vms, node)
		if (other->id.pid == vm->id.pid && other->id.fd == vm->id.fd &&
		    other->id.nth == vm->id.nth)
			return true;
	return false;
}

/* KVM's name, where no other VM has it now: a vCPU may keep one that had it. */
static void give_name(struct nptb_vm *vm)
{
	lockdep_assert_held(&nptb_registry);
	for (vm->id.nth = 1; is_taken(vm); vm->id.nth++)
		;
	if (vm->id.nth == 1)
		snprintf(vm->id.name, sizeof(vm->id.name), "%d-%d", vm->id.pid, vm->id.fd);
	else
		snprintf(vm->id.name, sizeof(vm->id.name), "%d-%d.%u", vm->id.pid,
			 vm->id.fd, vm->id.nth);
}

/**
 * nptb_vm_create() - a VM is there: know it, and give it what it starts with
 * @kvm: alive
 *
 * Context: the thread that creates it, or our load; may sleep.
 * Return: 0, or -ENOMEM; the VM then runs as always, unknown to us.
 */
int nptb_vm_create(struct kvm *kvm)
{
	struct nptb_vm *vm;
	int ret;

	vm = alloc(kvm);
	if (!vm) {
		pr_warn("no memory for our books of a new VM; it runs without us\n");
		return -ENOMEM;
	}
	mutex_lock(&nptb_registry);
	if (nptb_budget_closed() || find(kvm)) {
		mutex_unlock(&nptb_registry);
		nptb_vm_put(vm);
		return 0;
	}
	vm->config = nptb_defaults;
	observer->starts(vm);
	give_name(vm);
	list_add_tail(&vm->node, &vms);
	observer->added(vm);
	mutex_unlock(&nptb_registry);

	if (!vm->config.budget)
		return 0;
	ret = nptb_vm_set_budget(vm, vm->config.budget);
	if (ret) {
		pr_warn("VM %s runs without its budget: error %d\n", vm->id.name,
			ret);
		vm->config.budget = 0;
		WRITE_ONCE(vm->attach.refused, -ret);
	}
	return 0;
}

/**
 * nptb_vm_catch() - a vCPU is about to be created: know its VM, and begin its books
 * @kvm: alive; kvm->lock held
 *
 * Which number it will have is not known, if others are being created: any up to theirs.
 *
 * Context: a thread of the VM's process; may sleep.
 * Return: 0; -ENOMEM where the VM is not known, and was to have a budget, or where it has
 * one and there is no memory for the books.
 */
int nptb_vm_catch(struct kvm *kvm)
{
	struct nptb_vm *vm;
	bool wanted;

	mutex_lock(&nptb_registry);
	vm = find(kvm);
	wanted = observer->wants();
	mutex_unlock(&nptb_registry);
	if (!vm && nptb_vm_create(kvm))
		return wanted ? -ENOMEM : 0;
	mutex_lock(&nptb_registry);
	vm = find(kvm);
	mutex_unlock(&nptb_registry);
	/* It is there as long as its VM is. */
	if (!vm || !READ_ONCE(vm->armed))
		return 0;
	return nptb_vm_books(vm, nptb_kvm_created_vcpus(kvm) + 1);
}

/**
 * nptb_vm_end() - a VM ends
 * @kvm: about to be torn down; no vCPU runs any more
 *
 * Context: whoever dropped the last reference; may sleep.
 */
void nptb_vm_end(struct kvm *kvm)
{
	struct nptb_vm *vm;
	bool was_armed;

	mutex_lock(&nptb_registry);
	vm = find(kvm);
	if (vm) {
		list_del_init(&vm->node);
		/* Its name is free from now on, though its folder takes time to go. */
		observer->ended(vm);
	}
	if (!vm && nptb_kvm_was_idle(kvm))
		observer->idle();
	mutex_unlock(&nptb_registry);
	if (!vm)
		return;

	down_write(&vm->life);
	nptb_stragglers_settle(vm);
	was_armed = vm->armed;
	mutex_lock(&nptb_registry);
	nptb_budget_unpublish(vm);
	mutex_unlock(&nptb_registry);
	/* Before our caller is out of the hook: what threads have to do is waited for there. */
	nptb_backing_stop(vm);
	vm->kvm = NULL;
	up_write(&vm->life);
	if (was_armed)
		trace_nptb_detach(vm, NPTB_DETACH_END);
	queue_work(nptb_wq, &vm->end_work);
}

/* What would wait for readers of our files has no place in the VM's end. */
static void vm_end_work(struct work_struct *work)
{
	struct nptb_vm *vm = container_of(work, struct nptb_vm, end_work);

	cancel_delayed_work_sync(&vm->lending.work);
	cancel_work_sync(&vm->attach.refuse_work);
	cancel_work_sync(&vm->resident.grow_work);
	cancel_work_sync(&vm->resident.reconcile_work);
	mutex_lock(&vm->ctl);
	nptb_backing_end(vm);
	mutex_unlock(&vm->ctl);
	observer->removed(vm);
	nptb_budget_unhook(vm);
	synchronize_rcu();
	nptb_vm_put(vm);
}

static bool is_hooked(const struct nptb_vm *vm)
{
	return vm->attach.hooked;
}

static bool is_waiting(const struct nptb_vm *vm)
{
	return READ_ONCE(vm->attach.waiting);
}

/* With a reference; or NULL. */
static struct nptb_vm *first_that(bool (*is)(const struct nptb_vm *vm))
{
	struct nptb_vm *vm, *found = NULL;

	mutex_lock(&nptb_registry);
	list_for_each_entry(vm, &vms, node) {
		if (!is(vm))
			continue;
		nptb_vm_get(vm);
		found = vm;
		break;
	}
	mutex_unlock(&nptb_registry);
	return found;
}

/*
 * Writes of budgets that were given up left work in VMs, whose end we see no
 * more once we are gone.
 */
static void settle_all(void)
{
	struct nptb_vm *vm;
	bool settled;

	while ((vm = first_that(is_waiting))) {
		down_read(&vm->life);
		settled = !vm->kvm || nptb_stragglers_settled(vm);
		up_read(&vm->life);
		nptb_vm_put(vm);
		if (!settled)
			msleep(20);
	}
}

/**
 * nptb_vm_disarm_all() - we are leaving: take no more VMs, remove all budgets
 *
 * Context: our files are gone; may sleep, and for as long as user space takes to
 * answer a fault behind which a write of a budget was given up.
 */
void nptb_vm_disarm_all(void)
{
	struct nptb_vm *vm;

	mutex_lock(&nptb_registry);
	nptb_budget_close();
	mutex_unlock(&nptb_registry);

	while ((vm = first_that(is_hooked))) {
		mutex_lock(&vm->ctl);
		down_read(&vm->life);
		if (vm->kvm)
			nptb_budget_off(vm, NPTB_DETACH_UNLOAD);
		up_read(&vm->life);
		mutex_unlock(&vm->ctl);
		nptb_vm_put(vm);
		flush_workqueue(nptb_wq);
	}
	settle_all();
}

/**
 * nptb_vm_count() - how many VMs there are
 * @known: all
 * @under_budget: those under budget
 */
void nptb_vm_count(u32 *known, u32 *under_budget)
{
	struct nptb_vm *vm;

	*known = 0;
	*under_budget = 0;
	mutex_lock(&nptb_registry);
	list_for_each_entry(vm, &vms, node) {
		++*known;
		*under_budget += vm->armed;
	}
	mutex_unlock(&nptb_registry);
}

/**
 * nptb_vm_each() - visit all VMs that live
 * @visit: called for each, in the order of their creation; &nptb_vm.kvm is valid
 *	there, as a VM's end waits for nptb_registry before KVM tears it down
 * @data: for @visit
 *
 * Context: may sleep; no VM begins or ends meanwhile.
 */
void nptb_vm_each(void (*visit)(struct nptb_vm *vm, void *data), void *data)
{
	struct nptb_vm *vm;

	mutex_lock(&nptb_registry);
	list_for_each_entry(vm, &vms, node)
		visit(vm, data);
	mutex_unlock(&nptb_registry);
}

/* Log the vCPU threads that are in a fault for us. */
void nptb_vm_name_inside(void)
{
	struct nptb_vm *vm;
	u32 i;

	mutex_lock(&nptb_registry);
	list_for_each_entry(vm, &vms, node) {
		for (i = 0; i < vm->nr_vcpus; i++) {
			pid_t pid = vm->vcpus[i] ?
				READ_ONCE(vm->vcpus[i]->mapping.inside) : 0;

			if (pid)
				pr_warn("vCPU %u of VM %s, thread %d, is inside a fault\n",
					i, vm->id.name, pid);
		}
	}
	mutex_unlock(&nptb_registry);
}

/**
 * nptb_vm_free_all() - drop the VMs that are left
 *
 * Context: everything is unhooked and nothing of ours runs.
 */
void nptb_vm_free_all(void)
{
	struct nptb_vm *vm, *next;

	list_for_each_entry_safe(vm, next, &vms, node) {
		list_del(&vm->node);
		nptb_vm_put(vm);
	}
}
