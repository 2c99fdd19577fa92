/* SPDX-License-Identifier: GPL-2.0-only */
/* VMs, from creation to end. */
#ifndef NPTB_VM_VM_H
#define NPTB_VM_VM_H

#include "object/vm.h"

/**
 * struct nptb_vm_observer - who wants to know of VMs
 * @starts: a new VM may be given another configuration; nobody else knows it
 * @added: it is in the list of VMs
 * @ended: it is off that list, and its name is free
 * @wants: would a VM of the current thread start with a budget?
 * @idle: a VM ends that nobody knew, and that never had a vCPU
 * @removed: it has ended; may sleep, and wait for readers of its files
 *
 * All but the last with nptb_registry held.
 */
struct nptb_vm_observer {
	void (*starts)(struct nptb_vm *vm);
	void (*added)(struct nptb_vm *vm);
	void (*ended)(struct nptb_vm *vm);
	bool (*wants)(void);
	void (*idle)(void);
	void (*removed)(struct nptb_vm *vm);
};

/* What new VMs start with; under nptb_registry. */
extern struct nptb_config nptb_defaults;

void nptb_vm_init(const struct nptb_vm_observer *observer);
int nptb_vm_create(struct kvm *kvm);
int nptb_vm_catch(struct kvm *kvm);
void nptb_vm_end(struct kvm *kvm);
void nptb_vm_disarm_all(void);
void nptb_vm_free_all(void);
void nptb_vm_name_inside(void);
void nptb_vm_count(u32 *known, u32 *under_budget);
void nptb_vm_each(void (*visit)(struct nptb_vm *vm, void *data), void *data);

#endif /* NPTB_VM_VM_H */
