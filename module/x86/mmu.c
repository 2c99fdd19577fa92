// SPDX-License-Identifier: GPL-2.0-only
/* Which frame a leaf maps, and how many leaves a frame has; see backend.h. */
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/uaccess.h>

#include "arch/mmu_page.h"
#include "backend.h"
#include "hook.h"
#include "x86/page_fault.h"
#include "x86/prototypes.h"
#include "x86/spte.h"
#include "x86/symbols.h"

/* Page fault error code bit 2, which nested walks have: APM 2, 15.25.6. */
#define ACCESS_USER	BIT_ULL(2)

/* KVM takes that for a read under nested EPT, where there are frames to execute alone. */
static u64 nested_access(void)
{
	return static_branch_unlikely(&nptb_on_vmx) ? 0 : ACCESS_USER;
}

u64 nptb_kvm_translate(struct kvm_vcpu *vcpu, gpa_t addr)
{
	struct kvm_mmu *mmu = vcpu->arch.mmu;
	u64 access = mmu == &vcpu->arch.root_mmu ? 0 : nested_access();
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
void nptb_kvm_map_read_only(void *fault)
{
	int offset = nptb_kvm_map_writable();

	if (offset >= 0)
		*(bool *)(fault + offset) = false;
}

bool nptb_kvm_only_replaces(struct kvm_vcpu *vcpu, const void *fault)
{
	const struct nptb_page_fault *f = fault;
	struct kvm_mmu *mmu = vcpu->arch.mmu;
	u64 spte, *at;

	if (!(f->error_code & NPTB_NPF_PRESENT))
		return true;
	rcu_read_lock();
	spte = nptb_find_entry(__va(mmu->root.hpa), mmu->root_role.level,
			       gpa_to_gfn(f->addr), &at);
	rcu_read_unlock();
	return spte;
}

int nptb_kvm_set_spte(const struct nptb_set_spte *set, bool read_only, u64 *made)
{
	bool was = READ_ONCE(*set->sptep) & NPTB_SPTE_PRESENT;
	int ret;

	if (read_only)
		nptb_kvm_map_read_only(set->fault);
	ret = static_call(nptb_sc_set_spte)(set->vcpu, set->slot, set->sptep,
					    set->access, set->gfn, set->pfn,
					    set->fault);
	if (!was && (READ_ONCE(*set->sptep) & NPTB_SPTE_PRESENT))
		*made = nptb_key(kvm_arch_vcpu_memslots_id(set->vcpu), set->gfn);
	return ret;
}

/* The emulator's mode after a fault, EMULTYPE_PF; 7.3 keeps it to itself. */
#define EMULATE_FAULT	BIT(6)

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
	u64 *at;

	return nptb_find_entry(table, level, gfn, &at);
}

static bool root_has_leaf(const struct nptb_mmu_page *root, u64 gfn)
{
	return find_leaf(root->spt, root->role.level, gfn);
}

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
	if (!(error_code & NPTB_NPF_FETCH))
		return true;
	if (static_branch_unlikely(&nptb_on_vmx))
		return nptb_vmx_executable(spte);
	return !(spte & _PAGE_NX);
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

u64 nptb_kvm_frame_leaves(struct kvm *kvm, u64 key)
{
	u64 leaves;

	read_lock(&kvm->mmu_lock);
	leaves = shadow_leaves(kvm, key) + tdp_leaves(kvm, key);
	read_unlock(&kvm->mmu_lock);
	return leaves;
}

u64 nptb_kvm_async_key(struct kvm_vcpu *vcpu, struct kvm_async_pf *work)
{
	return nptb_key(kvm_arch_vcpu_memslots_id(vcpu), work->arch.gfn);
}

void nptb_kvm_async_ready(struct kvm_vcpu *vcpu, struct kvm_async_pf *work)
{
	static_call(nptb_sc_async_ready)(vcpu, work);
}

gpa_t nptb_kvm_pre_fault_gpa(const struct kvm_pre_fault_memory *range)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return range->gpa;
#else
	/* 6.1 does not have it. */
	return 0;
#endif
}

long nptb_kvm_pre_fault(struct kvm_vcpu *vcpu,
			struct kvm_pre_fault_memory *range)
{
	return static_call(nptb_sc_pre_fault)(vcpu, range);
}
