// SPDX-License-Identifier: GPL-2.0-only
/*
 * Have a function find no memory: the next calls of it return NULL at once.
 *   insmod nptb_nomem.ko func=nptb_vm_new_vcpu
 *   echo 1 > /sys/module/nptb_nomem/parameters/times
 * Stock kernels have no fault injection.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

static char *func;
module_param(func, charp, 0444);
MODULE_PARM_DESC(func, "a function that returns a pointer");

static uint times;
module_param(times, uint, 0644);
MODULE_PARM_DESC(times, "how many calls are to fail yet");

static int find_none(struct kprobe *probe, struct pt_regs *regs)
{
	if (!times)
		return 0;
	times--;
	/* At its first instruction, the return address is on top of the stack. */
	regs->ax = 0;
	regs->ip = *(unsigned long *)regs->sp;
	regs->sp += sizeof(unsigned long);
	return 1;
}

/* That there is one keeps the probe from being made a jump, which cannot do this. */
static void unused(struct kprobe *probe, struct pt_regs *regs,
		   unsigned long flags)
{
}

static struct kprobe probe = {
	.pre_handler = find_none,
	.post_handler = unused,
};

static int __init nptb_nomem_init(void)
{
	probe.symbol_name = func;
	return func ? register_kprobe(&probe) : -EINVAL;
}

static void __exit nptb_nomem_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(nptb_nomem_init);
module_exit(nptb_nomem_exit);

MODULE_DESCRIPTION("Have a function find no memory");
MODULE_AUTHOR("The nptbudget developers");
MODULE_LICENSE("GPL");
