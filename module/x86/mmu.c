// SPDX-License-Identifier: GPL-2.0-only
/* Which frame a leaf maps, and how many leaves a frame has; see x86/compat.h. */
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/uaccess.h>

#include "x86/compat.h"
#include "x86/mmu.h"
#include "x86/spte.h"
#include "x86/symbols.h"

/*
 * Entries of nested and shadow page tables, the same in all series: KVM's own
 * mark of what is present (arch/x86/kvm/mmu/spte.h), and a leaf above 4 KiB.
 */
#define SPTE_PRESENT	BIT_ULL(11)
#define SPTE_HUGE	BIT_ULL(7)

/* Page fault error code bit 2, which nested walks have: APM 2, 15.25.6. */
#define ACCESS_USER	BIT_ULL(2)

/**
 * nptb_kvm_translate() - the frame behind an address of a fault
 * @vcpu: that faulted; its own thread
 * @addr: a linear address under shadow paging, a nested guest's own physical
 *	address while that runs
 *
 * Walks the guest's tables as KVM does in the fault, but never waits: what is
 * not in host memory right now is not read.
 *
 * Context: may sleep; kvm->srcu held.
 * Return: the key, or %NPTB_KEY_NONE where the guest maps nothing there.
 */
u64 nptb_kvm_translate(struct kvm_vcpu *vcpu, gpa_t addr)
{
	struct kvm_mmu *mmu = vcpu->arch.mmu;
	u64 access = mmu == &vcpu->arch.root_mmu ? 0 : ACCESS_USER;
	gpa_t gpa;

	pagefault_disable();
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	/* 7.3 took the walk of the guest's tables out of struct kvm_mmu. */
	gpa = mmu->w->gva_to_gpa(vcpu, mmu->w, addr, access, NULL);
#else
	gpa = mmu->gva_to_gpa(vcpu, mmu, addr, access, NULL);
#endif
	pagefault_enable();
	if (gpa == INVALID_GPA)
		return NPTB_KEY_NONE;
	return nptb_key(kvm_arch_vcpu_memslots_id(vcpu), gpa_to_gfn(gpa));
}

/*
 * Have KVM take the host's page for one that cannot be written, for this fault. What
 * the guest's tables allow is left as it is: KVM compares it with the table's role.
 */
static void forbid_writing(void *fault)
{
	int offset = nptb_kvm_map_writable();

	if (offset >= 0)
		*(bool *)(fault + offset) = false;
}

/**
 * nptb_kvm_set_spte() - let the shadow MMU make a leaf
 * @set: the arguments of mmu_set_spte()
 * @read_only: map for reading, whatever else could be allowed
 * @made: set to the key of a leaf that was not there before
 *
 * Context: mmu_lock held for write.
 * Return: for the caller of mmu_set_spte().
 */
int nptb_kvm_set_spte(const struct nptb_set_spte *set, bool read_only, u64 *made)
{
	bool was = READ_ONCE(*set->sptep) & SPTE_PRESENT;
	int ret;

	if (read_only)
		forbid_writing(set->fault);
	ret = static_call(nptb_sc_set_spte)(set->vcpu, set->slot, set->sptep,
					    set->access, set->gfn, set->pfn,
					    set->fault);
	if (!was && (READ_ONCE(*set->sptep) & SPTE_PRESENT))
		*made = nptb_key(kvm_arch_vcpu_memslots_id(set->vcpu), set->gfn);
	return ret;
}

/**
 * nptb_kvm_map() - the original of kvm_tdp_mmu_map()
 * @vcpu: that faulted
 * @fault: KVM's
 * @read_only: map for reading, whatever else could be allowed
 *
 * Context: mmu_lock held for read.
 * Return: as kvm_tdp_mmu_map().
 */
int nptb_kvm_map(struct kvm_vcpu *vcpu, void *fault, bool read_only)
{
	if (read_only)
		forbid_writing(fault);
	return static_call(nptb_sc_map)(vcpu, fault);
}

/**
 * nptb_kvm_logs_writes() - is it logged which pages of a frame's slot are written?
 * @vcpu: that faulted there
 * @key: of the frame, or %NPTB_KEY_NONE where that is not known
 *
 * Context: kvm->srcu held.
 * Return: whether the slot has dirty logging.
 */
bool nptb_kvm_logs_writes(struct kvm_vcpu *vcpu, u64 key)
{
	struct kvm_memory_slot *slot;

	if (key == NPTB_KEY_NONE)
		return false;
	slot = __gfn_to_memslot(__kvm_memslots(vcpu->kvm, nptb_key_as(key)),
				nptb_key_gfn(key));
	return slot && kvm_slot_dirty_track_enabled(slot);
}

/* The emulator's mode after a fault, EMULTYPE_PF; 7.3 keeps it to itself. */
#define EMULATE_FAULT	BIT(6)

/**
 * nptb_kvm_emulate_mmio() - emulate an access to what has no memory behind it
 * @vcpu: that faulted there
 * @gpa: guest-physical address
 * @insn: instruction bytes of the exit
 * @insn_len: how many
 *
 * As kvm_mmu_page_fault() does it, but where memory has come there meanwhile,
 * the emulator accesses it, and no leaf is made.
 *
 * Context: the vCPU's thread; may sleep; kvm->srcu held.
 * Return: as kvm_mmu_page_fault().
 */
int nptb_kvm_emulate_mmio(struct kvm_vcpu *vcpu, gpa_t gpa, void *insn,
			  int insn_len)
{
	return static_call(nptb_sc_emulate)(vcpu, gpa, EMULATE_FAULT, insn,
					    insn_len);
}

/* The shadow MMU finds a frame's leaves by way of its slot. */
static u64 shadow_leaves(struct kvm *kvm, u64 key)
{
	struct kvm_memslots *slots = __kvm_memslots(kvm, nptb_key_as(key));
	struct kvm_memory_slot *slot = __gfn_to_memslot(slots, nptb_key_gfn(key));
	struct kvm_rmap_head *heads;

	/* Not there while the VM has not used the shadow MMU. */
	heads = slot ? READ_ONCE(slot->arch.rmap[0]) : NULL;
	if (!heads)
		return 0;
	return static_call(nptb_sc_rmap_count)(&heads[nptb_key_gfn(key) -
						      slot->base_gfn]);
}

/* The entry of a frame's leaf in the table @table of @level and below; or 0. */
static u64 find_leaf(u64 *table, int level, u64 gfn)
{
	for (;;) {
		u64 spte = READ_ONCE(table[(gfn >> (9 * (level - 1))) & 511]);

		if (!(spte & SPTE_PRESENT))
			return 0;
		if (level == 1 || (spte & SPTE_HUGE))
			return spte;
		table = __va(spte & PTE_PFN_MASK);
		level--;
	}
}

static bool root_has_leaf(const struct nptb_mmu_page *root, u64 gfn)
{
	return find_leaf(root->spt, root->role.level, gfn);
}

/**
 * nptb_kvm_allows() - is there a leaf now that allows what a fault was about?
 * @vcpu: that faulted, in tables that are the TDP MMU's; its own thread
 * @key: of the frame
 * @error_code: of the fault
 *
 * In the tables that it runs on: another root, or one made since, is no use to it.
 * Where those have become invalid meanwhile it gets others at its next entry, and
 * faults again.
 *
 * Context: does not sleep.
 * Return: whether it would not fault again.
 */
bool nptb_kvm_allows(struct kvm_vcpu *vcpu, u64 key, u64 error_code)
{
	struct kvm_mmu *mmu = vcpu->arch.mmu;
	u64 spte;

	if (!VALID_PAGE(mmu->root.hpa) || mmu->root_role.level < 4)
		return false;
	rcu_read_lock();
	spte = find_leaf(__va(mmu->root.hpa), mmu->root_role.level,
			 nptb_key_gfn(key));
	rcu_read_unlock();
	if (!(spte & _PAGE_PRESENT))
		return false;
	if ((error_code & NPTB_NPF_WRITE) && !(spte & _PAGE_RW))
		return false;
	return !(error_code & NPTB_NPF_FETCH) || !(spte & _PAGE_NX);
}

/* Every root counts, those that die among them, as in KVM's counters. */
static u64 tdp_leaves(struct kvm *kvm, u64 key)
{
	struct nptb_mmu_page *root;
	u64 leaves = 0;

	if (!nptb_kvm_uses_tdp_mmu(kvm))
		return 0;
	rcu_read_lock();
	list_for_each_entry_rcu(root, &kvm->arch.tdp_mmu_roots, link)
		if (root->role.smm == nptb_key_as(key))
			leaves += root_has_leaf(root, nptb_key_gfn(key));
	rcu_read_unlock();
	return leaves;
}

/**
 * nptb_kvm_single_roots() - can a frame have one leaf at most?
 * @kvm: alive
 *
 * A root that dies, after a memory slot went, stays until its leaves are gone;
 * meanwhile a frame may have a leaf under it and one under the new root.
 *
 * Context: does not sleep.
 * Return: whether each address space has one root of the TDP MMU at most.
 */
bool nptb_kvm_single_roots(struct kvm *kvm)
{
	struct nptb_mmu_page *root;
	u32 roots[2] = { 0 };

	rcu_read_lock();
	list_for_each_entry_rcu(root, &kvm->arch.tdp_mmu_roots, link)
		roots[root->role.smm & 1]++;
	rcu_read_unlock();
	return roots[0] <= 1 && roots[1] <= 1;
}

/**
 * nptb_kvm_frame_leaves() - how many leaves map a frame
 * @kvm: alive
 * @key: of the frame
 *
 * Context: does not sleep; kvm->srcu held.
 * Return: their number, in all of KVM's tables of this VM.
 */
u64 nptb_kvm_frame_leaves(struct kvm *kvm, u64 key)
{
	u64 leaves;

	read_lock(&kvm->mmu_lock);
	leaves = shadow_leaves(kvm, key) + tdp_leaves(kvm, key);
	read_unlock(&kvm->mmu_lock);
	return leaves;
}

/* The frame that KVM would map now that it is in host memory. */
u64 nptb_kvm_async_key(struct kvm_vcpu *vcpu, struct kvm_async_pf *work)
{
	return nptb_key(kvm_arch_vcpu_memslots_id(vcpu), work->arch.gfn);
}

/* The original of kvm_arch_async_page_ready(). */
void nptb_kvm_async_ready(struct kvm_vcpu *vcpu, struct kvm_async_pf *work)
{
	static_call(nptb_sc_async_ready)(vcpu, work);
}

/* Where KVM_PRE_FAULT_MEMORY has got to. */
gpa_t nptb_kvm_pre_fault_gpa(const struct kvm_pre_fault_memory *range)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return range->gpa;
#else
	/* 6.1 does not have it. */
	return 0;
#endif
}

/* The original of kvm_arch_vcpu_pre_fault_memory(). */
long nptb_kvm_pre_fault(struct kvm_vcpu *vcpu,
			struct kvm_pre_fault_memory *range)
{
	return static_call(nptb_sc_pre_fault)(vcpu, range);
}
