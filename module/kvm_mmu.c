// SPDX-License-Identifier: GPL-2.0-only
/* Which frame a leaf maps, and how many leaves a frame has; see kvm_compat.h. */
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/uaccess.h>

#include "kvm_compat.h"
#include "kvm_sym.h"

/*
 * Entries of nested and shadow page tables, the same in all series: KVM's own
 * mark of what is present (arch/x86/kvm/mmu/spte.h), and a leaf above 4 KiB.
 */
#define SPTE_PRESENT	BIT_ULL(11)
#define SPTE_HUGE	BIT_ULL(7)

/* Page fault error code bit 2, which nested walks have: APM 2, 15.25.6. */
#define ACCESS_USER	BIT_ULL(2)

/**
 * nptb_kvm_by_tdp_mmu() - does the TDP MMU handle what this vCPU faults on?
 * @vcpu: that faulted
 *
 * Return: false where it is the shadow MMU, which also does the nested tables
 * of nested guests, and all of it under kvm tdp_mmu=0 or kvm_amd npt=0.
 */
bool nptb_kvm_by_tdp_mmu(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.mmu->root_role.direct &&
	       nptb_kvm_uses_tdp_mmu(vcpu->kvm);
}

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

/**
 * nptb_kvm_set_spte() - let the shadow MMU make a leaf
 * @set: the arguments of mmu_set_spte()
 * @made: set to the key of a leaf that was not there before
 *
 * Context: mmu_lock held for write.
 * Return: for the caller of mmu_set_spte().
 */
int nptb_kvm_set_spte(const struct nptb_set_spte *set, u64 *made)
{
	bool was = READ_ONCE(*set->sptep) & SPTE_PRESENT;
	int ret;

	ret = static_call(nptb_sc_set_spte)(set->vcpu, set->slot, set->sptep,
					    set->access, set->gfn, set->pfn,
					    set->fault);
	if (!was && (READ_ONCE(*set->sptep) & SPTE_PRESENT))
		*made = nptb_key(kvm_arch_vcpu_memslots_id(set->vcpu), set->gfn);
	return ret;
}
