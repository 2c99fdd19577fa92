/* SPDX-License-Identifier: GPL-2.0-only */
/* What is done about a VM's fault loops: changed while the guest runs. */
#ifndef NPTB_VM_ON_LOOP_H
#define NPTB_VM_ON_LOOP_H

#include <linux/types.h>

struct nptb_vm;

int nptb_vm_set_on_loop(struct nptb_vm *vm, u32 on_loop);
int nptb_vm_set_lend_max(struct nptb_vm *vm, u32 lend_max);
void nptb_vm_set_burst(struct nptb_vm *vm, u32 burst);

#endif /* NPTB_VM_ON_LOOP_H */
