/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults that began before a VM came under its budget. */
#ifndef NPTB_VM_STRAGGLERS_H
#define NPTB_VM_STRAGGLERS_H

#include <linux/types.h>

struct nptb_vm;

int nptb_stragglers_wait(struct nptb_vm *vm);
bool nptb_stragglers_settled(struct nptb_vm *vm);
void nptb_stragglers_settle(struct nptb_vm *vm);

#endif /* NPTB_VM_STRAGGLERS_H */
