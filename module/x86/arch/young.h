/* SPDX-License-Identifier: GPL-2.0-only */
/* A look at an accessed bit, inline for policies that take several for a fault; of backend.h. */
#ifndef NPTB_X86_ARCH_YOUNG_H
#define NPTB_X86_ARCH_YOUNG_H

#include <linux/kvm_host.h>

#include <asm/cpufeature.h>
#include <asm/pgtable_types.h>

#include "arch/kvm_data.h"
#include "arch/mmu_page.h"
#include "arch/zap.h"

/*
 * An entry is replaced only where it is as it was read, since KVM writes them meanwhile;
 * one that changes at this very moment is in use. What KVM has frozen, or marked as MMIO,
 * is not present. Return: whether it was accessed.
 */
static __always_inline bool nptb_clear_accessed(u64 *at, u64 spte)
{
	if (!(spte & _PAGE_ACCESSED))
		return false;
	cmpxchg64(at, spte, spte & ~(u64)_PAGE_ACCESSED);
	return true;
}

/* The trail leads to that leaf's table now; a huge one's has others below it. */
static __always_inline void nptb_lay_trail(struct nptb_trail *trail,
					   const struct nptb_mmu_page *root, u64 key, u64 *at,
					   u64 spte)
{
	if (unlikely(!spte || (spte & NPTB_SPTE_HUGE)))
		return;
	trail->root = root;
	trail->table = (u64 *)((unsigned long)at & PAGE_MASK);
	trail->region = key >> 9;
}

static __always_inline bool nptb_take_accessed(struct nptb_trail *trail,
					       const struct nptb_mmu_page *root, u64 key)
{
	u64 *at, spte = nptb_find_entry(root->spt, root->role.level, nptb_key_gfn(key), &at);

	nptb_lay_trail(trail, root, key, at, spte);
	return nptb_clear_accessed(at, spte);
}

bool nptb_young_in_roots(struct kvm *kvm, struct nptb_trail *trail, u64 key);
bool nptb_young_in_slot(struct kvm *kvm, u64 key);

/*
 * What nptb_kvm_young() comes to where the trail does not lead to the frame. As
 * kvm_age_gfn(), but without mmu_lock and the search for a slot: tables are freed
 * behind readers of RCU, and with preemption off, this is one. Where the TDP MMU alone
 * has leaves of the VM, and they are an AMD CPU's, they always have accessed bits
 * (kvm_ad_enabled() of KVM); Intel's have them elsewhere, if at all. Of a shadow MMU that
 * comes at this moment nothing has been asked before.
 */
static __always_inline bool nptb_young_by_search(struct kvm *kvm, struct nptb_trail *trail,
						 u64 key)
{
	struct nptb_mmu_page *root = nptb_first_root(kvm);

	if (unlikely(!nptb_tdp_alone(kvm)) || !cpu_feature_enabled(X86_FEATURE_SVM))
		return nptb_young_in_slot(kvm, key);
	if (nptb_is_only_root(kvm, root, key))
		return nptb_take_accessed(trail, root, key);
	return nptb_young_in_roots(kvm, trail, key);
}

/**
 * nptb_kvm_young() - was a frame accessed since this was last asked?
 * @kvm: alive
 * @trail: empty, or as the last call left it, if preemption was off since
 * @key: of the frame
 *
 * The accessed bit is cleared without a flush. By the trail, where it has led to the table
 * of this frame: every other look does. A root that has come since, or dies, may have a
 * leaf of it, too: whether that was accessed is not worth a search.
 *
 * Context: preemption off; kvm->srcu held.
 * Return: true where it was.
 */
static __always_inline bool nptb_kvm_young(struct kvm *kvm, struct nptb_trail *trail, u64 key)
{
	if (trail->region == key >> 9) {
		u64 *at = nptb_entry_of(trail->table, key, 1);
		u64 spte = READ_ONCE(*at);

		if (likely(spte & NPTB_SPTE_PRESENT))
			return nptb_clear_accessed(at, spte);
	}
	return nptb_young_by_search(kvm, trail, key);
}

#endif /* NPTB_X86_ARCH_YOUNG_H */
