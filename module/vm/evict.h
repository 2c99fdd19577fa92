/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames that go because somebody says so. */
#ifndef NPTB_VM_EVICT_H
#define NPTB_VM_EVICT_H

struct nptb_ranges;
struct nptb_vm;

int nptb_vm_evict(struct nptb_vm *vm, const struct nptb_ranges *ranges);

#endif /* NPTB_VM_EVICT_H */
