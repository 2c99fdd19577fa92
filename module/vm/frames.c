// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of guest frames that are never evicted: pins, which count against the
 * budget, and exempt ones, which do not. Changed while the guest runs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>

#include "backend.h"
#include "budget/frames.h"
#include "budget/reclaim.h"
#include "object/vm.h"
#include "set/policy.h"
#include "set/ranges.h"
#include "set/rset.h"
#include "vm/frames.h"

/* Pages, and chains, looked at under the VM's lock in one go. */
#define SORT_BATCH	64
#define SORT_CHAINS	1024

static void sort_page(struct nptb_vm *vm, struct nptb_page *page)
{
	struct nptb_rset *set = &vm->resident.set;
	struct nptb_shield *to = NULL;
	u64 key = nptb_page_key(page);

	lockdep_assert_held(&vm->lock);
	if (nptb_frames_has(vm, NPTB_FRAMES_EXEMPT, key))
		to = &set->exempt;
	else if (nptb_frames_has(vm, NPTB_FRAMES_PIN, key))
		to = &set->pinned;
	if (to && page->tag != to->tag)
		nptb_rset_hand(set, page, to);
	else if (!to && nptb_page_is_kept(page))
		nptb_rset_free(set, page);
}

/* Put all pages where the lists say they belong. Faults go on meanwhile. */
static void sort(struct nptb_vm *vm)
{
	struct nptb_rset *set = &vm->resident.set;
	u64 at = NPTB_WALK_BEGIN;
	u32 pages, chains;

	lockdep_assert_held(&vm->ctl);
	while (at < NPTB_WALK_END) {
		spin_lock(&vm->lock);
		for (pages = 0, chains = 0; at < NPTB_WALK_END &&
		     pages < SORT_BATCH && chains < SORT_CHAINS; chains++) {
			u32 slot = *nptb_rset_walk(set, &at);

			for (; slot != NPTB_SLOT_NONE; pages++) {
				struct nptb_page *page = nptb_at(set->policy.table.slots, slot);

				slot = page->chain;
				sort_page(vm, page);
			}
		}
		spin_unlock(&vm->lock);
		cond_resched();
	}
}

/* Faults that were let in as exempt ones make their leaves uncounted. */
static int wait_exempt(struct nptb_vm *vm)
{
	u32 under_way;

	for (;;) {
		spin_lock(&vm->lock);
		under_way = vm->resident.exempting;
		spin_unlock(&vm->lock);
		if (!under_way)
			return 0;
		if (signal_pending(current))
			return -EINTR;
		schedule_timeout_interruptible(1);
	}
}

/**
 * nptb_frames_possible() - can frames of a VM be exempt?
 * @vm: alive
 * @exempt: the frames; none always can
 *
 * Return: whether they can; false after a line in the kernel log.
 */
bool nptb_frames_possible(const struct nptb_vm *vm,
			  const struct nptb_ranges *exempt)
{
	if (!exempt->count || nptb_kvm_uses_tdp_mmu(vm->kvm))
		return true;
	pr_warn("VM %s: frames can be exempt under KVM's TDP MMU alone\n",
		vm->id.name);
	return false;
}

static void install(struct nptb_vm *vm, enum nptb_frames which,
		    const struct nptb_ranges *ranges)
{
	spin_lock(&vm->lock);
	vm->resident.frames[which] = *ranges;
	nptb_victims_mark(vm);
	spin_unlock(&vm->lock);
}

/* In force when this returns. */
static int enforce(struct nptb_vm *vm)
{
	int ret;

	if (!vm->armed || !vm->kvm)
		return 0;
	ret = wait_exempt(vm);
	if (ret)
		return ret;
	sort(vm);
	return nptb_shrink(vm);
}

static int change(struct nptb_vm *vm, enum nptb_frames which,
		  nptb_frames_edit_fn edit, void *ctx)
{
	struct nptb_ranges old = vm->resident.frames[which], new = old;
	int ret;

	lockdep_assert_held(&vm->ctl);
	if (!vm->kvm)
		return -ENODEV;
	ret = edit(&new, ctx);
	if (ret)
		return ret;
	if (nptb_ranges_share(&new, &vm->resident.frames[!which]))
		return -EINVAL;
	if (which == NPTB_FRAMES_EXEMPT && !nptb_frames_possible(vm, &new))
		return -EOPNOTSUPP;
	install(vm, which, &new);
	ret = -ENOSPC;
	if (!vm->armed ||
	    nptb_victims_fit(&vm->resident.frames[NPTB_FRAMES_PIN], vm->config.policy,
			     vm->config.budget))
		ret = enforce(vm);
	if (ret) {
		install(vm, which, &old);
		if (vm->armed && vm->kvm)
			sort(vm);
	}
	return ret;
}

/**
 * nptb_frames_change() - change a list of frames
 * @vm: whose
 * @which: pins or exempt frames
 * @edit: makes the new list from a copy of the old one
 * @ctx: for @edit
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0; what @edit returned; -EINVAL where a frame would be in both lists;
 * -ENOSPC where pins would fill the budget, -EOPNOTSUPP under an MMU
 * that makes leaves unseen, -ENODEV for an ended VM, -EINTR where a signal came
 * while faults were under way. After an error the old list is in force.
 */
int nptb_frames_change(struct nptb_vm *vm, enum nptb_frames which,
		       nptb_frames_edit_fn edit, void *ctx)
{
	int ret;

	if (mutex_lock_interruptible(&vm->ctl))
		return -EINTR;
	down_read(&vm->life);
	ret = change(vm, which, edit, ctx);
	up_read(&vm->life);
	mutex_unlock(&vm->ctl);
	return ret;
}
