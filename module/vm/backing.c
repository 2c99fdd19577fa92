// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of a VM's pages that are evicted: changed while the guest runs. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "backend.h"
#include "budget/backing.h"
#include "budget/frames.h"
#include "hook.h"
#include "host.h"
#include "object/backing.h"
#include "object/vm.h"
#include "vm/backing.h"

/**
 * nptb_backing_possible() - can pages be given up on this host?
 * @backing: enum nptb_backing_mode
 *
 * Return: false with a message that says what to set up.
 */
bool nptb_backing_possible(u32 backing)
{
	if (backing != NPTB_BACKING_RECLAIM || nptb_host_has_swap())
		return true;
	pr_warn("backing=reclaim needs free swap space: modprobe zram; zramctl -s 1G /dev/zram0; mkswap /dev/zram0; swapon /dev/zram0\n");
	return false;
}

static int prepare(struct nptb_vm *vm)
{
	struct nptb_backing *b;

	if (vm->backing)
		return 0;
	b = kvzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->vm = vm;
	init_rwsem(&b->many);
	spin_lock_init(&b->lock);
	INIT_DELAYED_WORK(&b->rest_work, nptb_backing_rest_work);
	b->touch.touched = nptb_backing_touched;
	vm->backing = b;
	return 0;
}

static void mark(struct nptb_vm *vm)
{
	spin_lock(&vm->lock);
	nptb_victims_mark(vm);
	spin_unlock(&vm->lock);
}

/**
 * nptb_backing_begin() - a VM under budget is held to it in host memory, too
 * @vm: whose configuration may say so; nptb_vm.ctl and nptb_vm.life held
 *
 * What the host does not give up stays, and is counted: that is no error.
 *
 * Context: may sleep.
 * Return: 0; also where it is so already, or not to be; -EOPNOTSUPP where memory of it is
 * never given up, with a line in the log; -ENOMEM, -EBUSY.
 */
int nptb_backing_begin(struct nptb_vm *vm)
{
	const char *why;
	int ret;

	lockdep_assert_held(&vm->ctl);
	if (vm->config.backing != NPTB_BACKING_RECLAIM || (vm->backing && vm->backing->watching))
		return 0;
	why = nptb_host_unsuited(vm->kvm);
	if (why) {
		pr_warn("VM %s cannot have backing=reclaim: %s\n", vm->id.name, why);
		return -EOPNOTSUPP;
	}
	ret = prepare(vm);
	if (!ret)
		ret = nptb_touch_begin(&vm->backing->touch, vm->kvm);
	if (ret)
		return ret;
	vm->backing->watching = true;
	/* They may bring other pages of the host's. */
	nptb_hook_see_all();
	spin_lock(&vm->backing->lock);
	WRITE_ONCE(vm->backing->on, true);
	spin_unlock(&vm->backing->lock);
	mark(vm);
	nptb_backing_sweep(vm);
	return 0;
}

/**
 * nptb_backing_stop() - leave no more work to anybody
 * @vm: any; the VM ends, or nptb_backing_end() follows
 */
void nptb_backing_stop(struct nptb_vm *vm)
{
	if (!vm->backing)
		return;
	spin_lock(&vm->backing->lock);
	WRITE_ONCE(vm->backing->on, false);
	spin_unlock(&vm->backing->lock);
}

/**
 * nptb_backing_end() - it is so no more
 * @vm: any; nptb_vm.ctl held
 *
 * What was given up comes back as it is used.
 *
 * Context: may sleep.
 */
void nptb_backing_end(struct nptb_vm *vm)
{
	struct nptb_backing *b = vm->backing;

	lockdep_assert_held(&vm->ctl);
	if (!b || !b->watching)
		return;
	nptb_backing_stop(vm);
	mark(vm);
	nptb_touch_end(&b->touch);
	cancel_delayed_work_sync(&b->rest_work);
	b->watching = false;
	nptb_hook_see_all_end();
	spin_lock(&b->lock);
	b->count = 0;
	spin_unlock(&b->lock);
}

/* The last reference has gone. */
void nptb_backing_free(struct nptb_vm *vm)
{
	kvfree(vm->backing);
}

static int set_backing(struct nptb_vm *vm, u32 backing)
{
	u32 old = vm->config.backing;
	int ret = 0;

	lockdep_assert_held(&vm->ctl);
	if (backing == old)
		return 0;
	spin_lock(&vm->lock);
	vm->config.backing = backing;
	spin_unlock(&vm->lock);
	if (backing == NPTB_BACKING_RESIDENT)
		nptb_backing_end(vm);
	else if (vm->kvm && vm->armed)
		ret = nptb_backing_begin(vm);
	if (!ret)
		return 0;
	spin_lock(&vm->lock);
	vm->config.backing = old;
	spin_unlock(&vm->lock);
	return ret;
}

/**
 * nptb_vm_set_backing() - choose what becomes of pages that are evicted
 * @vm: to change
 * @backing: enum nptb_backing_mode
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0; -ENXIO where there is no swap space; -EOPNOTSUPP where its memory is of a
 * kind that is never given up; -EBUSY where ftrace is off; -ENOMEM; -EINTR where a
 * signal came before anything was changed. After an error the old mode is in force.
 */
int nptb_vm_set_backing(struct nptb_vm *vm, u32 backing)
{
	int ret;

	if (!nptb_backing_possible(backing))
		return -ENXIO;
	if (mutex_lock_interruptible(&vm->ctl))
		return -EINTR;
	down_read(&vm->life);
	ret = set_backing(vm, backing);
	up_read(&vm->life);
	mutex_unlock(&vm->ctl);
	return ret;
}

/**
 * nptb_vm_backed() - pages of a VM's memory slots that are in host memory
 * @vm: alive or ended
 *
 * Looks at all of them, a part at a time.
 *
 * Context: may sleep; a signal ends it early.
 * Return: pages of 4 KiB; 0 for a VM that has ended.
 */
u64 nptb_vm_backed(struct nptb_vm *vm)
{
	struct nptb_host_range *r = NULL;
	u64 sum = 0, at;
	u32 nr = 0, i;

	down_read(&vm->life);
	if (vm->kvm)
		r = nptb_host_ranges(vm->kvm, &nr);
	for (i = 0; r && i < nr; i++) {
		for (at = r[i].start; at < r[i].end && !signal_pending(current);
		     at += NPTB_HOST_CHUNK * PAGE_SIZE) {
			sum += nptb_host_present(vm->kvm, at, nptb_host_chunk(&r[i], at),
						 NULL);
			cond_resched();
		}
	}
	up_read(&vm->life);
	kvfree(r);
	return sum;
}
