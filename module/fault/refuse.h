/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults that are not handled. */
#ifndef NPTB_FAULT_REFUSE_H
#define NPTB_FAULT_REFUSE_H

#include <linux/kvm_types.h>

struct kvm_vcpu;
struct nptb_vcpu;
struct nptb_vm;

int nptb_no_memory(struct nptb_vm *vm);
int nptb_refuse(struct nptb_vm *vm, struct kvm_vcpu *vcpu, gpa_t gpa,
		u64 error_code, void *insn, int insn_len);
bool nptb_is_readable(struct nptb_vcpu *v, struct kvm_vcpu *vcpu);

#endif /* NPTB_FAULT_REFUSE_H */
