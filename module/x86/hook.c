// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only code that touches KVM's text: some functions of KVM are redirected
 * by ftrace to replacements of ours.
 *
 *   kvm_arch_create_vm_debugfs, kvm_arch_destroy_vm
 *	from load to unload: tell us that a VM is there, and that it ends. A VM
 *	that fails halfway through its creation comes through the second, too.
 *   kvm_arch_vcpu_precreate
 *	as these: no VM runs without, and one may not come through the first.
 *   kvm_mmu_page_fault, kvm_mmu_hugepage_adjust, kvm_tdp_mmu_map
 *	from the first budget to unload, by direct calls to x86/entry.S, for nearly
 *	every fault goes there: nested page faults, the place where KVM would choose a
 *	huge leaf, and where the TDP MMU makes one. Where somebody else's direct call
 *	is in the way of the first two (BPF's fentry), as the following.
 *   mmu_set_spte
 *	only while some VM is under budget: where the shadow MMU makes a leaf, also
 *	those ahead of need.
 *   kvm_arch_async_page_ready, kvm_arch_vcpu_pre_fault_memory
 *	as these: where KVM maps what no fault asks for (6.1 has only the first).
 *   kvm_mmu_recover_huge_pages (7.3), kvm_mmu_zap_collapsible_sptes
 *	as these: dirty logging was switched off, and small leaves would be
 *	merged into a huge one, or zapped to make room for one.
 *
 * The replacements enter the originals past their call to ftrace, so there is
 * no recursion to guard against, whatever the compiler makes of the calls.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/rcupdate.h>

#include "backend.h"
#include "hook.h"
#include "x86/compat.h"
#include "x86/direct.h"
#include "x86/entry.h"
#include "x86/ftrace.h"
#include "x86/spte.h"
#include "x86/symbols.h"

/* Name the threads that keep us from unloading after this long. */
#define DRAIN_WARN_SECONDS	10

/*
 * Calls of ours under way: raised in the ftrace callback, before the redirect (by the
 * replacement of a fault, as its first act), lowered by the replacement as its last.
 * Summed up only when unloading.
 */
DEFINE_PER_CPU(long, nptb_in_flight);

/* handlers->fault. */
DEFINE_STATIC_CALL_NULL(nptb_sc_handle, kvm_mmu_page_fault);

/* What is called in place of what is caught. */
static const struct nptb_handlers *handlers __read_mostly;

/* Where ftrace enters our functions, and whether it does at all. */
static unsigned long hook_ip[NPTB_HOOK_NR] __read_mostly;
static bool registered;

/* What is hooked for whom. Innermost of our mutexes. */
static DEFINE_MUTEX(hook_lock);

/* VMs that need the hooks of faults; under hook_lock. */
static unsigned int fault_users;

/* Functions that we have no direct call of, but for @ops; under hook_lock. */
static bool filtered[NPTB_HOOK_NR];

/* We are leaving: nothing is hooked any more; under hook_lock. */
static bool gone;

/* See nptb_hook_ask(). Read by nptb_map_entry(). */
atomic_t nptb_map_asked;

/* See nptb_hook_see_all(). Read by nptb_fault_entry(). */
atomic_t nptb_all_asked;

static int replace_created(struct kvm *kvm)
{
	int ret = nptb_kvm_vm_created(kvm);

	handlers->vm_created(kvm);
	nptb_hook_leave();
	return ret;
}

/*
 * KVM does not tell of a VM that it has no folder for, but no VM runs without a
 * vCPU: we know each from its first one on, at the latest. Where we cannot and
 * it is to have a budget, it gets no vCPU.
 */
static int replace_vcpu_comes(struct kvm *kvm, unsigned int id)
{
	int ret = nptb_kvm_vcpu_comes(kvm, id);

	if (!ret)
		ret = handlers->vcpu_comes(kvm);
	nptb_hook_leave();
	return ret;
}

static void replace_destroyed(struct kvm *kvm)
{
	handlers->vm_destroyed(kvm);
	nptb_kvm_vm_destroyed(kvm);
	nptb_hook_leave();
}

/*
 * KVM starts with 4 KiB leaves and raises the level, or merges them later: to
 * return at once from either keeps every leaf of a budgeted VM at 4 KiB,
 * whatever backs the memory.
 */
static void replace_nothing(void)
{
}

/* Seven arguments, as KVM has them: none is left for the VM. */
static int replace_set_spte(struct kvm_vcpu *vcpu, struct kvm_memory_slot *slot,
			    u64 *sptep, unsigned int access, gfn_t gfn, u64 pfn,
			    void *fault)
{
	const struct nptb_set_spte set = {
		.vcpu = vcpu,
		.slot = slot,
		.sptep = sptep,
		.access = access,
		.gfn = gfn,
		.pfn = pfn,
		.fault = fault,
	};
	int ret = handlers->set_spte(vcpu, !fault, &set);

	nptb_hook_leave();
	return ret;
}

static void replace_async_ready(struct kvm_vcpu *vcpu, struct kvm_async_pf *work)
{
	handlers->async_ready(vcpu, work);
	nptb_hook_leave();
}

/*
 * nptb_fault_entry() goes on here. A static call of its own would need its key in the
 * same object: objtool of 6.1 looks at each alone.
 */
int nptb_caught_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		      void *insn, int insn_len)
{
	return static_call(nptb_sc_handle)(vcpu, gpa, error_code, insn, insn_len);
}

/*
 * Called by nptb_map_entry() where somebody asks, or a leaf was there. Nothing to count:
 * mmu_lock is held, and nothing here sleeps, so synchronize_rcu_tasks() waits for it.
 */
int nptb_map_asks(struct kvm_vcpu *vcpu, void *fault)
{
	return handlers->map(vcpu, fault);
}

static long replace_pre_fault(struct kvm_vcpu *vcpu,
			      struct kvm_pre_fault_memory *range)
{
	long ret = handlers->pre_fault(vcpu, range);

	nptb_hook_leave();
	return ret;
}

static __always_inline void redirect(struct ftrace_regs *fregs, void *to)
{
	this_cpu_inc(nptb_in_flight);
	nptb_ftrace_redirect(fregs, (unsigned long)to);
}

/* A VM's life, which is none of the vCPU's faults. Return: whether it was. */
static __always_inline bool catch_life(unsigned long ip,
				       struct ftrace_regs *fregs)
{
	if (ip == hook_ip[NPTB_HOOK_VM_CREATED])
		redirect(fregs, replace_created);
	else if (ip == hook_ip[NPTB_HOOK_VM_DESTROYED])
		redirect(fregs, replace_destroyed);
	else if (ip == hook_ip[NPTB_HOOK_VCPU_COMES])
		redirect(fregs, replace_vcpu_comes);
	else
		return false;
	return true;
}

/*
 * One of our functions is entered, at @ip. Other VMs' faults pass. What is not counted
 * counts itself, or only returns: synchronize_rcu_tasks() covers the way there.
 */
static void notrace catch(unsigned long ip, unsigned long parent_ip,
			  struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	void *arg = (void *)nptb_ftrace_arg(fregs, 0);

	if (catch_life(ip, fregs))
		return;
	if (!nptb_watch_find(ip == hook_ip[NPTB_HOOK_COLLAPSE] ? arg : nptb_kvm_of(arg)))
		return;
	if (ip == hook_ip[NPTB_HOOK_SET_SPTE])
		redirect(fregs, replace_set_spte);
	else if (ip == hook_ip[NPTB_HOOK_FAULT])
		nptb_ftrace_redirect(fregs, (unsigned long)handlers->fault);
	else if (ip == hook_ip[NPTB_HOOK_HUGEPAGE] || ip == hook_ip[NPTB_HOOK_COLLAPSE])
		nptb_ftrace_redirect(fregs, (unsigned long)replace_nothing);
	else if (ip == hook_ip[NPTB_HOOK_ASYNC_READY])
		redirect(fregs, replace_async_ready);
	else
		redirect(fregs, replace_pre_fault);
}

/*
 * One user of ftrace for all: to register and, above all, to unregister one is
 * slow (it waits for RCU tasks), to change which functions it is about is not.
 *
 * No RECURSION, which would have ftrace guard each call: the callback calls
 * nothing that could be hooked here, and sees to preemption itself. PERMANENT:
 * with ftrace_enabled=0 a budget would silently not hold.
 */
static struct ftrace_ops ops = {
	.func = catch,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
};

static int report(int ret, enum nptb_kvm_hook which)
{
	if (ret == -EBUSY)
		pr_err("%s is held by somebody else (a livepatch?), or ftrace is off (sysctl kernel.ftrace_enabled)\n",
		       nptb_kvm_hook_name(which));
	else if (ret)
		pr_err("cannot hook %s: error %d\n", nptb_kvm_hook_name(which),
		       ret);
	return ret;
}

/*
 * All of them in one go: each change of a filter has ftrace walk all of the
 * kernel's functions, and all CPUs wait for it. Where it fails, one at a time
 * tells whose fault it is.
 */
static int fault_hooks_on(void)
{
	const int first = NPTB_HOOK_OF_FAULTS;
	int ret, i;

	ret = ftrace_set_filter_ips(&ops, hook_ip + first, NPTB_HOOK_NR - first,
				    0, 0);
	if (!ret)
		return 0;
	for (i = first; i < NPTB_HOOK_NR; i++) {
		int one = ftrace_set_filter_ip(&ops, hook_ip[i], 0, 0);

		if (one) {
			report(one, i);
			break;
		}
	}
	while (i-- > first)
		ftrace_set_filter_ip(&ops, hook_ip[i], 1, 0);
	return ret;
}

/*
 * Those that nearly every fault goes through. KVM's map has no other way than the
 * direct one: what it is asked cannot be known beforehand.
 */
static int busy_hooks_on(void)
{
	int ret, i;

	for (i = NPTB_HOOK_MAP; i < NPTB_HOOK_OF_FAULTS; i++) {
		ret = nptb_direct_on(i);
		if (ret && i != NPTB_HOOK_MAP) {
			ret = ftrace_set_filter_ip(&ops, hook_ip[i], 0, 0);
			filtered[i] = !ret;
		}
		if (ret)
			return report(ret, i);
	}
	return 0;
}

/* Those from @first on, in one go as well. */
static void hooks_off(enum nptb_kvm_hook first)
{
	int ret = ftrace_set_filter_ips(&ops, hook_ip + first, NPTB_HOOK_NR - first,
					1, 0);

	/* The functions stay caught, and what is caught passes: no harm done. */
	if (ret)
		pr_warn("cannot unhook faults: error %d\n", ret);
}

/* All but the direct ones. */
static void fault_hooks_off(void)
{
	int i;

	for (i = NPTB_HOOK_MAP; i < NPTB_HOOK_OF_FAULTS; i++)
		if (filtered[i])
			ftrace_set_filter_ip(&ops, hook_ip[i], 1, 0);
	memset(filtered, 0, sizeof(filtered));
	hooks_off(NPTB_HOOK_OF_FAULTS);
}

/**
 * nptb_hook_get() - a VM comes under budget: catch faults from now on
 *
 * Others wait for the first and for the last, where ftrace walks all of the kernel's
 * functions: nptb_registry is not to be held, or VMs without a budget would, too.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY where somebody else redirects these functions; -ENODEV where we
 * are being unloaded.
 */
int nptb_hook_get(void)
{
	int ret = 0;

	mutex_lock(&hook_lock);
	if (gone)
		ret = -ENODEV;
	else if (!fault_users)
		ret = fault_hooks_on();
	if (!ret && !fault_users) {
		ret = busy_hooks_on();
		if (ret)
			fault_hooks_off();
	}
	if (!ret)
		fault_users++;
	mutex_unlock(&hook_lock);
	return ret;
}

/**
 * nptb_hook_put() - a VM is no longer under budget
 *
 * Context: may sleep.
 */
void nptb_hook_put(void)
{
	mutex_lock(&hook_lock);
	if (!--fault_users)
		fault_hooks_off();
	mutex_unlock(&hook_lock);
}

/* Something of @ops cannot be hooked: try one by one, to tell what. */
static int name_unhookable(int ret)
{
	int i, one;

	for (i = 0; i < NPTB_HOOK_NR; i++) {
		one = ftrace_set_filter_ip(&ops, hook_ip[i], 0, 1);
		if (!one)
			one = register_ftrace_function(&ops);
		if (one)
			return report(one, i);
		unregister_ftrace_function(&ops);
	}
	pr_err("cannot hook KVM: error %d\n", ret);
	return ret;
}

/**
 * nptb_hook_init() - hook the life of VMs, and try the hooks of faults
 * @with: what to call
 *
 * Return: 0, or -EBUSY with a message that names the function; nptb_hook_exit()
 * undoes either.
 */
int nptb_hook_init(const struct nptb_handlers *with)
{
	int ret, i;

	BUILD_BUG_ON(offsetof(struct kvm_vcpu, kvm));	/* x86/entry.S */
	handlers = with;
	static_call_update(nptb_sc_handle, handlers->fault);
	for (i = 0; i < NPTB_HOOK_NR; i++)
		hook_ip[i] = nptb_kvm_hook_ip(i);

	ret = ftrace_set_filter_ips(&ops, hook_ip, NPTB_HOOK_NR, 0, 0);
	if (!ret)
		ret = register_ftrace_function(&ops);
	if (ret)
		return name_unhookable(ret);
	registered = true;
	/* It can be hooked: that was all. */
	hooks_off(NPTB_HOOK_MAP);
	return 0;
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
		sum += per_cpu(nptb_in_flight, cpu);
	return sum;
}

/**
 * nptb_hook_exit() - unhook, and wait until nothing of ours runs or can run
 *
 * ftrace waits for its own callbacks, and for whoever is on the way from there, or from
 * a direct call, to where he counts himself (unregistering waits for RCU tasks); a
 * replacement may sleep inside KVM for as long as user space takes to answer a fault, so
 * these are counted. The last few instructions of a replacement, after it lowered the
 * count, are left to synchronize_rcu_tasks().
 *
 * Context: no VM is under budget any more; may sleep for long.
 */
void nptb_hook_exit(void)
{
	unsigned long warn = jiffies + DRAIN_WARN_SECONDS * HZ;
	bool warned = false;

	mutex_lock(&hook_lock);
	gone = true;
	mutex_unlock(&hook_lock);
	if (registered)
		unregister_ftrace_function(&ops);
	registered = false;
	nptb_direct_off();

	while (nptb_hook_in_flight()) {
		if (!warned && time_after(jiffies, warn)) {
			pr_warn("waiting for faults under way to end:\n");
			handlers->name_inside();
			warned = true;
		}
		msleep(20);
	}
	synchronize_rcu_tasks();
}

/**
 * nptb_hook_free() - free what was hooked: the last use of it is over
 *
 * The end of a VM that was under budget still changes the list of functions,
 * behind nptb_hook_exit(), too.
 *
 * Context: after nptb_hook_exit(), with no such end queued any more.
 */
void nptb_hook_free(void)
{
	/* Nobody else frees the addresses that it is about. */
	ftrace_free_filter(&ops);
}
