/* SPDX-License-Identifier: GPL-2.0-only */
/* VMs, from creation to end. */
#ifndef NPTB_VM_VM_H
#define NPTB_VM_VM_H

#include "object/vm.h"

int nptb_vm_create(struct kvm *kvm);
int nptb_vm_catch(struct kvm *kvm);
void nptb_vm_end(struct kvm *kvm);
bool nptb_vm_leaving(void);
void nptb_vm_disarm_all(void);
void nptb_vm_free_all(void);
void nptb_vm_name_inside(void);
void nptb_vm_count(u32 *known, u32 *under_budget);

#endif /* NPTB_VM_VM_H */
