/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages over the budget, and taking them back. */
#ifndef NPTB_LOOP_LEND_H
#define NPTB_LOOP_LEND_H

#include <linux/types.h>

#include "loop/mode.h"

struct nptb_vcpu;
struct nptb_vm;
struct work_struct;

enum nptb_shortage nptb_lend(struct nptb_fault *fault, u32 on_loop);
enum nptb_shortage nptb_lend_shortage(struct nptb_fault *fault);
void nptb_lend_back(struct nptb_vm *vm, struct nptb_vcpu *v);
void nptb_lend_back_all(struct nptb_vm *vm);
void nptb_lend_work(struct work_struct *work);

#endif /* NPTB_LOOP_LEND_H */
