/* SPDX-License-Identifier: GPL-2.0-only */
/* The originals of functions of a VM's life that x86/hook.c catches. */
#ifndef NPTB_X86_COMPAT_H
#define NPTB_X86_COMPAT_H

struct kvm;

int nptb_kvm_vm_created(struct kvm *kvm);
void nptb_kvm_vm_destroyed(struct kvm *kvm);
int nptb_kvm_vcpu_comes(struct kvm *kvm, unsigned int id);

#endif /* NPTB_X86_COMPAT_H */
