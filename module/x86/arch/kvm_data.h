/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's data that modules cannot link to; x86/symbols.c finds it. */
#ifndef NPTB_X86_ARCH_KVM_DATA_H
#define NPTB_X86_ARCH_KVM_DATA_H

#include <linux/kvm_host.h>
#include <linux/version.h>

/**
 * struct nptb_kvm_data - KVM's variables that we look at
 * @vm_list: all VMs, under @lock
 * @lock: kvm_lock
 * @tdp_mmu_enabled: the TDP MMU is in use; NULL where that is told per VM (6.1)
 * @changed_traced: somebody listens to kvm_tdp_mmu_spte_changed; NULL where KVM traces
 *	that itself each time (7.3)
 */
struct nptb_kvm_data {
	struct list_head *vm_list;
	struct mutex *lock;
	bool *tdp_mmu_enabled;
	struct static_key *changed_traced;
};

extern struct nptb_kvm_data nptb_kvm_data;

/* See nptb_kvm_uses_tdp_mmu(). */
static inline bool nptb_uses_tdp_mmu(struct kvm *kvm)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return READ_ONCE(*nptb_kvm_data.tdp_mmu_enabled);
#else
	return kvm->arch.tdp_mmu_enabled;
#endif
}

/*
 * Is the TDP MMU the only one that has leaves of this VM? The shadow MMU has its
 * own for nested guests; it makes them under mmu_lock.
 */
static __always_inline bool nptb_tdp_alone(struct kvm *kvm)
{
	return nptb_uses_tdp_mmu(kvm) &&
	       !READ_ONCE(kvm->arch.shadow_root_allocated);
}

#endif /* NPTB_X86_ARCH_KVM_DATA_H */
