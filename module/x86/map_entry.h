/* SPDX-License-Identifier: GPL-2.0-only */
/* What kvm_tdp_mmu_map() goes by, and what that calls; see x86/map_entry.S. */
#ifndef NPTB_X86_MAP_ENTRY_H
#define NPTB_X86_MAP_ENTRY_H

struct kvm_vcpu;

void nptb_map_entry(void);
int nptb_map_asks(struct kvm_vcpu *vcpu, void *fault);

#endif /* NPTB_X86_MAP_ENTRY_H */
