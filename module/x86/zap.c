// SPDX-License-Identifier: GPL-2.0-only
/* Zap leaves, and look at accessed bits; see backend.h. */
#include <linux/mm.h>
#include <linux/rculist.h>

#include <asm/cpufeature.h>
#include <asm/hypervisor.h>

#include "backend.h"
#include "lock.h"
#include "x86/flush.h"
#include "x86/symbols.h"

static bool frame_range(struct kvm *kvm, u64 key, struct kvm_gfn_range *range)
{
	struct kvm_memslots *slots = __kvm_memslots(kvm, nptb_key_as(key));
	struct kvm_memory_slot *slot = __gfn_to_memslot(slots, nptb_key_gfn(key));

	if (!slot)
		return false;
	*range = (struct kvm_gfn_range){
		.slot = slot,
		.start = nptb_key_gfn(key),
		.end = nptb_key_gfn(key) + 1,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
		/* 6.1 knows no private memory. */
		.attr_filter = KVM_FILTER_SHARED,
#endif
	};
	return true;
}

/*
 * A VM's only vCPU flushes at its next entry. A vCPU created meanwhile has nothing to
 * flush. The shadow MMU's tables may be read while they are zapped, and nested guests
 * have translations of their own: there KVM is asked.
 */
static __always_inline void flush_all(struct kvm *kvm, struct nptb_flush *flush,
				      struct kvm_vcpu *vcpu)
{
	if (hypervisor_is_type(X86_HYPER_MS_HYPERV))
		static_call(nptb_sc_flush)(kvm);
	else if (likely(vcpu && atomic_read(&kvm->online_vcpus) == 1))
		nptb_flush_own(vcpu);
	else if (nptb_tdp_alone(kvm))
		nptb_flush_each(kvm, flush, vcpu);
	else
		static_call(nptb_sc_flush)(kvm);
}

void nptb_kvm_flush(struct kvm *kvm, struct nptb_flush *flush, struct kvm_vcpu *vcpu)
{
	flush_all(kvm, flush, vcpu);
}

/*
 * Under a root that KVM has invalidated, a leaf still counts. Later kernels do
 * not say that one went there, since no vCPU enters with such a root any more and
 * nothing has to be flushed: their count of leaves does.
 */
static noinline bool zap_dying(struct kvm *kvm, struct nptb_mmu_page *root,
			       gfn_t gfn)
{
	u64 leaves = nptb_kvm_leaves(kvm);

	lockdep_assert_held_write(&kvm->mmu_lock);
	static_call(nptb_sc_zap_leafs)(kvm, root, gfn, gfn + 1, false, false);
	return nptb_kvm_leaves(kvm) != leaves;
}

/* What KVM writes where it takes a leaf away, once it was seen to; no entry is this. */
#define NOT_SEEN	(~0ULL)
static u64 nonpresent __read_mostly = NOT_SEEN;

/*
 * By KVM's own zap, which is told that the table which has the leaf were the root: it
 * looks at the level and the address space, which tables inherit.
 */
static noinline bool zap_by_kvm(struct kvm *kvm, u64 *at, gfn_t gfn)
{
	struct nptb_mmu_page *table = nptb_table_of(at);
	bool zapped = static_call(nptb_sc_zap_leafs)(kvm, table, gfn, gfn + 1, false, false);

	if (zapped && table->role.level == 1)
		WRITE_ONCE(nonpresent, READ_ONCE(*at));
	return zapped;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
/*
 * 6.1 and 6.12 mark the page of a leaf that goes as used, where 7.3 leaves that to the map
 * (kvm_release_faultin_page()). They do it at the map as well (kvm_release_pfn_clean()),
 * and that a page goes is our doing, and no use of it: so they are not told that it was
 * accessed. As dirty they mark it at no other place: that they are told, but where it is
 * marked so already. The page is looked at after the leaf has gone: whoever takes the mark
 * off it writes it out afterwards.
 */
static __always_inline bool tells_dirty(u64 spte)
{
	unsigned long pfn = (spte & PTE_PFN_MASK) >> PAGE_SHIFT;

	return (spte & _PAGE_DIRTY) && !(pfn_valid(pfn) && PageDirty(pfn_to_page(pfn)));
}

static u64 without_use(u64 spte)
{
	spte &= ~(u64)_PAGE_ACCESSED;
	return tells_dirty(spte) ? spte : spte & ~(u64)_PAGE_DIRTY;
}

/*
 * Then handle_changed_spte() comes to one leaf less in KVM's count, under the same lock,
 * unless somebody listens to its tracepoint. The bits are where AMD has them.
 */
static __always_inline bool is_counting_all(u64 spte)
{
	return cpu_feature_enabled(X86_FEATURE_SVM) && likely(!tells_dirty(spte)) &&
	       likely(!atomic_read(&nptb_kvm_data.changed_traced->enabled));
}

/* In place of the table, these kernels want the address space. */
static noinline void tell_kvm(struct kvm *kvm, u64 key, u64 spte, u64 none)
{
	if (cpu_feature_enabled(X86_FEATURE_SVM))
		spte = without_use(spte);
	static_call(nptb_sc_changed)(kvm, nptb_key_as(key), nptb_key_gfn(key), spte, none, 1,
				     false);
}
#endif

/*
 * What KVM's zap comes to for one leaf, without the iterator around it, which costs more
 * than all the rest. The CPU sets bits of the entry meanwhile, so it is exchanged, and what
 * it was is told to KVM, which counts leaves.
 */
static __always_inline void take_leaf(struct kvm *kvm, u64 *at, u64 none, u64 key)
{
	u64 spte = xchg(at, none);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	static_call(nptb_sc_changed)(kvm, nptb_table_of(at), nptb_key_gfn(key), spte, none,
				     1, false);
#else
	if (is_counting_all(spte))
		atomic64_dec(&kvm->stat.pages_4k);
	else
		tell_kvm(kvm, key, spte, none);
#endif
}

/*
 * The entry of a frame under @root, by the trail if it has led there. A table that KVM has
 * taken out of a root since has no leaf any more, for good: then the search is made anew.
 */
static __always_inline u64 find_by(const struct nptb_trail *trail,
				   const struct nptb_mmu_page *root, u64 key, u64 **at)
{
	u64 spte;

	if (trail->root == root && trail->region == key >> 9) {
		*at = nptb_entry_of(trail->table, key, 1);
		spte = READ_ONCE(**at);
		if (likely(spte & NPTB_SPTE_PRESENT))
			return spte;
	}
	return nptb_find_entry(root->spt, root->role.level, nptb_key_gfn(key), at);
}

/*
 * The leaf of a frame under @root, which lives. KVM's iterator costs five times as much as
 * this search. A table stays while mmu_lock is held for write.
 */
static __always_inline bool zap_leaf(struct kvm *kvm, const struct nptb_trail *trail,
				     struct nptb_mmu_page *root, u64 key)
{
	u64 *at, none = READ_ONCE(nonpresent);
	u64 spte = find_by(trail, root, key, &at);

	lockdep_assert_held_write(&kvm->mmu_lock);
	if (!spte)
		return false;
	if (unlikely(none == NOT_SEEN || (spte & NPTB_SPTE_HUGE)))
		return zap_by_kvm(kvm, at, nptb_key_gfn(key));
	take_leaf(kvm, at, none, key);
	return true;
}

/* The leaf of a frame under each root. Those that die have leaves that count, too. */
static noinline bool zap_in_roots(struct kvm *kvm, const struct nptb_trail *trail, u64 key)
{
	struct nptb_mmu_page *root;
	bool zapped = false;

	list_for_each_entry_rcu(root, &kvm->arch.tdp_mmu_roots, link,
				lockdep_is_held(&kvm->mmu_lock)) {
		if (root->role.smm != nptb_key_as(key))
			continue;
		if (unlikely(root->role.invalid))
			zapped |= zap_dying(kvm, root, nptb_key_gfn(key));
		else
			zapped |= zap_leaf(kvm, trail, root, key);
	}
	return zapped;
}

/*
 * As kvm_unmap_gfn_range() does it, but without the references to roots and the iterators
 * that a range takes: a root that goes away is freed after RCU's readers, and under
 * mmu_lock, with preemption off, this is one.
 */
static __always_inline bool zap_tdp(struct kvm *kvm, const struct nptb_trail *trail,
				    u64 key)
{
	struct nptb_mmu_page *root = nptb_first_root(kvm);

	if (nptb_is_only_root(kvm, root, key) && likely(!root->role.invalid))
		return zap_leaf(kvm, trail, root, key);
	return zap_in_roots(kvm, trail, key);
}

/* Any leaf of a frame, by way of its memory slot. */
static noinline bool zap_in_slot(struct kvm *kvm, u64 key)
{
	u64 leaves = nptb_kvm_leaves(kvm);
	struct kvm_gfn_range range;
	bool zapped;

	if (!frame_range(kvm, key, &range))
		return false;
	/* KVM wants to see one in progress: lockdep asserts it. */
	kvm->mmu_invalidate_in_progress++;
	zapped = static_call(nptb_sc_unmap)(kvm, &range);
	kvm->mmu_invalidate_in_progress--;
	/* It does not tell either of leaves below roots that die. */
	return zapped || nptb_kvm_leaves(kvm) != leaves;
}

static __always_inline bool zap(struct kvm *kvm, const struct nptb_trail *trail, u64 key)
{
	if (likely(nptb_tdp_alone(kvm)))
		return zap_tdp(kvm, trail, key);
	return zap_in_slot(kvm, key);
}

bool nptb_kvm_evict(struct kvm *kvm, struct nptb_flush *flush,
		    const struct nptb_trail *trail, struct kvm_vcpu *vcpu, u64 key)
{
	bool zapped;

	nptb_write_lock(&kvm->mmu_lock);
	zapped = zap(kvm, trail, key);
	if (likely(zapped))
		flush_all(kvm, flush, vcpu);
	nptb_write_unlock(&kvm->mmu_lock);
	return zapped;
}

/* mmu_lock from the first zap to the flush: what is mapped is mapped by all that was read. */
u32 nptb_kvm_evict_several(struct kvm *kvm, struct nptb_flush *flush,
			   const struct nptb_trail *trail, struct kvm_vcpu *vcpu,
			   const u64 *keys, u32 nr)
{
	u32 zapped = 0, i;

	nptb_write_lock(&kvm->mmu_lock);
	for (i = 0; i < nr; i++)
		if (zap(kvm, trail, keys[i]))
			zapped |= BIT(i);
	if (zapped)
		flush_all(kvm, flush, vcpu);
	nptb_write_unlock(&kvm->mmu_lock);
	return zapped;
}

void nptb_kvm_evict_all(struct kvm *kvm)
{
	int idx = srcu_read_lock(&kvm->srcu);

	/* Later kernels take SRCU themselves, 6.1 leaves it to the caller. */
	static_call(nptb_sc_zap)(kvm, 0, gpa_to_gfn(~0ULL));
	srcu_read_unlock(&kvm->srcu, idx);
}

bool nptb_young_in_roots(struct kvm *kvm, struct nptb_trail *trail, u64 key)
{
	struct nptb_mmu_page *root;
	bool young = false;

	list_for_each_entry_rcu(root, &kvm->arch.tdp_mmu_roots, link)
		if (root->role.smm == nptb_key_as(key))
			young |= nptb_take_accessed(trail, root, key);
	return young;
}

/* Of any leaf of a frame, by way of its memory slot. */
bool nptb_young_in_slot(struct kvm *kvm, u64 key)
{
	struct kvm_gfn_range range;
	bool young;

	if (!frame_range(kvm, key, &range))
		return false;
	write_lock(&kvm->mmu_lock);
	young = static_call(nptb_sc_age)(kvm, &range);
	write_unlock(&kvm->mmu_lock);
	return young;
}
