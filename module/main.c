// SPDX-License-Identifier: GPL-2.0-only
/* Load and unload: the order of things, and nothing else. */
#include <linux/module.h>

#include "backend.h"
#include "fault/fault.h"
#include "fault/mapping.h"
#include "hook.h"
#include "host.h"
#include "object/vm.h"
#include "ui/bindings.h"
#include "ui/debugfs.h"
#include "ui/session.h"
#include "vm/vm.h"

/*
 * No new work, no budgets, no hook, nobody inside: then VMs that ended meanwhile
 * are done with, and all is freed that this takes.
 */
static void leave(void)
{
	nptb_debugfs_exit();
	nptb_vm_disarm_all();
	nptb_hook_exit();
	destroy_workqueue(nptb_wq);
	nptb_hook_free();
	nptb_touch_exit();
	nptb_vm_free_all();
	nptb_bindings_free();
}

static const struct nptb_handlers handlers = {
	.vm_created = nptb_vm_create,
	.vm_destroyed = nptb_vm_end,
	.vcpu_comes = nptb_vm_catch,
	.fault = nptb_handle_fault,
	.set_spte = nptb_handle_set_spte,
	.map = nptb_handle_map,
	.async_ready = nptb_handle_async_ready,
	.pre_fault = nptb_handle_pre_fault,
	.name_inside = nptb_vm_name_inside,
};

static const struct nptb_vm_observer observer = {
	.starts = nptb_session_start,
	.added = nptb_debugfs_add_vm,
	.ended = nptb_debugfs_hide_vm,
	.wants = nptb_session_wants,
	.idle = nptb_session_idle,
	.removed = nptb_debugfs_remove_vm,
};

static int __init nptb_init(void)
{
	int ret;

	ret = nptb_kvm_init();
	if (ret)
		return ret;
	nptb_wq = alloc_workqueue("nptbudget", WQ_UNBOUND, 0);
	if (!nptb_wq)
		return -ENOMEM;
	nptb_vm_init(&observer);
	nptb_debugfs_init();
	ret = nptb_hook_init(&handlers);
	if (!ret)
		ret = nptb_kvm_for_each_vm(nptb_vm_create);
	if (ret)
		leave();
	return ret;
}

static void __exit nptb_exit(void)
{
	leave();
}

module_init(nptb_init);
module_exit(nptb_exit);

MODULE_DESCRIPTION("Hold KVM guests to a budget of resident pages, on AMD-V and VT-x");
MODULE_AUTHOR("The nptbudget developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(NPTB_VERSION);
