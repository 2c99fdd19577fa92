// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that are evicted on request, whatever room there is: so that their next
 * touch is a fault, and is seen.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/srcu.h>

#include "backend.h"
#include "budget/reclaim.h"
#include "object/vm.h"
#include "set/ranges.h"
#include "set/rset.h"
#include "vm/evict.h"

/* Frames looked up under the VM's lock in one go, and evicted at most. */
#define LOOK_BATCH	64
#define EVICT_BATCH	8

/* Return: the first frame that was not looked at. */
static u64 evict_some(struct nptb_vm *vm, u64 gfn, u64 last)
{
	int idx = srcu_read_lock(nptb_kvm_srcu(vm->kvm));
	struct nptb_rset *set = &vm->resident.set;
	u32 looks, evicted = 0;

	spin_lock(&vm->lock);
	for (looks = 0; gfn <= last && looks < LOOK_BATCH &&
	     evicted < EVICT_BATCH; looks++, gfn++) {
		struct nptb_page *page = nptb_rset_find(set, nptb_key(0, gfn));

		if (!page || nptb_page_is_kept(page))
			continue;
		nptb_evict_page(vm, page);
		evicted++;
	}
	spin_unlock(&vm->lock);
	srcu_read_unlock(nptb_kvm_srcu(vm->kvm), idx);
	return gfn;
}

static int evict_range(struct nptb_vm *vm, const struct nptb_range *range)
{
	u64 gfn = range->first;

	lockdep_assert_held(&vm->ctl);
	while (gfn <= range->last) {
		if (signal_pending(current))
			return -EINTR;
		gfn = evict_some(vm, gfn, range->last);
		cond_resched();
	}
	return 0;
}

/**
 * nptb_vm_evict() - evict frames of a VM, once
 * @vm: whose
 * @ranges: the frames, of KVM's address space 0
 *
 * Pinned and exempt ones stay. A fault under way may map one again at once.
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0; -E2BIG for more than NPTB_EVICT_MAX frames, -ENODEV for an ended VM,
 * -EPERM for one without a budget, -EINTR where a signal came first.
 */
int nptb_vm_evict(struct nptb_vm *vm, const struct nptb_ranges *ranges)
{
	int ret = 0;
	u32 i;

	if (nptb_ranges_frames(ranges) > NPTB_EVICT_MAX)
		return -E2BIG;
	if (mutex_lock_interruptible(&vm->ctl))
		return -EINTR;
	down_read(&vm->life);
	if (!vm->kvm)
		ret = -ENODEV;
	else if (!vm->armed)
		ret = -EPERM;
	for (i = 0; !ret && i < ranges->count; i++)
		ret = evict_range(vm, &ranges->r[i]);
	up_read(&vm->life);
	mutex_unlock(&vm->ctl);
	return ret;
}
