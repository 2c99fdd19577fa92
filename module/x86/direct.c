// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct calls: the functions that nearly every fault goes through call x86/entry.S
 * itself, which costs a fault a handful of instructions where ftrace's own way, with
 * its copy of the registers, costs half a hundred.
 *
 * They stay until unload. To have them on demand would be cheaper still for other VMs,
 * but to take one back waits for RCU tasks, and to patch a function has ftrace walk all
 * of the kernel's and interrupt all CPUs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>

#include "x86/direct.h"
#include "x86/entry.h"
#include "x86/ftrace.h"

/**
 * struct direct - a function that calls us directly
 * @ops: a user of ftrace of its own: each is about one address
 * @entry: what is called
 * @on: it does
 */
struct direct {
	struct ftrace_ops ops;
	void (*entry)(void);
	bool on;
};

/* PERMANENT: with ftrace_enabled=0 a budget would silently not hold. */
#define DIRECT(hook, to)						\
	[(hook) - NPTB_HOOK_MAP] = {					\
		.ops.flags = FTRACE_OPS_FL_PERMANENT,			\
		.entry = (to),						\
	}

static struct direct directs[NPTB_HOOK_OF_FAULTS - NPTB_HOOK_MAP] = {
	DIRECT(NPTB_HOOK_MAP, nptb_map_entry),
	DIRECT(NPTB_HOOK_HUGEPAGE, nptb_hugepage_entry),
	DIRECT(NPTB_HOOK_FAULT, nptb_fault_entry),
};

/**
 * nptb_direct_on() - have a function call us, until nptb_direct_off()
 * @hook: from %NPTB_HOOK_MAP on, before %NPTB_HOOK_OF_FAULTS
 *
 * Context: one caller at a time; may sleep.
 * Return: 0, also where it does already; -EBUSY where somebody else redirects it.
 */
int nptb_direct_on(enum nptb_kvm_hook hook)
{
	struct direct *d = &directs[hook - NPTB_HOOK_MAP];
	int ret;

	if (d->on)
		return 0;
	ret = ftrace_set_filter_ip(&d->ops, nptb_kvm_hook_ip(hook), 0, 1);
	if (!ret)
		ret = nptb_ftrace_direct_on(&d->ops, (unsigned long)d->entry);
	d->on = !ret;
	return ret;
}

/**
 * nptb_direct_off() - no function calls us any more
 *
 * Context: may sleep for long: waits until no thread is in x86/entry.S.
 */
void nptb_direct_off(void)
{
	struct direct *d;

	for (d = directs; d < directs + ARRAY_SIZE(directs); d++) {
		if (d->on &&
		    nptb_ftrace_direct_off(&d->ops, (unsigned long)d->entry))
			pr_warn("cannot unhook %s\n",
				nptb_kvm_hook_name(NPTB_HOOK_MAP + (d - directs)));
		d->on = false;
		ftrace_free_filter(&d->ops);
	}
}
