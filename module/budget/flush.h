/* SPDX-License-Identifier: GPL-2.0-only */
/* All leaves of a VM at once. */
#ifndef NPTB_BUDGET_FLUSH_H
#define NPTB_BUDGET_FLUSH_H

#include <linux/types.h>

struct nptb_vm;

void nptb_flush(struct nptb_vm *vm, s32 vcpu);

#endif /* NPTB_BUDGET_FLUSH_H */
