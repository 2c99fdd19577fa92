/* SPDX-License-Identifier: GPL-2.0-only */
/* What is evicted is given up to the host: backing=reclaim. */
#ifndef NPTB_BUDGET_BACKING_H
#define NPTB_BUDGET_BACKING_H

#include <linux/types.h>

struct nptb_fault;
struct nptb_touch;
struct nptb_vm;
struct work_struct;

void nptb_backing_evicted(struct nptb_fault *fault, u64 key);
void nptb_backing_give_up(struct nptb_fault *fault);
void nptb_backing_mapped(struct nptb_fault *fault);
void nptb_backing_give_up_frame(struct nptb_vm *vm, u64 key);
void nptb_backing_soon(struct nptb_vm *vm);
void nptb_backing_touched(struct nptb_touch *touch, u64 addr, bool user);
void nptb_backing_sweep(struct nptb_vm *vm);
void nptb_backing_rest_work(struct work_struct *work);

#endif /* NPTB_BUDGET_BACKING_H */
