/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM in our books, and its locks.
 *
 * Locks, outermost first:
 *   nptb_vm.ctl      mutex: control of one VM; may wait for vCPUs
 *   nptb_vm.life     rwsem: nptb_vm.kvm stays valid while held for read;
 *                    written once, when the VM ends
 *   nptb_registry    mutex: the list of VMs, sessions, the hook's user count
 *   nptb_vm.lock     spinlock: all else of one VM; never held while anything
 *                    sleeps; KVM's mmu_lock nests inside
 *
 * Whether a fault may make a leaf is decided without a lock where there is
 * room: see budget/reservation.h.
 */
#ifndef NPTB_OBJECT_VM_H
#define NPTB_OBJECT_VM_H

#include <linux/cache.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "hook.h"
#include "object/config.h"
#include "object/stats.h"
#include "object/vcpu.h"
#include "set/contention.h"
#include "set/ranges.h"
#include "set/rset.h"

struct dentry;
struct kvm;
struct nptb_chunk;
struct nptb_lends;
struct nptb_loop_table;

#define NPTB_NAME_MAX	32

/* Leaves that one fault may make: mmu_set_spte()'s hook keeps it so. */
#define NPTB_NEED	1

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
 * struct nptb_vm - a VM, from its creation or our load to its end
 * @refs: debugfs folder, sessions; the VM itself holds one until it ends
 * @node: in the list of VMs; under nptb_registry
 * @watch: what faults look it up by, while under budget
 * @kvm: NULL once the VM has ended; under @life
 * @life: keeps @kvm
 * @ctl: one control operation at a time
 * @pid: first half of KVM's name, the thread that created the VM
 * @fd: second half
 * @nth: of the VMs that have these two at the same time, from 1 on
 * @name: "<pid>-<fd>", and from the second on ".<nth>"
 * @dir: our debugfs folder
 * @refused: why it began without the budget meant for it, or lost it: an errno, or 0
 * @refuse_work: takes the budget from a VM that turned out to be private
 * @end_work: takes the folder away after the VM has ended
 * @waiting: readers of kvm->srcu that began before @stragglers may be there, or
 *	work that looks for them; under @ctl, and then nobody's but the VM's end
 *	or our unload
 * @stragglers: of start_poll_synchronize_srcu()
 * @hooked: holds the fault hook; under @ctl
 * @granted: leaves that faults under way may make; raised before KVM's count
 *	is read, lowered after it was
 * @limit: the budget in force now, pages; written before @granted is read
 * @lent: pages lent over @limit; written under @lock
 * @lend_work: takes back what was lent for too long
 * @follow_work: brings @set in step with KVM's tables
 * @lock: protects all below
 * @armed: under budget
 * @untracked: a leaf may be there that is not in @set
 * @config: budget, policy and what to do on a loop
 * @special: NPTB_SPECIAL_* bits: faults of this VM take a longer way
 * @tdp_mmu: its own tables are the TDP MMU's
 * @aged: accessed bits were cleared, maybe without a flush
 * @looks: accessed bits looked at since make room took @lock
 * @seq: faults that &trace nptb_fault tells, or would tell
 * @frames: by enum nptb_frames; written under @ctl as well
 * @exempting: faults on exempt frames under way
 * @pages: memory for @set
 * @set: the pages believed resident
 * @vcpus: by index, filled as they fault
 * @max_vcpus: entries in @vcpus
 * @nr_vcpus: no vCPU of this index or above was seen
 * @turns: whose shield is broken when, and by whom
 * @room_wait: deferred vCPUs sleep here
 * @rooms: times that there may have been room for @sleepers
 * @sleepers: vCPUs that sleep, or are about to
 * @loops: places that looped
 * @lends: what was lent pages
 * @stats: counters
 */
struct nptb_vm {
	struct kref refs;
	struct list_head node;
	struct nptb_watch watch;
	struct kvm *kvm;
	struct rw_semaphore life;
	struct mutex ctl;
	int pid;
	int fd;
	u32 nth;
	char name[NPTB_NAME_MAX];
	struct dentry *dir;
	int refused;
	struct work_struct refuse_work;
	struct work_struct end_work;
	bool waiting;
	unsigned long stragglers;
	bool hooked;

	/* Written by every fault: what is mostly read has lines of its own. */
	atomic64_t granted ____cacheline_aligned_in_smp;

	/* Read by every fault. */
	u64 limit ____cacheline_aligned_in_smp;
	u64 lent;
	u32 special;
	bool tdp_mmu;

	struct delayed_work lend_work;
	struct work_struct follow_work;

	/* Under @lock, which every fault takes once. */
	spinlock_t lock ____cacheline_aligned_in_smp;
	bool armed;
	bool untracked;
	bool aged;
	u32 looks;
	u64 seq;
	struct nptb_ranges frames[NPTB_FRAMES_NR];
	u32 exempting;
	struct nptb_config config;
	struct nptb_pages pages;
	struct nptb_rset set;
	struct nptb_vcpu **vcpus;
	u32 max_vcpus;
	u32 nr_vcpus;
	struct nptb_turns turns;
	wait_queue_head_t room_wait;
	u64 rooms;
	u32 sleepers;
	struct nptb_loop_table *loops;
	struct nptb_lends *lends;
	struct nptb_stats stats;
};

/*
 * Faults take a longer way: the policy gives no shield (&nptb_policy_ops.bare),
 * there are pins, there are exempt frames.
 */
#define NPTB_SPECIAL_BARE	BIT(0)
#define NPTB_SPECIAL_PIN	BIT(1)
#define NPTB_SPECIAL_EXEMPT	BIT(2)

extern struct mutex nptb_registry;
extern struct workqueue_struct *nptb_wq;

/* vm/vm.c: the last reference has gone. */
void nptb_vm_release(struct kref *refs);

static inline void nptb_vm_get(struct nptb_vm *vm)
{
	kref_get(&vm->refs);
}

static inline void nptb_vm_put(struct nptb_vm *vm)
{
	kref_put(&vm->refs, nptb_vm_release);
}

#endif /* NPTB_OBJECT_VM_H */
