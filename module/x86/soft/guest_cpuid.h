/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest's CPUID says. The CPU does not ask it, but for a few instructions that KVM
 * has exit, or makes undefined, where the guest is told that it has them not.
 */
#ifndef NPTB_X86_SOFT_GUEST_CPUID_H
#define NPTB_X86_SOFT_GUEST_CPUID_H

#include "backend.h"

/* Or NULL. Its own thread. */
static inline const struct kvm_cpuid_entry2 *nptb_guest_cpuid(const struct kvm_vcpu *vcpu,
							      u32 leaf, u32 index)
{
	int i;

	for (i = 0; i < vcpu->arch.cpuid_nent; i++) {
		const struct kvm_cpuid_entry2 *entry = &vcpu->arch.cpuid_entries[i];

		if (entry->function == leaf &&
		    (!(entry->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) || entry->index == index))
			return entry;
	}
	return NULL;
}

#endif /* NPTB_X86_SOFT_GUEST_CPUID_H */
