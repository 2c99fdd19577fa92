/* SPDX-License-Identifier: GPL-2.0-only */
/* Evict for no fault. */
#ifndef NPTB_BUDGET_RECLAIM_H
#define NPTB_BUDGET_RECLAIM_H

#include <linux/types.h>

struct nptb_page;
struct nptb_vm;

void nptb_evict_page(struct nptb_vm *vm, struct nptb_page *page);
bool nptb_trim(struct nptb_vm *vm, u32 most);
int nptb_shrink(struct nptb_vm *vm);

#endif /* NPTB_BUDGET_RECLAIM_H */
