/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages over the budget, and taking them back. */
#ifndef NPTB_LOOP_LEND_H
#define NPTB_LOOP_LEND_H

#include <linux/types.h>

struct nptb_fault;
struct nptb_vcpu;
struct nptb_vm;
struct work_struct;

bool nptb_lend(struct nptb_fault *fault);
void nptb_lend_back(struct nptb_vm *vm, struct nptb_vcpu *v);
void nptb_lend_back_all(struct nptb_vm *vm);
void nptb_lend_work(struct work_struct *work);

#endif /* NPTB_LOOP_LEND_H */
