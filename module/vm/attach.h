/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM's budget: put on, changed, taken away. */
#ifndef NPTB_VM_ATTACH_H
#define NPTB_VM_ATTACH_H

#include "object/config.h"

struct nptb_vm;

void nptb_budget_close(void);
bool nptb_budget_closed(void);
void nptb_budget_init(struct nptb_vm *vm);
void nptb_budget_drain(struct nptb_vm *vm);
void nptb_budget_unpublish(struct nptb_vm *vm);
void nptb_budget_unhook(struct nptb_vm *vm);
void nptb_budget_off(struct nptb_vm *vm, u32 reason);
struct nptb_config nptb_vm_config(struct nptb_vm *vm);
int nptb_vm_set_budget(struct nptb_vm *vm, u64 budget);
u64 nptb_vm_resident(struct nptb_vm *vm);

#endif /* NPTB_VM_ATTACH_H */
