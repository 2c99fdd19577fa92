/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory for the table of a VM's resident pages. */
#ifndef NPTB_BUDGET_TABLE_H
#define NPTB_BUDGET_TABLE_H

#include "object/vm.h"

int nptb_table_begin(struct nptb_vm *vm);
int nptb_table_prepare(struct nptb_vm *vm, const struct nptb_policy_ops *ops);
void nptb_table_end_stamps(struct nptb_vm *vm);
void nptb_table_mark(struct nptb_vm *vm);
void nptb_table_low(struct nptb_vm *vm);
void nptb_table_grow_work(struct work_struct *work);
u64 nptb_table_bytes(struct nptb_vm *vm);
void nptb_table_free(struct nptb_vm *vm);

/* There are few slots left. */
static inline bool nptb_table_is_low(const struct nptb_vm *vm)
{
	return READ_ONCE(vm->resident.set.count) >= READ_ONCE(vm->resident.low);
}

/**
 * nptb_table_check() - have the table grow in time
 * @vm: under budget
 *
 * Every vCPU may need a slot at the same time. Where there is none a fault goes untracked,
 * but never unbudgeted.
 *
 * Context: may sleep; nptb_vm.lock not held.
 */
static inline void nptb_table_check(struct nptb_vm *vm)
{
	if (unlikely(nptb_table_is_low(vm)))
		nptb_table_low(vm);
}

#endif /* NPTB_BUDGET_TABLE_H */
