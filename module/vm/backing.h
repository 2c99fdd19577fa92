/* SPDX-License-Identifier: GPL-2.0-only */
/* What becomes of a VM's pages that are evicted. */
#ifndef NPTB_VM_BACKING_H
#define NPTB_VM_BACKING_H

#include <linux/types.h>

struct nptb_vm;

bool nptb_backing_possible(u32 backing);
int nptb_backing_begin(struct nptb_vm *vm);
void nptb_backing_stop(struct nptb_vm *vm);
void nptb_backing_end(struct nptb_vm *vm);
void nptb_backing_free(struct nptb_vm *vm);
int nptb_vm_set_backing(struct nptb_vm *vm, u32 backing);
u64 nptb_vm_backed(struct nptb_vm *vm);

#endif /* NPTB_VM_BACKING_H */
