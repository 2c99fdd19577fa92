/* SPDX-License-Identifier: GPL-2.0-only */
/* Bring the resident set in step with KVM's tables. */
#ifndef NPTB_BUDGET_RECONCILE_H
#define NPTB_BUDGET_RECONCILE_H

struct nptb_vm;
struct work_struct;

void nptb_reconcile(struct nptb_vm *vm);
void nptb_reconcile_work(struct work_struct *work);

#endif /* NPTB_BUDGET_RECONCILE_H */
