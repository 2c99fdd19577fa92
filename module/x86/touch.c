// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host brings into memory of a VMM: handle_mm_fault() is on the way of every
 * page that comes to be mapped in a process. It is watched by ftrace, not redirected:
 * nobody is kept from a livepatch of it. See host.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/hash.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched/mm.h>

#include "host.h"
#include "x86/ftrace.h"
#include "x86/symbols.h"

#define TOUCH_BITS	4

static struct hlist_head watched[1 << TOUCH_BITS];

/* Who is in the hash, and whether ftrace calls us. */
static DEFINE_MUTEX(touch_lock);
static bool registered;

static struct hlist_head *head_of(struct mm_struct *mm)
{
	return &watched[hash_ptr(mm, TOUCH_BITS)];
}

/* A page fault begins. No sleeping, and RCU is told by preemption alone. */
static void notrace fault_begins(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)nptb_ftrace_arg(fregs, 0);
	struct mm_struct *mm = vma->vm_mm;
	struct nptb_touch *touch;

	preempt_disable_notrace();
	hlist_for_each_entry_rcu_notrace(touch, head_of(mm), node)
		if (touch->mm == mm)
			touch->touched(touch, nptb_ftrace_arg(fregs, 1) & PAGE_MASK,
				       nptb_ftrace_arg(fregs, 2) & FAULT_FLAG_USER);
	preempt_enable_notrace();
}

/* PERMANENT: with ftrace_enabled=0 a bound would silently not hold. */
static struct ftrace_ops ops = {
	.func = fault_begins,
	.flags = FTRACE_OPS_FL_PERMANENT,
};

static int watch_faults(void)
{
	int ret;

	if (registered)
		return 0;
	ret = ftrace_set_filter_ip(&ops, nptb_touch_ip(), 0, 1);
	if (!ret)
		ret = register_ftrace_function(&ops);
	if (ret)
		pr_err("cannot watch handle_mm_fault: error %d; is ftrace off (sysctl kernel.ftrace_enabled)?\n",
		       ret);
	registered = !ret;
	return ret;
}

int nptb_touch_begin(struct nptb_touch *touch, struct kvm *kvm)
{
	int ret;

	touch->mm = kvm->mm;
	mutex_lock(&touch_lock);
	ret = watch_faults();
	if (!ret) {
		mmgrab(touch->mm);
		touch->small_pages = nptb_host_small_pages(touch->mm, true);
		hlist_add_head_rcu(&touch->node, head_of(touch->mm));
	}
	mutex_unlock(&touch_lock);
	return ret;
}

static bool nobody_watches(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(watched); i++)
		if (!hlist_empty(&watched[i]))
			return false;
	return true;
}

/* Another VM of the process may need it as much. */
static void leave_small_pages(struct nptb_touch *touch)
{
	struct nptb_touch *other;

	lockdep_assert_held(&touch_lock);
	hlist_for_each_entry(other, head_of(touch->mm), node) {
		if (other->mm != touch->mm)
			continue;
		other->small_pages = true;
		return;
	}
	nptb_host_small_pages(touch->mm, false);
}

void nptb_touch_end(struct nptb_touch *touch)
{
	mutex_lock(&touch_lock);
	hlist_del_rcu(&touch->node);
	if (touch->small_pages)
		leave_small_pages(touch);
	/* Everybody's page faults pay for it. */
	if (registered && nobody_watches()) {
		unregister_ftrace_function(&ops);
		registered = false;
	}
	mutex_unlock(&touch_lock);
	synchronize_rcu();
	mmdrop(touch->mm);
}

void nptb_touch_exit(void)
{
	ftrace_free_filter(&ops);
}
