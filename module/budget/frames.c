// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VM does not evict, its pins and exempt frames, and the faults that these
 * and its policy send a longer way.
 */
#include <linux/minmax.h>

#include "budget/frames.h"
#include "object/backing.h"
#include "object/fault.h"
#include "object/vm.h"
#include "set/policy.h"
#include "set/ranges.h"
#include "set/rset.h"

/* The most leaves that a policy leaves of a budget. */
static u64 limit_of(const struct nptb_policy_ops *ops, u64 budget)
{
	return ops->keep ? min(budget, max_t(u64, ops->keep, NPTB_NEED)) : budget;
}

/**
 * nptb_victims_limit() - the most leaves that a VM's policy leaves of a budget
 * @vm: whose
 * @budget: pages
 *
 * Return: pages.
 */
u64 nptb_victims_limit(const struct nptb_vm *vm, u64 budget)
{
	return limit_of(vm->config.policy, budget);
}

/**
 * nptb_victims_mark() - note what makes faults of a VM take a longer way
 * @vm: whose policy, batch, pins or exempt frames have changed
 *
 * Context: nptb_vm.lock held.
 */
void nptb_victims_mark(struct nptb_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	vm->account.special = (vm->config.policy->bare ? NPTB_SPECIAL_BARE : 0) |
		      (vm->resident.frames[NPTB_FRAMES_PIN].count ? NPTB_SPECIAL_PIN : 0) |
		      (vm->resident.frames[NPTB_FRAMES_EXEMPT].count ?
		       NPTB_SPECIAL_EXEMPT : 0) |
		      (vm->backing && READ_ONCE(vm->backing->on) ?
		       NPTB_SPECIAL_RECLAIM : 0) |
		      (vm->config.batch > 1 && !vm->config.policy->bare ?
		       NPTB_SPECIAL_BATCH : 0);
}

/**
 * nptb_victims_fit() - do the pins leave room for anything else?
 * @pin: the pins
 * @ops: a policy
 * @budget: pages
 *
 * One fault's leaves have to fit beside them, or nothing could be mapped.
 *
 * Return: whether they do.
 */
bool nptb_victims_fit(const struct nptb_ranges *pin,
		      const struct nptb_policy_ops *ops, u64 budget)
{
	u64 pins = nptb_ranges_frames(pin);

	return !pins || pins + NPTB_NEED <= limit_of(ops, budget);
}

/**
 * nptb_frames_has() - is a page's frame in a list?
 * @vm: whose
 * @which: pins or exempt frames
 * @key: of the page
 *
 * Lists are of the first address space: not SMM's.
 *
 * Return: whether it is.
 */
bool nptb_frames_has(const struct nptb_vm *vm, enum nptb_frames which, u64 key)
{
	return !nptb_key_as(key) &&
	       nptb_ranges_has(&vm->resident.frames[which], nptb_key_gfn(key));
}

/**
 * nptb_exempt_begin() - is a fault about an exempt frame?
 * @fault: of a VM that has such frames; its exempt field is the answer
 *
 * Return: true where it is, and nptb_exempt_end() has to follow.
 */
bool nptb_exempt_begin(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;

	/* A nested guest's: its tables are another matter, and count. */
	if (fault->in.shadow)
		return false;
	spin_lock(&vm->lock);
	fault->room.exempt = nptb_frames_has(vm, NPTB_FRAMES_EXEMPT, fault->in.key);
	vm->resident.exempting += fault->room.exempt;
	spin_unlock(&vm->lock);
	return fault->room.exempt;
}

/**
 * nptb_exempt_end() - a fault on an exempt frame is over
 * @fault: that nptb_exempt_begin() said yes to
 */
void nptb_exempt_end(struct nptb_fault *fault)
{
	spin_lock(&fault->in.vm->lock);
	fault->in.vm->resident.exempting--;
	spin_unlock(&fault->in.vm->lock);
}

/**
 * nptb_give_special() - put a page that was just mapped where it belongs
 * @fault: of a VM with NPTB_SPECIAL_* bits
 * @key: of the page
 * @may_be_new: whether it may come into the set
 * @plenty: it belongs to no attempt
 *
 * Context: nptb_vm.lock held.
 * Return: true where it is new to the set.
 */
bool nptb_give_special(struct nptb_fault *fault, u64 key,
		       bool may_be_new, bool plenty)
{
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_rset *set = &vm->resident.set;

	lockdep_assert_held(&vm->lock);
	/* It was let in as one, whatever the list says by now. */
	if (fault->room.exempt)
		return nptb_rset_give(set, key, may_be_new, &set->exempt);
	if (nptb_frames_has(vm, NPTB_FRAMES_PIN, key))
		return nptb_rset_give(set, key, may_be_new, &set->pinned);
	if (vm->account.special & NPTB_SPECIAL_BARE)
		return nptb_rset_charge_newest(set, key, may_be_new);
	if (plenty)
		return nptb_rset_charge(set, key, may_be_new);
	return nptb_rset_give(set, key, may_be_new, &fault->in.v->shield);
}

/**
 * nptb_give_ahead() - put a page that was mapped unasked for where it belongs
 * @vm: under budget
 * @key: of the page
 * @direct: its leaf is not one of a nested guest's
 *
 * To the pinned or exempt ones; it belongs to no attempt.
 *
 * Context: nptb_vm.lock held.
 */
void nptb_give_ahead(struct nptb_vm *vm, u64 key, bool direct)
{
	struct nptb_rset *set = &vm->resident.set;

	lockdep_assert_held(&vm->lock);
	if (direct && nptb_frames_has(vm, NPTB_FRAMES_EXEMPT, key))
		nptb_rset_give(set, key, true, &set->exempt);
	else if (nptb_frames_has(vm, NPTB_FRAMES_PIN, key))
		nptb_rset_give(set, key, true, &set->pinned);
	else
		nptb_rset_charge(set, key, true);
}
