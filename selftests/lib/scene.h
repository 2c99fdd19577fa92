/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of VMs under budgets with the sampler watching, and everything that
 * can be said about it afterwards. Each vCPU runs the guest "add" over data
 * pages of its own: what it needs at once is known (see scene_need()), and so
 * is the memory it leaves.
 */
#ifndef NPTB_ST_SCENE_H
#define NPTB_ST_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "nptb.h"
#include "../oracle/sampler.h"
#include "../vmm/vmm.h"

#define SCENE_VMS_MAX	3
#define SCENE_DATA	SZ_2M

struct scene {
	enum vmm_mode mode;
	enum vmm_mem kind;
	int vms;
	int vcpus;			/* of each VM */
	uint64_t budget[SCENE_VMS_MAX];	/* 0: off */
	const char *policy;
	int pages;			/* data pages of a VM, for all vCPUs */
	int laps;
	unsigned int ms;		/* time limit */
	/* Filled by scene_open(). */
	bool sampling;
	struct vmm vm[SCENE_VMS_MAX];
	struct sampler sampler[SCENE_VMS_MAX];
};

/*
 * Resident pages that one vCPU of the scene needs to complete its most needy
 * instruction, and that all vCPUs of a VM need where they all are at it.
 */
unsigned int scene_need(const struct scene *s, int vcpus);
/* Pages that its first instruction needs, which touches no data. */
unsigned int scene_need_fetch(const struct scene *s);

/* Creates VMs and vCPUs, sets budgets, starts the samplers. */
bool scene_open(struct scene *s);
/* Memory of a VM is to hold what its guests have added when all have ended. */
void scene_expect(struct scene *s, int vm);
/* What holds for a stopped VM in any case: counters, resident, peak. */
bool scene_check_counters(struct scene *s, int vm);
void scene_close(struct scene *s);
/*
 * All of it. A VM whose budget is enough for one vCPU must run to its end, with
 * the right memory. One whose budget is not must be reported to loop, can be
 * stopped, and has not changed its memory.
 */
bool scene_run(struct scene *s);

#endif
