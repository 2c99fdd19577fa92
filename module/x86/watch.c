// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VMs whose faults are caught: chains by which they are found, and a table by
 * which x86/entry.S tells in a few instructions that most are not among them.
 */
#include "backend.h"
#include "hook.h"
#include "x86/entry.h"

DEFINE_HASHTABLE(nptb_watched, NPTB_WATCH_BITS);

/*
 * Of each chain: its VM, where it has one alone. A value, which nobody follows, so
 * that it may be compared at any time.
 */
unsigned long nptb_watched_kvm[1 << NPTB_WATCH_BITS];
static_assert(NPTB_WATCH_BITS == 8);	/* A byte, in x86/entry.S. */

static void tell(struct kvm *kvm)
{
	struct hlist_head *head = nptb_watch_head(kvm);
	struct nptb_watch *watch;
	unsigned long what = 0;

	hlist_for_each_entry(watch, head, node)
		what = what ? NPTB_WATCHED_MANY : (unsigned long)watch->kvm;
	WRITE_ONCE(nptb_watched_kvm[head - nptb_watched], what);
}

void nptb_watch_add(struct nptb_watch *watch, struct kvm *kvm)
{
	WRITE_ONCE(watch->kvm, kvm);
	hlist_add_head_rcu(&watch->node, nptb_watch_head(kvm));
	tell(kvm);
}

void nptb_watch_del(struct nptb_watch *watch)
{
	hlist_del_init_rcu(&watch->node);
	tell(watch->kvm);
}

/**
 * nptb_is_watched() - are a vCPU's faults caught?
 * @vcpu: in its fault
 *
 * Called by nptb_hugepage_entry().
 *
 * Return: whether its VM is under budget.
 */
bool nptb_is_watched(struct kvm_vcpu *vcpu)
{
	return nptb_watch_find(nptb_kvm_of(vcpu));
}
