/* SPDX-License-Identifier: GPL-2.0-only */
/* VMs of several tests: one that adds what is known, and endless workers. */
#ifndef NPTB_ST_GUESTS_H
#define NPTB_ST_GUESTS_H

#include <stdbool.h>

#include "../vmm/vmm.h"

#define GUEST_SIZE	(4UL << 20)
#define GUEST_DATA	SZ_2M

/* A vCPU that adds ADDER_ADDEND to each of its pages, ADDER_LAPS times. */
#define ADDER_PAGES	4
#define ADDER_LAPS	5
#define ADDER_ADDEND	0x10203U

/* Pages that one addition needs: code, data, and tables to them; and those of a fetch. */
unsigned int adder_need(enum vmm_mode mode);
unsigned int adder_need_fetch(enum vmm_mode mode);
void adder_open(struct vmm *vm, enum guest_id id, enum vmm_mode mode);
/* What its pages hold when it has done all, for vmm_check(). */
void adder_want(struct vmm *vm);

/* vCPUs that each add 1 to WORKER_PAGES of their own in turn, without end. */
#define WORKER_PAGES	48

void workers_open(struct vmm *vm, const enum vmm_mode *modes, int vcpus);
/* Every one of them completes two laps from here on, within @ms. */
bool workers_advance(struct vmm *vm, unsigned int ms);

#endif
