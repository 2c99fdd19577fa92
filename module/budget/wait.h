/* SPDX-License-Identifier: GPL-2.0-only */
/* Have deferred vCPUs sleep, and wake them. */
#ifndef NPTB_BUDGET_WAIT_H
#define NPTB_BUDGET_WAIT_H

#include <linux/types.h>

struct nptb_vcpu;
struct nptb_vm;

bool nptb_wait_begin(struct nptb_vm *vm, struct nptb_vcpu *v);
void nptb_wait(struct nptb_vm *vm, struct nptb_vcpu *v);
void nptb_wake(struct nptb_vm *vm);

#endif /* NPTB_BUDGET_WAIT_H */
