/* SPDX-License-Identifier: GPL-2.0-only */
/* Leaves that KVM makes in places of its own. */
#ifndef NPTB_FAULT_MAPPING_H
#define NPTB_FAULT_MAPPING_H

#include <linux/types.h>

struct kvm_async_pf;
struct kvm_pre_fault_memory;
struct kvm_vcpu;
struct nptb_set_spte;

int nptb_handle_set_spte(struct kvm_vcpu *vcpu, bool ahead,
			 const struct nptb_set_spte *set);
int nptb_handle_map(struct kvm_vcpu *vcpu, void *fault);
void nptb_handle_async_ready(struct kvm_vcpu *vcpu, struct kvm_async_pf *work);
long nptb_handle_pre_fault(struct kvm_vcpu *vcpu,
			   struct kvm_pre_fault_memory *range);

#endif /* NPTB_FAULT_MAPPING_H */
