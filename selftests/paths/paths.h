/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The matrix of paths: everything that makes or removes a leaf, each a row of a
 * table; a cell is one row at one budget, with some vCPUs, under one of KVM's
 * MMUs. engine.c runs a cell, lanes.c knows what the guests leave in memory.
 */
#ifndef NPTB_ST_PATHS_H
#define NPTB_ST_PATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "../oracle/sampler.h"
#include "../vmm/vmm.h"

/* Guest memory: lanes of all vCPUs, and as much that GUEST_READ looks at. */
#define PATH_SIZE	(8UL << 20)
#define LANES		SZ_2M
#define ASIDE		(5UL << 20)
/* Where a slot of its own shows the lanes, or what is aside, once more. */
#define ALIAS		(16UL << 20)
/* An address with nothing behind it. */
#define NOWHERE		(64UL << 20)

/* How long anything may take: a bound for what hangs, never a measure. */
#define PATH_MS		60000

/* What KVM does with page tables: parameters of kvm and of the module for the CPU. */
enum variant { TDP, LEGACY, SHADOW, VARIANTS };

extern const char *const variant_names[VARIANTS];

#define ON(variant)	(1u << (variant))
#define ON_TDP		ON(TDP)
#define ON_ALL		(ON(TDP) | ON(LEGACY) | ON(SHADOW))

/* For struct path.flags. */
#define PATH_LATE	(1u << 0)	/* the budget comes while the guest runs */
#define PATH_HUGE_BACK	(1u << 1)	/* huge leaves before and after */
#define PATH_NO_HOP	(1u << 2)	/* code cannot be in the lanes */
#define PATH_IRQCHIP	(1u << 3)
#define PATH_OWN	(1u << 4)	/* no run: .act does it all */
#define PATH_IN_PLACE	(1u << 5)	/* a vCPU's lane is its code's page */
#define PATH_ONE_FIRST	(1u << 6)	/* .act adds all vCPUs but the first */
#define PATH_LEAST	(1u << 7)	/* at the least budgets, several vCPUs */
#define PATH_SLOW	(1u << 9)	/* a quick run: at budget 5 alone */
#define PATH_UNSEEN	(1u << 8)	/* its leaves are no TDP MMU's: no events */

struct run;
struct cell;

/**
 * struct path - one way by which leaves come or go
 * @name: in the TAP output and in docs/RESIDENCY.md
 * @mem: what backs guest memory
 * @mode: of every vCPU
 * @guest: what every vCPU runs
 * @variants: under which MMUs
 * @quick: under which of them in a quick run; the first where 0
 * @flags: PATH_*
 * @aside: GUEST_READ, GUEST_WRITE: what they access, by guest-physical address
 * @at: guest-physical address of the lanes, 0: LANES
 * @event: an event of KVM (system kvm) that must happen, TDP MMU only
 * @missing: why this kernel or machine cannot have it, or NULL
 * @open: before the first vCPU; false fails the cell, as below
 * @ready: the vCPUs are there, nothing has run
 * @act: while the guest runs, once a round
 * @pause: after each round, no vCPU running
 * @rest: after each round, no vCPU running: our set is in step right after it
 * @close: the last of all, no vCPU running, the budget in force
 */
struct path {
	const char *name;
	enum vmm_mem mem;
	enum vmm_mode mode;
	enum guest_id guest;
	unsigned int variants;
	unsigned int quick;
	unsigned int flags;
	uint64_t aside;
	uint64_t at;
	const char *event;
	const char *(*missing)(const struct path *path);
	bool (*open)(struct run *r);
	bool (*ready)(struct run *r);
	bool (*act)(struct run *r, int round);
	bool (*pause)(struct run *r);
	bool (*rest)(struct run *r, int round);
	bool (*close)(struct run *r);
};

/* Families of paths, each a file; ended by a row without a name. */
extern const struct path paths_memory[], paths_dirty[], paths_slots[],
	paths_host[], paths_async[], paths_guest[], paths_vcpus[], paths_frames[];

struct cell {
	const struct path *path;
	enum variant variant;
	uint64_t budget;
	int vcpus;
};

/* One vCPU's pages: it adds 1 to the first word of each in turn, for ever. */
struct lane {
	uint64_t gpa;		/* by slot 0, where vm->want has it */
	uint64_t at;		/* where the guest sees it */
	uint32_t pages;
	enum guest_id guest;
	enum vmm_mode mode;
	uint32_t mark;		/* lanes_wait(): its last page's word then */
};

/* A page of the lanes that the host made zero, by laps of the page before. */
struct zeroed {
	bool is;
	uint32_t least;
	uint32_t most;
};

#define LANE_PAGES_MAX	1088

struct run {
	const struct cell *cell;
	struct vmm vm;
	struct sampler sampler;
	struct lane lane[VMM_VCPUS_MAX];
	uint32_t base[LANE_PAGES_MAX];	/* the first words at the start */
	struct zeroed zeroed[LANE_PAGES_MAX];
	uint32_t pages;		/* of all lanes */
	bool opened;
	bool progress;		/* the budget is enough for one vCPU */
	bool spte;		/* the second oracle looks on */
	uint64_t limit;		/* in force; 0: none */
	uint64_t most;		/* the largest that was, or UINT64_MAX */
	int rounds;
	void *priv;		/* the path's */
	int fd;			/* the path's too; closed at the end */
};

/* engine.c */
bool cell_run(const struct cell *cell, bool full);
/* Puts the cell's budget in force, or takes it away; 0 or -errno. */
int run_budget(struct run *r, uint64_t pages);
/* KVM's own counters of the VM, in units of 4 KiB. */
int64_t run_leaves(const struct run *r);

/* lanes.c */
void lanes_open(struct run *r);
/* Adds a vCPU, or resets one that there is; laps count from then on. */
void lane_start(struct run *r, int vcpu);
/* The least budget at which one vCPU gets on, hopping or not. */
unsigned int path_need(const struct path *path, enum variant variant, bool hop);
/* Every vCPU completes @laps more laps. */
bool lanes_wait(struct run *r, unsigned int laps);
/* Takes what the lanes hold as wanted, if guests can have left it so. */
bool lanes_accept(struct run *r);
/* The first word of page @page of all lanes. */
uint32_t lanes_laps(struct run *r, uint32_t page);
/*
 * The host made page @page of all lanes zero while the guest ran; what
 * lanes_laps() said of the page before it, before and after that.
 */
void lanes_zeroed(struct run *r, uint32_t page, uint32_t before, uint32_t after);
/* Page @page of all lanes, in host memory. */
uint8_t *lanes_page(struct run *r, uint32_t page);

/* variant.c */
/* Loads KVM and our module anew; NULL, or why that cannot be. */
const char *variant_enter(enum variant variant);
/* Gives up what holds KVM or our module; before the program ends. */
void variant_leave(void);

#endif
