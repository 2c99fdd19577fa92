// SPDX-License-Identifier: GPL-2.0-only
/*
 * A livepatch of one of KVM's functions, to see what nptbudget says to a function
 * that somebody else holds:
 *   insmod nptb_klp.ko func=kvm_mmu_page_fault
 * For a host without VMs: what it puts in place of the function does nothing.
 */
#include <linux/livepatch.h>
#include <linux/module.h>

static char *func;
module_param(func, charp, 0444);
MODULE_PARM_DESC(func, "function of kvm.ko to hold");

static long nothing(void)
{
	return 0;
}

static struct klp_func funcs[] = {
	{ .new_func = nothing },
	{ }
};

static struct klp_object objs[] = {
	{ .name = "kvm", .funcs = funcs },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static int __init nptb_klp_init(void)
{
	if (!func)
		return -EINVAL;
	funcs[0].old_name = func;
	return klp_enable_patch(&patch);
}

static void __exit nptb_klp_exit(void)
{
}

module_init(nptb_klp_init);
module_exit(nptb_klp_exit);

MODULE_INFO(livepatch, "Y");
MODULE_DESCRIPTION("Hold a function of KVM as a livepatch does");
MODULE_AUTHOR("The nptbudget developers");
MODULE_LICENSE("GPL");
