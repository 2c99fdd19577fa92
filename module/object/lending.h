/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages over the budget: see loop/lend.c; how many, is in struct nptb_account. */
#ifndef NPTB_OBJECT_LENDING_H
#define NPTB_OBJECT_LENDING_H

#include <linux/workqueue.h>

struct nptb_lends;

/**
 * struct nptb_lending - what is lent to the vCPUs of a VM
 * @work: takes back what was lent for too long
 * @stats: what was lent pages; under &nptb_vm.lock
 */
struct nptb_lending {
	struct delayed_work work;
	struct nptb_lends *stats;
};

/**
 * struct nptb_loan - what is lent to a vCPU
 * @pages: so many; written under &nptb_vm.lock
 * @at: jiffies of the last one
 * @since: when the first of @pages was lent, ns
 */
struct nptb_loan {
	u32 pages;
	unsigned long at;
	u64 since;
};

#endif /* NPTB_OBJECT_LENDING_H */
