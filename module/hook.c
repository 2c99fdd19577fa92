// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only code that touches KVM's text: four functions of KVM are redirected
 * by ftrace to replacements of ours.
 *
 *   kvm_arch_create_vm_debugfs, kvm_arch_destroy_vm
 *	from load to unload: tell us that a VM is there, and that it ends. A VM
 *	that fails halfway through its creation comes through the second, too.
 *   kvm_mmu_page_fault, kvm_mmu_hugepage_adjust
 *	only while some VM is under budget: nested page faults, and the place
 *	where KVM would choose a huge leaf.
 *
 * The replacements enter the originals past their call to ftrace, so there is
 * no recursion to guard against, whatever the compiler makes of the calls.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/rcupdate.h>

#include "nptb.h"

/* Name the threads that keep us from unloading after this long. */
#define DRAIN_WARN_SECONDS	10

struct nptb_hook {
	struct ftrace_ops ops;
	enum nptb_kvm_hook which;
	bool on;
};

/*
 * Calls of ours under way: raised in the ftrace callback, before the redirect,
 * lowered by the replacement as its last act. Summed up only when unloading.
 */
static DEFINE_PER_CPU(long, in_flight);

/* VMs that need the two hooks of faults; under nptb_registry. */
static unsigned int fault_users;

/* @vm comes from catch_fault(), all else from KVM. */
static int replace_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
			 void *insn, int insn_len, struct nptb_vm *vm)
{
	int ret = nptb_handle_fault(vm, vcpu, gpa, error_code, insn, insn_len);

	this_cpu_dec(in_flight);
	return ret;
}

static int replace_created(struct kvm *kvm)
{
	int ret = nptb_kvm_vm_created(kvm);

	nptb_vm_create(kvm);
	this_cpu_dec(in_flight);
	return ret;
}

static void replace_destroyed(struct kvm *kvm)
{
	nptb_vm_end(kvm);
	nptb_kvm_vm_destroyed(kvm);
	this_cpu_dec(in_flight);
}

/*
 * KVM starts with 4 KiB leaves and raises the level here: to return at once
 * keeps every leaf of a budgeted VM at 4 KiB, whatever backs the memory.
 */
static void replace_hugepage(void)
{
}

static void notrace catch_always(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *fregs)
{
	struct nptb_hook *hook = container_of(ops, struct nptb_hook, ops);

	this_cpu_inc(in_flight);
	if (hook->which == NPTB_HOOK_VM_CREATED)
		nptb_ftrace_redirect(fregs, (unsigned long)replace_created);
	else
		nptb_ftrace_redirect(fregs, (unsigned long)replace_destroyed);
}

/* Other VMs pass: a look into a small hash is all that they pay. */
static void notrace catch_fault(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops,
				struct ftrace_regs *fregs)
{
	struct nptb_vm *vm = nptb_vm_armed(nptb_kvm_of(nptb_ftrace_arg0(fregs)));

	if (!vm)
		return;
	this_cpu_inc(in_flight);
	nptb_ftrace_set_arg5(fregs, vm);
	nptb_ftrace_redirect(fregs, (unsigned long)replace_fault);
}

static void notrace catch_hugepage(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *fregs)
{
	/* No count: the replacement only returns, synchronize_rcu_tasks() does. */
	if (nptb_vm_armed(nptb_kvm_of(nptb_ftrace_arg0(fregs))))
		nptb_ftrace_redirect(fregs, (unsigned long)replace_hugepage);
}

/*
 * RECURSION: the callbacks do nothing that could come back to them. PERMANENT:
 * with ftrace_enabled=0 a budget would silently not hold.
 */
#define NPTB_OPS_FLAGS	(FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_RECURSION | \
			 FTRACE_OPS_FL_PERMANENT)

static struct nptb_hook hooks[NPTB_HOOK_NR] = {
	[NPTB_HOOK_VM_CREATED] = {
		.ops = { .func = catch_always, .flags = NPTB_OPS_FLAGS },
		.which = NPTB_HOOK_VM_CREATED,
	},
	[NPTB_HOOK_VM_DESTROYED] = {
		.ops = { .func = catch_always, .flags = NPTB_OPS_FLAGS },
		.which = NPTB_HOOK_VM_DESTROYED,
	},
	[NPTB_HOOK_HUGEPAGE] = {
		.ops = { .func = catch_hugepage, .flags = NPTB_OPS_FLAGS },
		.which = NPTB_HOOK_HUGEPAGE,
	},
	[NPTB_HOOK_FAULT] = {
		.ops = { .func = catch_fault, .flags = NPTB_OPS_FLAGS },
		.which = NPTB_HOOK_FAULT,
	},
};

static int hook_on(enum nptb_kvm_hook which)
{
	struct nptb_hook *hook = &hooks[which];
	int ret;

	ret = ftrace_set_filter_ip(&hook->ops, nptb_kvm_hook_ip(which), 0, 1);
	if (!ret)
		ret = register_ftrace_function(&hook->ops);
	if (ret == -EBUSY)
		pr_err("%s is held by somebody else (a livepatch?), or ftrace is off (sysctl kernel.ftrace_enabled)\n",
		       nptb_kvm_hook_name(which));
	else if (ret)
		pr_err("cannot hook %s: error %d\n", nptb_kvm_hook_name(which),
		       ret);
	hook->on = !ret;
	return ret;
}

static void hook_off(enum nptb_kvm_hook which)
{
	struct nptb_hook *hook = &hooks[which];

	if (!hook->on)
		return;
	unregister_ftrace_function(&hook->ops);
	hook->on = false;
}

static int fault_hooks_on(void)
{
	int ret;

	/* Huge leaves first: no fault may be counted as one and map 512. */
	ret = hook_on(NPTB_HOOK_HUGEPAGE);
	if (ret)
		return ret;
	ret = hook_on(NPTB_HOOK_FAULT);
	if (ret)
		hook_off(NPTB_HOOK_HUGEPAGE);
	return ret;
}

static void fault_hooks_off(void)
{
	hook_off(NPTB_HOOK_FAULT);
	hook_off(NPTB_HOOK_HUGEPAGE);
}

/**
 * nptb_hook_get() - a VM comes under budget: catch faults from now on
 *
 * Context: nptb_registry held; may sleep.
 * Return: 0, or -EBUSY where somebody else redirects these functions.
 */
int nptb_hook_get(void)
{
	int ret = 0;

	lockdep_assert_held(&nptb_registry);
	if (!fault_users)
		ret = fault_hooks_on();
	if (!ret)
		fault_users++;
	return ret;
}

/**
 * nptb_hook_put() - a VM is no longer under budget
 *
 * Context: nptb_registry held; may sleep.
 */
void nptb_hook_put(void)
{
	lockdep_assert_held(&nptb_registry);
	if (!--fault_users)
		fault_hooks_off();
}

/**
 * nptb_hook_init() - hook the life of VMs, and try the hooks of faults
 *
 * Return: 0, or -EBUSY with a message that names the function; nptb_hook_exit()
 * undoes either.
 */
int nptb_hook_init(void)
{
	int ret;

	ret = fault_hooks_on();
	if (ret)
		return ret;
	fault_hooks_off();

	ret = hook_on(NPTB_HOOK_VM_DESTROYED);
	if (!ret)
		ret = hook_on(NPTB_HOOK_VM_CREATED);
	return ret;
}

/**
 * nptb_hook_in_flight() - calls of KVM that are in our hands right now
 *
 * Return: their number; while hooks are on a moment's value, and an estimate.
 */
long nptb_hook_in_flight(void)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(in_flight, cpu);
	return sum;
}

/**
 * nptb_hook_exit() - unhook, and wait until nothing of ours runs or can run
 *
 * ftrace waits for its own callbacks; a replacement may sleep inside KVM for as
 * long as user space takes to answer a fault, so these are counted. The last
 * few instructions of a replacement, after it lowered the count, are left to
 * synchronize_rcu_tasks().
 *
 * Context: no VM is under budget any more; may sleep for long.
 */
void nptb_hook_exit(void)
{
	unsigned long warn = jiffies + DRAIN_WARN_SECONDS * HZ;
	bool warned = false;

	hook_off(NPTB_HOOK_VM_CREATED);
	hook_off(NPTB_HOOK_VM_DESTROYED);
	fault_hooks_off();

	while (nptb_hook_in_flight()) {
		if (!warned && time_after(jiffies, warn)) {
			pr_warn("waiting for faults under way to end:\n");
			nptb_vm_name_inside();
			warned = true;
		}
		msleep(20);
	}
	synchronize_rcu_tasks();
}
