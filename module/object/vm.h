/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM in our books, and its locks.
 *
 * Locks, outermost first:
 *   nptb_vm.ctl      mutex: control of one VM; may wait for vCPUs
 *   nptb_vm.life     rwsem: nptb_vm.kvm stays valid while held for read;
 *                    written once, when the VM ends
 *   nptb_registry    mutex: the list of VMs, sessions, bindings
 *   nptb_vm.lock     spinlock: all else of one VM; never held while anything
 *                    sleeps; KVM's mmu_lock nests inside
 *
 * Whether a fault may make a leaf is decided without a lock where there is
 * room: see budget/reservation.h.
 */
#ifndef NPTB_OBJECT_VM_H
#define NPTB_OBJECT_VM_H

#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/stddef.h>
#include <linux/workqueue.h>

#include "backend.h"
#include "hook.h"
#include "object/account.h"
#include "object/config.h"
#include "object/lending.h"
#include "object/resident.h"
#include "object/sleep.h"
#include "object/stats.h"
#include "object/vcpu.h"
#include "set/contention.h"

struct dentry;
struct kvm;
struct nptb_backing;
struct nptb_loop_table;
struct nptb_vcpu_array;

#define NPTB_NAME_MAX	32

/**
 * struct nptb_vm_id - what a VM is called
 * @pid: first half of KVM's name, the thread that created the VM
 * @fd: second half
 * @nth: of the VMs that have these two at the same time, from 1 on
 * @name: "<pid>-<fd>", and from the second on ".<nth>"
 */
struct nptb_vm_id {
	int pid;
	int fd;
	u32 nth;
	char name[NPTB_NAME_MAX];
};

/**
 * struct nptb_attach - how a VM came under its budget, and loses it
 * @hooked: holds the fault hook; under &nptb_vm.ctl
 * @waiting: readers of kvm->srcu that began before @stragglers may be there, or
 *	work that looks for them; under &nptb_vm.ctl, and then nobody's but the VM's
 *	end or our unload
 * @stragglers: of start_poll_synchronize_srcu()
 * @refused: why it began without the budget meant for it, or lost it: an errno, or 0
 * @refuse_work: takes the budget from a VM that turned out to be private
 */
struct nptb_attach {
	bool hooked;
	bool waiting;
	unsigned long stragglers;
	int refused;
	struct work_struct refuse_work;
};

/**
 * struct nptb_vm - a VM, from its creation or our load to its end
 * @id: what it is called
 * @refs: debugfs folder, sessions; the VM itself holds one until it ends
 * @release: the last of @refs has gone
 * @node: in the list of VMs; under nptb_registry
 * @dir: our debugfs folder
 * @end_work: takes the folder away after the VM has ended
 * @kvm: NULL once the VM has ended; under @life
 * @life: keeps @kvm
 * @ctl: one control operation at a time
 * @watch: what faults look it up by, while under budget
 * @attach: how it came under budget
 * @account: what it may have
 * @config: budget, policy and what to do on a loop; written under @lock
 * @vcpus: by index, filled as they fault; written under @lock. Another, larger array may
 *	take its place; see budget/account.h
 * @max_vcpus: entries in @vcpus; written after that
 * @vcpu_array: what @vcpus is in
 * @nr_vcpus: no vCPU of this index or above was seen; written under @lock
 * @logs: of nptb_kvm_may_log(); any vCPU's, without a lock
 * @lending: what is lent to its vCPUs
 * @loops: places that looped
 * @backing: of its pages in host memory; NULL as long as that never was asked for
 * @lock: protects @loops and all below
 * @armed: under budget
 * @seq: faults that &trace nptb_fault tells, or would tell
 * @sleep: its deferred vCPUs
 * @turns: whose shield is broken when, and by whom
 * @resident: what is resident
 * @stats: counters
 * @flush: who is told of an eviction
 */
struct nptb_vm {
	struct nptb_vm_id id;
	struct kref refs;
	void (*release)(struct kref *refs);
	struct list_head node;
	struct dentry *dir;
	struct work_struct end_work;
	struct kvm *kvm;
	struct rw_semaphore life;
	struct mutex ctl;
	struct nptb_watch watch;
	struct nptb_attach attach;

	struct nptb_account account;

	/* Mostly read. */
	struct nptb_config config;
	struct nptb_vcpu **vcpus;
	u32 max_vcpus;
	struct nptb_vcpu_array *vcpu_array;
	u32 nr_vcpus;
	u64 logs;
	struct nptb_lending lending;
	struct nptb_loop_table *loops;
	struct nptb_backing *backing;

	/* Under @lock, which every fault takes once. */
	spinlock_t lock ____cacheline_aligned_in_smp;
	bool armed;
	u64 seq;
	struct nptb_sleep sleep;
	struct nptb_turns turns;
	struct nptb_resident resident;
	struct nptb_stats stats;
	struct nptb_flush flush;
};

/* What every fault writes shares no line with what is mostly read. */
static_assert(offsetof(struct nptb_vm, account) % SMP_CACHE_BYTES == 0);
static_assert(offsetof(struct nptb_vm, lock) % SMP_CACHE_BYTES == 0);

/* Over the list of VMs, and what belongs to all of them. */
extern struct mutex nptb_registry;
extern struct workqueue_struct *nptb_wq;

static inline void nptb_vm_get(struct nptb_vm *vm)
{
	kref_get(&vm->refs);
}

static inline void nptb_vm_put(struct nptb_vm *vm)
{
	kref_put(&vm->refs, vm->release);
}

#endif /* NPTB_OBJECT_VM_H */
