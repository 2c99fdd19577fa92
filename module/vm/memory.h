/* SPDX-License-Identifier: GPL-2.0-only */
/* What our books of a VM take of host memory. */
#ifndef NPTB_VM_MEMORY_H
#define NPTB_VM_MEMORY_H

#include <linux/types.h>

struct nptb_vm;

u64 nptb_vm_memory(struct nptb_vm *vm);

#endif /* NPTB_VM_MEMORY_H */
