/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of a VM that are resident, as far as we know. */
#ifndef NPTB_OBJECT_RESIDENT_H
#define NPTB_OBJECT_RESIDENT_H

#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "backend.h"
#include "set/ranges.h"
#include "set/rset.h"

struct page;

/**
 * struct nptb_area - pages of host memory that are mapped in one piece
 * @pages: the pages
 * @nr: how many
 * @at: where they are mapped
 */
struct nptb_area {
	struct page **pages;
	u32 nr;
	void *at;
};

/* Lists of guest frames that are never evicted; only pins count. */
enum nptb_frames {
	NPTB_FRAMES_PIN,
	NPTB_FRAMES_EXEMPT,
	NPTB_FRAMES_NR,
};

/**
 * struct nptb_resident - what is resident, and what of it may go
 * @untracked: a leaf may be there that is not in @set
 * @aged: accessed bits were cleared, maybe without a flush
 * @looks: accessed bits looked at since make room took &nptb_vm.lock
 * @trail: of the search for leaves; empty whenever &nptb_vm.lock is taken to evict
 * @exempting: faults on exempt frames under way
 * @low: pages in @set from which on its table is to grow; read without the lock
 * @set: the pages believed resident
 * @frames: by enum nptb_frames; written under &nptb_vm.ctl as well
 * @reconcile_work: brings @set in step with KVM's tables
 * @growing: protects @slots and @stamps, and who changes the place of @set's table, or its
 *	hash; inside of &nptb_vm.ctl and &nptb_vm.life, outside of &nptb_vm.lock
 * @slots: the table of @set; freed when the VM has ended
 * @stamps: of the slots, for a policy that asks for them
 * @grow_work: has the table and the hash grow
 *
 * Under &nptb_vm.lock, but for what comes with @growing.
 */
struct nptb_resident {
	bool untracked;
	bool aged;
	u32 looks;
	struct nptb_trail trail;
	u32 exempting;
	u64 low;
	struct nptb_rset set;
	struct nptb_ranges frames[NPTB_FRAMES_NR];
	struct work_struct reconcile_work;
	/* For what follows. */
	struct mutex growing;
	struct nptb_area slots;
	struct nptb_area stamps;
	struct work_struct grow_work;
};

#endif /* NPTB_OBJECT_RESIDENT_H */
