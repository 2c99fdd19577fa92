/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VM evicts: changed while it runs. */
#ifndef NPTB_VM_POLICY_H
#define NPTB_VM_POLICY_H

#include <linux/types.h>

struct nptb_policy_ops;
struct nptb_vm;

int nptb_vm_set_policy(struct nptb_vm *vm, const struct nptb_policy_ops *ops);
int nptb_vm_set_seed(struct nptb_vm *vm, u64 seed);
void nptb_vm_set_batch(struct nptb_vm *vm, u32 batch);
void nptb_vm_set_flush_aged(struct nptb_vm *vm, bool flush);

#endif /* NPTB_VM_POLICY_H */
