/* SPDX-License-Identifier: GPL-2.0-only */
/* Make room in a budget. */
#ifndef NPTB_BUDGET_RECLAIM_H
#define NPTB_BUDGET_RECLAIM_H

#include <linux/types.h>

struct nptb_fault;
struct nptb_page;
struct nptb_vm;

/**
 * enum nptb_admission - what make room came to
 * @NPTB_ADMISSION_RESERVED: &nptb_fault_room.reserved leaves may be made
 * @NPTB_ADMISSION_LATER: the fault has to come again
 * @NPTB_ADMISSION_THERE: no leaf has to be made: another vCPU has made it
 * @NPTB_ADMISSION_SHORT: there is no room for the attempt but what it has itself
 * @NPTB_ADMISSION_AGAIN: not known yet: the lock was held for long enough
 */
enum nptb_admission {
	NPTB_ADMISSION_RESERVED,
	NPTB_ADMISSION_LATER,
	NPTB_ADMISSION_THERE,
	NPTB_ADMISSION_SHORT,
	NPTB_ADMISSION_AGAIN,
};

enum nptb_admission nptb_make_room(struct nptb_fault *fault);
void nptb_evict_page(struct nptb_vm *vm, struct nptb_page *page);
bool nptb_trim(struct nptb_vm *vm, u32 most);
int nptb_shrink(struct nptb_vm *vm);

#endif /* NPTB_BUDGET_RECLAIM_H */
