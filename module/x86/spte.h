/* SPDX-License-Identifier: GPL-2.0-only */
/* The places where KVM makes a leaf. */
#ifndef NPTB_X86_SPTE_H
#define NPTB_X86_SPTE_H

#include <linux/kvm_host.h>

/**
 * struct nptb_set_spte - the arguments of KVM's mmu_set_spte()
 * @vcpu: that makes a leaf in the shadow MMU
 * @slot: of the frame
 * @sptep: the entry
 * @access: what the guest's tables allow
 * @gfn: the frame
 * @pfn: behind it
 * @fault: that wants it; NULL where KVM maps ahead of need
 */
struct nptb_set_spte {
	struct kvm_vcpu *vcpu;
	struct kvm_memory_slot *slot;
	u64 *sptep;
	unsigned int access;
	gfn_t gfn;
	u64 pfn;
	void *fault;
};

#endif /* NPTB_X86_SPTE_H */
