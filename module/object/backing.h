/* SPDX-License-Identifier: GPL-2.0-only */
/* The host memory behind a VM that is held to its budget there, too. */
#ifndef NPTB_OBJECT_BACKING_H
#define NPTB_OBJECT_BACKING_H

#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>
#include <nptbudget.h>

#include "host.h"

struct nptb_vm;
struct task_struct;

/* Pages touched that are told apart, threads that have work to do for it. */
#define NPTB_TOUCHED_RING	256
#define NPTB_GIVERS		16

/**
 * struct nptb_giver - a thread that gives pages up before it goes on
 * @work: its task work
 * @task: the thread; NULL while this is free
 * @vm: whose pages, held meanwhile
 */
struct nptb_giver {
	struct callback_head work;
	struct task_struct *task;
	struct nptb_vm *vm;
};

/**
 * struct nptb_backing - what of a VM is in host memory, beyond its leaves
 * @vm: whose
 * @watching: @touch is in use; under &nptb_vm.ctl
 * @touch: tells what the host touches, from before @on to after it
 * @many: held for write while many pages are given up at once, for read while one is;
 *	inside of &nptb_vm.life and kvm->srcu
 * @lock: protects what follows, up to @givers, and @retry; may be taken in any fault of
 *	the host's, so nothing is to touch user space under it; inside of &nptb_vm.lock
 * @on: in force: work is left to threads and to @rest_work only then
 * @touched: pages that the host has touched, by their addresses in the VMM; a ring
 * @first: the oldest of them
 * @count: how many
 * @lost: there was no room in the ring: only a sweep finds them all
 * @touched_at: when the last of them came, jiffies
 * @givers: threads at work
 * @generation: of the memory slots, when they were swept last
 * @swept_at: when that was, jiffies
 * @kept: pages without a leaf that the host did not give up then
 * @told: the log has said so
 * @retry: ticks until these are tried again
 * @rest_work: gives up what has come to rest, and what no thread can
 * @reclaimed: pages given up
 * @unreclaimed: times that the host kept one
 */
struct nptb_backing {
	struct nptb_vm *vm;
	bool watching;
	struct nptb_touch touch;
	struct rw_semaphore many;

	spinlock_t lock;
	bool on;
	u64 touched[NPTB_TOUCHED_RING];
	u32 first;
	u32 count;
	bool lost;
	unsigned long touched_at;
	struct nptb_giver givers[NPTB_GIVERS];

	u64 generation;
	unsigned long swept_at;
	u64 kept;
	bool told;
	unsigned long retry;
	struct delayed_work rest_work;
	atomic64_t reclaimed;
	atomic64_t unreclaimed;
};

#endif /* NPTB_OBJECT_BACKING_H */
