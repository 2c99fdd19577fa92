/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of a VM that are resident, as far as we know. */
#ifndef NPTB_OBJECT_RESIDENT_H
#define NPTB_OBJECT_RESIDENT_H

#include <linux/workqueue.h>

#include "backend.h"
#include "set/ranges.h"
#include "set/rset.h"

struct nptb_chunk;

/**
 * struct nptb_pages - memory for the pages of a VM's resident set
 * @free: pages to use, linked by &nptb_page.hash
 * @count: pages in @free
 * @chunks: what they were allocated in; freed when the VM has ended
 */
struct nptb_pages {
	struct nptb_page *free;
	u32 count;
	struct nptb_chunk *chunks;
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
 * @pages: memory for @set
 * @set: the pages believed resident
 * @frames: by enum nptb_frames; written under &nptb_vm.ctl as well
 * @reconcile_work: brings @set in step with KVM's tables
 *
 * Under &nptb_vm.lock.
 */
struct nptb_resident {
	bool untracked;
	bool aged;
	u32 looks;
	struct nptb_trail trail;
	u32 exempting;
	struct nptb_pages pages;
	struct nptb_rset set;
	struct nptb_ranges frames[NPTB_FRAMES_NR];
	struct work_struct reconcile_work;
};

#endif /* NPTB_OBJECT_RESIDENT_H */
