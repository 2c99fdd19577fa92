// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VM evicts, and what it does not: its policy, seed, pins and exempt
 * frames, and the faults that these send a longer way.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>

#include "nptb.h"
#include "trace.h"

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
 * @vm: whose policy, pins or exempt frames have changed
 *
 * Context: nptb_vm.lock held.
 */
void nptb_victims_mark(struct nptb_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	vm->special = (vm->config.policy->bare ? NPTB_SPECIAL_BARE : 0) |
		      (vm->frames[NPTB_FRAMES_PIN].count ? NPTB_SPECIAL_PIN : 0) |
		      (vm->frames[NPTB_FRAMES_EXEMPT].count ?
		       NPTB_SPECIAL_EXEMPT : 0);
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

static void switch_policy(struct nptb_vm *vm, const struct nptb_policy_ops *ops)
{
	spin_lock(&vm->lock);
	vm->config.policy = ops;
	if (vm->armed) {
		nptb_policy_switch(&vm->set.policy, ops);
		nptb_victims_mark(vm);
		WRITE_ONCE(vm->limit, nptb_victims_limit(vm, vm->config.budget));
	}
	spin_unlock(&vm->lock);
}

static int set_policy(struct nptb_vm *vm, const struct nptb_policy_ops *ops)
{
	const struct nptb_policy_ops *old = vm->config.policy;
	int ret;

	lockdep_assert_held(&vm->ctl);
	if (vm->armed && !nptb_victims_fit(&vm->frames[NPTB_FRAMES_PIN], ops,
					   vm->config.budget)) {
		pr_warn("VM %s: policy %s keeps fewer pages than are pinned\n",
			vm->name, ops->name);
		return -ENOSPC;
	}
	switch_policy(vm, ops);
	if (!vm->armed || !vm->kvm)
		return 0;
	/* A policy may keep fewer pages than the one before. */
	ret = nptb_shrink(vm);
	if (ret)
		switch_policy(vm, old);
	else
		trace_nptb_policy(vm, &vm->config);
	return ret;
}

/**
 * nptb_vm_set_policy() - choose who goes next
 * @vm: to change; the pages that are resident stay so, as far as the policy
 *	keeps so many
 * @ops: the policy
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0; -ENOSPC where the policy keeps too few pages for the pins; -EINTR
 * where a signal came while faults were under way. After an error the old policy
 * is in force.
 */
int nptb_vm_set_policy(struct nptb_vm *vm, const struct nptb_policy_ops *ops)
{
	int ret;

	if (mutex_lock_interruptible(&vm->ctl))
		return -EINTR;
	down_read(&vm->life);
	ret = set_policy(vm, ops);
	up_read(&vm->life);
	mutex_unlock(&vm->ctl);
	return ret;
}

/**
 * nptb_vm_set_seed() - choose what dice begin with
 * @vm: to change; dice of the policy at work begin anew
 * @seed: any number
 */
void nptb_vm_set_seed(struct nptb_vm *vm, u64 seed)
{
	spin_lock(&vm->lock);
	vm->config.seed = seed;
	if (vm->armed)
		nptb_policy_seed(&vm->set.policy, seed);
	spin_unlock(&vm->lock);
}

/**
 * nptb_vm_set_flush_aged() - choose whether cleared accessed bits are flushed
 * @vm: to change
 * @flush: also where no eviction does it
 */
void nptb_vm_set_flush_aged(struct nptb_vm *vm, bool flush)
{
	spin_lock(&vm->lock);
	vm->config.flush_aged = flush;
	spin_unlock(&vm->lock);
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
	       nptb_ranges_has(&vm->frames[which], nptb_key_gfn(key));
}

/**
 * nptb_exempt_begin() - is a fault about an exempt frame?
 * @fault: of a VM that has such frames; its exempt field is the answer
 *
 * Return: true where it is, and nptb_exempt_end() has to follow.
 */
bool nptb_exempt_begin(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->vm;

	/* A nested guest's: its tables are another matter, and count. */
	if (fault->shadow)
		return false;
	spin_lock(&vm->lock);
	fault->exempt = nptb_frames_has(vm, NPTB_FRAMES_EXEMPT, fault->key);
	vm->exempting += fault->exempt;
	spin_unlock(&vm->lock);
	return fault->exempt;
}

/**
 * nptb_exempt_end() - a fault on an exempt frame is over
 * @fault: that nptb_exempt_begin() said yes to
 */
void nptb_exempt_end(struct nptb_fault *fault)
{
	spin_lock(&fault->vm->lock);
	fault->vm->exempting--;
	spin_unlock(&fault->vm->lock);
}

/**
 * nptb_give_special() - put a page that was just mapped where it belongs
 * @fault: of a VM with NPTB_SPECIAL_* bits
 * @key: of the page
 * @spare: a page to use, or NULL
 * @plenty: it belongs to no attempt
 *
 * Context: nptb_vm.lock held.
 * Return: true where @spare was used.
 */
bool nptb_give_special(struct nptb_fault *fault, u64 key,
		       struct nptb_page *spare, bool plenty)
{
	struct nptb_vm *vm = fault->vm;
	struct nptb_rset *set = &vm->set;

	lockdep_assert_held(&vm->lock);
	/* It was let in as one, whatever the list says by now. */
	if (fault->exempt)
		return nptb_rset_give(set, key, spare, &set->exempt);
	if (nptb_frames_has(vm, NPTB_FRAMES_PIN, key))
		return nptb_rset_give(set, key, spare, &set->pinned);
	if (vm->special & NPTB_SPECIAL_BARE)
		return nptb_rset_charge_newest(set, key, spare);
	if (plenty)
		return nptb_rset_charge(set, key, spare);
	return nptb_rset_give(set, key, spare, &fault->v->shield);
}

/**
 * nptb_give_ahead() - put a page that was mapped unasked for where it belongs
 * @vm: under budget
 * @key: of the page
 * @spare: a page to use, or NULL
 * @direct: its leaf is not one of a nested guest's
 *
 * To the pinned or exempt ones; it belongs to no attempt.
 *
 * Context: nptb_vm.lock held.
 * Return: true where @spare was used.
 */
bool nptb_give_ahead(struct nptb_vm *vm, u64 key, struct nptb_page *spare,
		     bool direct)
{
	struct nptb_rset *set = &vm->set;

	lockdep_assert_held(&vm->lock);
	if (direct && nptb_frames_has(vm, NPTB_FRAMES_EXEMPT, key))
		return nptb_rset_give(set, key, spare, &set->exempt);
	if (nptb_frames_has(vm, NPTB_FRAMES_PIN, key))
		return nptb_rset_give(set, key, spare, &set->pinned);
	return nptb_rset_charge(set, key, spare);
}
