// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs: known from their creation, or from our load, to their end; armed while
 * they are under budget.
 *
 * A VM holds one reference to its struct nptb_vm until it ends, its folder and
 * every session another. Nothing of ours holds the VM itself: nptb_vm.kvm is
 * valid under nptb_vm.life, which the VM's end takes for writing. A vCPU that
 * is in a fault needs neither: it keeps its VM alive.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hashtable.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "nptb.h"
#include "trace.h"

#define BUCKET_BITS_MIN	6
#define BUCKET_BITS_MAX	18
/* Pages freed under the VM's lock in one go. */
#define DRAIN_BATCH	256

/* All VMs, and that we take no more: under nptb_registry. */
static LIST_HEAD(vms);
static bool leaving;

/* VMs under budget, for faults: written under nptb_registry, read under RCU. */
static DEFINE_HASHTABLE(armed, 6);

static void vm_end_work(struct work_struct *work);

/**
 * nptb_vm_armed() - the VM of a fault, if it is under budget
 * @kvm: of a vCPU that runs this, or is in its fault
 *
 * Context: any, the ftrace callback included.
 * Return: valid as long as that vCPU is in its fault; or NULL.
 */
struct nptb_vm *nptb_vm_armed(struct kvm *kvm)
{
	struct hlist_head *head = &armed[hash_min((unsigned long)kvm,
						  HASH_BITS(armed))];
	struct nptb_vm *vm, *found = NULL;

	/* The cheapest read side there is; synchronize_rcu() waits for it. */
	preempt_disable_notrace();
	hlist_for_each_entry_rcu_notrace(vm, head, armed_node) {
		if (READ_ONCE(vm->kvm) == kvm) {
			found = vm;
			break;
		}
	}
	preempt_enable_notrace();
	return found;
}

/**
 * nptb_vm_new_vcpu() - begin our books of a vCPU
 * @vm: under budget
 * @idx: of the vCPU, whose thread this is
 *
 * Context: may sleep.
 * Return: the vCPU, or NULL where there is no memory for it.
 */
struct nptb_vcpu *nptb_vm_new_vcpu(struct nptb_vm *vm, u32 idx)
{
	struct nptb_vcpu *v;

	if (idx >= vm->max_vcpus)
		return NULL;
	v = kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return NULL;
	v->idx = idx;
	nptb_shield_init(&v->shield);
	spin_lock(&vm->lock);
	WRITE_ONCE(vm->vcpus[idx], v);
	WRITE_ONCE(vm->nr_vcpus, max(vm->nr_vcpus, idx + 1));
	spin_unlock(&vm->lock);
	return v;
}

static bool young(void *ctx, u64 key)
{
	struct nptb_vm *vm = ctx;

	return nptb_kvm_young(vm->kvm, key);
}

/* Empty the set in batches: nobody adds to it while the VM is not armed. */
static void drain(struct nptb_vm *vm)
{
	u32 bucket = 0, i;
	bool done = !vm->set.buckets;

	for (i = 0; i < vm->nr_vcpus; i++) {
		spin_lock(&vm->lock);
		if (vm->vcpus[i])
			nptb_rset_settle(&vm->set, &vm->vcpus[i]->shield);
		spin_unlock(&vm->lock);
	}
	while (!done) {
		spin_lock(&vm->lock);
		for (i = 0; i < DRAIN_BATCH && !done; i++) {
			struct nptb_page *page = nptb_rset_drain(&vm->set,
								 &bucket);

			done = !page;
			if (page)
				nptb_page_put(vm, page);
		}
		spin_unlock(&vm->lock);
		cond_resched();
	}
}

/* As many chains as pages may be resident, within reason. */
static u32 bucket_bits(u64 budget)
{
	return clamp_t(u32, order_base_2(min_t(u64, budget, 1 << BUCKET_BITS_MAX)),
		       BUCKET_BITS_MIN, BUCKET_BITS_MAX);
}

/* A larger hash for a larger budget; going on with the old one is no error. */
static void rehash(struct nptb_vm *vm, u64 budget)
{
	u32 bits = bucket_bits(budget);
	struct nptb_page **buckets;

	if (bits <= vm->set.bits)
		return;
	buckets = kvcalloc(1UL << bits, sizeof(*buckets), GFP_KERNEL);
	if (!buckets)
		return;
	spin_lock(&vm->lock);
	buckets = nptb_rset_rehash(&vm->set, buckets, bits);
	spin_unlock(&vm->lock);
	kvfree(buckets);
}

/* What a VM under budget needs; kept until it ends. */
static int prepare(struct nptb_vm *vm, u64 budget)
{
	u32 bits = bucket_bits(budget);

	if (!vm->set.buckets) {
		vm->set.buckets = kvcalloc(1UL << bits,
					   sizeof(*vm->set.buckets),
					   GFP_KERNEL);
		vm->set.bits = bits;
	}
	if (!vm->loops.records)
		vm->loops.records = kvcalloc(NPTB_LOOP_RECORDS_MAX,
					     sizeof(*vm->loops.records),
					     GFP_KERNEL);
	if (!vm->vcpus) {
		vm->max_vcpus = nptb_kvm_max_vcpus(vm->kvm);
		vm->vcpus = kvcalloc(vm->max_vcpus, sizeof(*vm->vcpus),
				     GFP_KERNEL);
	}
	if (!vm->set.buckets || !vm->loops.records || !vm->vcpus)
		return -ENOMEM;
	return 0;
}

/*
 * Faults that began before the hook was in place are not ours, and may still
 * map what they like. They hold kvm->srcu: wait them out. A fault may wait for
 * user space, so a signal ends this.
 */
static int wait_stragglers(struct nptb_vm *vm)
{
	struct srcu_struct *srcu = nptb_kvm_srcu(vm->kvm);
	unsigned long cookie;

	/* A VM that is just being created: not even a signal may matter. */
	if (!nptb_kvm_has_vcpus(vm->kvm))
		return 0;
	cookie = start_poll_synchronize_srcu(srcu);
	while (!poll_state_synchronize_srcu(srcu, cookie)) {
		if (signal_pending(current))
			return -EINTR;
		schedule_timeout_interruptible(1);
	}
	return 0;
}

static void publish(struct nptb_vm *vm, u64 budget)
{
	lockdep_assert_held(&nptb_registry);
	spin_lock(&vm->lock);
	nptb_policy_init(&vm->set.policy, vm->config.policy, young, vm);
	vm->need = nptb_kvm_leaves_per_fault(vm->kvm);
	WRITE_ONCE(vm->limit, budget);
	vm->config.budget = budget;
	vm->armed = true;
	spin_unlock(&vm->lock);
	hash_add_rcu(armed, &vm->armed_node, (unsigned long)vm->kvm);
}

static void unpublish(struct nptb_vm *vm)
{
	lockdep_assert_held(&nptb_registry);
	if (!hash_hashed(&vm->armed_node))
		return;
	hash_del_rcu(&vm->armed_node);
	spin_lock(&vm->lock);
	vm->armed = false;
	WRITE_ONCE(vm->limit, U64_MAX);
	vm->config.budget = 0;
	spin_unlock(&vm->lock);
}

static void unhook(struct nptb_vm *vm)
{
	mutex_lock(&nptb_registry);
	if (vm->hooked)
		nptb_hook_put();
	vm->hooked = false;
	mutex_unlock(&nptb_registry);
}

/* Take a VM from under its budget; huge leaves may come back. */
static void disarm(struct nptb_vm *vm, u32 reason)
{
	lockdep_assert_held(&vm->ctl);
	mutex_lock(&nptb_registry);
	unpublish(vm);
	mutex_unlock(&nptb_registry);
	trace_nptb_detach(vm, reason);

	/* A fault that found the VM armed may look at the hash until then. */
	synchronize_rcu();
	drain(vm);
	nptb_flush(vm, -1);
	unhook(vm);
}

static int arm(struct nptb_vm *vm, u64 budget)
{
	int ret;

	lockdep_assert_held(&vm->ctl);
	ret = prepare(vm, budget);
	if (ret)
		return ret;
	mutex_lock(&nptb_registry);
	ret = leaving ? -ENODEV : nptb_hook_get();
	if (!ret) {
		vm->hooked = true;
		publish(vm, budget);
	}
	mutex_unlock(&nptb_registry);
	if (ret)
		return ret;
	trace_nptb_attach(vm, budget, vm->config.policy->name);

	/*
	 * What is mapped already, huge leaves among it, is in no set of ours:
	 * once nothing is mapped unseen any more it goes, all at once.
	 */
	ret = wait_stragglers(vm);
	if (!ret && nptb_kvm_leaves(vm->kvm))
		nptb_flush(vm, -1);
	if (!ret)
		ret = nptb_shrink(vm);
	if (ret)
		disarm(vm, NPTB_DETACH_OFF);
	return ret;
}

static int change(struct nptb_vm *vm, u64 budget)
{
	u64 old = vm->limit;
	int ret;

	lockdep_assert_held(&vm->ctl);
	rehash(vm, budget);
	WRITE_ONCE(vm->limit, budget);
	ret = nptb_shrink(vm);
	spin_lock(&vm->lock);
	if (ret)
		WRITE_ONCE(vm->limit, old);
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
	old = vm->armed ? vm->limit : 0;
	if (!budget) {
		if (vm->armed)
			disarm(vm, NPTB_DETACH_OFF);
		trace_nptb_budget(vm, old, 0);
		return 0;
	}
	why = nptb_kvm_unsupported(vm->kvm);
	if (why) {
		pr_warn("VM %s cannot have a budget: %s\n", vm->name, why);
		return -EOPNOTSUPP;
	}
	if (budget < nptb_kvm_leaves_per_fault(vm->kvm)) {
		pr_warn("VM %s: KVM's legacy MMU (kvm tdp_mmu=0) maps up to %u pages in one fault; a smaller budget cannot be held\n",
			vm->name, nptb_kvm_leaves_per_fault(vm->kvm));
		return -ERANGE;
	}
	ret = vm->armed ? change(vm, budget) : arm(vm, budget);
	if (!ret)
		trace_nptb_budget(vm, old, budget);
	return ret;
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
 * Return: 0; -ENODEV where the VM has ended; -EOPNOTSUPP or -ERANGE where it
 * cannot be held to that, with a line in the log; -EBUSY where somebody else
 * redirects KVM's faults; -ENOMEM; -EINTR where a signal came while faults were
 * under way. After an error the old budget is in force.
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

/**
 * nptb_vm_set_policy() - choose who goes next
 * @vm: to change; the pages that are resident stay so
 * @ops: the policy
 */
void nptb_vm_set_policy(struct nptb_vm *vm, const struct nptb_policy_ops *ops)
{
	spin_lock(&vm->lock);
	if (vm->armed)
		nptb_policy_switch(&vm->set.policy, ops);
	vm->config.policy = ops;
	spin_unlock(&vm->lock);
}

/**
 * nptb_vm_set_on_loop() - choose what happens on a fault loop
 * @vm: to change
 * @on_loop: enum nptb_on_loop
 */
void nptb_vm_set_on_loop(struct nptb_vm *vm, u32 on_loop)
{
	spin_lock(&vm->lock);
	vm->config.on_loop = on_loop;
	spin_unlock(&vm->lock);
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

static struct nptb_vm *find(struct kvm *kvm)
{
	struct nptb_vm *vm;

	lockdep_assert_held(&nptb_registry);
	list_for_each_entry(vm, &vms, node)
		if (vm->kvm == kvm)
			return vm;
	return NULL;
}

static struct nptb_vm *alloc(struct kvm *kvm)
{
	struct nptb_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL);

	if (!vm)
		return NULL;
	kref_init(&vm->refs);
	init_rwsem(&vm->life);
	mutex_init(&vm->ctl);
	spin_lock_init(&vm->lock);
	INIT_WORK(&vm->end_work, vm_end_work);
	INIT_HLIST_NODE(&vm->armed_node);
	nptb_policy_init(&vm->set.policy, nptb_defaults.policy, young, vm);
	vm->kvm = kvm;
	nptb_kvm_vm_name(kvm, &vm->pid, &vm->fd);
	snprintf(vm->name, sizeof(vm->name), "%d-%d", vm->pid, vm->fd);
	return vm;
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

	/* The folder of an ended VM may still stand under the same name. */
	flush_workqueue(nptb_wq);

	vm = alloc(kvm);
	if (!vm) {
		pr_warn("no memory for our books of a new VM; it runs without us\n");
		return -ENOMEM;
	}
	mutex_lock(&nptb_registry);
	if (leaving || find(kvm)) {
		mutex_unlock(&nptb_registry);
		nptb_vm_put(vm);
		return 0;
	}
	vm->config = nptb_defaults;
	nptb_session_config(vm, &vm->config);
	list_add_tail(&vm->node, &vms);
	nptb_debugfs_add_vm(vm);
	mutex_unlock(&nptb_registry);

	if (!vm->config.budget)
		return 0;
	ret = nptb_vm_set_budget(vm, vm->config.budget);
	if (ret) {
		pr_warn("VM %s runs without its budget: error %d\n", vm->name,
			ret);
		vm->config.budget = 0;
	}
	return 0;
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
	if (vm)
		list_del_init(&vm->node);
	mutex_unlock(&nptb_registry);
	if (!vm)
		return;

	down_write(&vm->life);
	was_armed = vm->armed;
	mutex_lock(&nptb_registry);
	unpublish(vm);
	mutex_unlock(&nptb_registry);
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

	nptb_debugfs_remove_vm(vm);
	unhook(vm);
	synchronize_rcu();
	nptb_vm_put(vm);
}

/* The last reference went: nobody else knows the VM any more. */
void nptb_vm_release(struct kref *refs)
{
	struct nptb_vm *vm = container_of(refs, struct nptb_vm, refs);
	u32 i;

	drain(vm);
	for (i = 0; i < vm->nr_vcpus; i++)
		kfree(vm->vcpus[i]);
	nptb_pages_free(vm);
	kvfree(vm->vcpus);
	kvfree(vm->set.buckets);
	kvfree(vm->loops.records);
	kfree(vm);
}

static struct nptb_vm *first_armed(void)
{
	struct nptb_vm *vm, *found = NULL;

	mutex_lock(&nptb_registry);
	list_for_each_entry(vm, &vms, node) {
		if (!vm->hooked)
			continue;
		nptb_vm_get(vm);
		found = vm;
		break;
	}
	mutex_unlock(&nptb_registry);
	return found;
}

/**
 * nptb_vm_disarm_all() - we are leaving: take no more VMs, remove all budgets
 *
 * Context: our files are gone; may sleep.
 */
void nptb_vm_disarm_all(void)
{
	struct nptb_vm *vm;

	mutex_lock(&nptb_registry);
	leaving = true;
	mutex_unlock(&nptb_registry);

	while ((vm = first_armed())) {
		mutex_lock(&vm->ctl);
		down_read(&vm->life);
		if (vm->kvm)
			disarm(vm, NPTB_DETACH_UNLOAD);
		up_read(&vm->life);
		mutex_unlock(&vm->ctl);
		nptb_vm_put(vm);
		flush_workqueue(nptb_wq);
	}
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

/* Log the vCPU threads that are in a fault for us. */
void nptb_vm_name_inside(void)
{
	struct nptb_vm *vm;
	u32 i;

	mutex_lock(&nptb_registry);
	list_for_each_entry(vm, &vms, node) {
		for (i = 0; i < vm->nr_vcpus; i++) {
			pid_t pid = vm->vcpus[i] ?
				READ_ONCE(vm->vcpus[i]->inside) : 0;

			if (pid)
				pr_warn("vCPU %u of VM %s, thread %d, is inside a fault\n",
					i, vm->name, pid);
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
