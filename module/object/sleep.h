/* SPDX-License-Identifier: GPL-2.0-only */
/* Deferred vCPUs that sleep: see budget/wait.c. */
#ifndef NPTB_OBJECT_SLEEP_H
#define NPTB_OBJECT_SLEEP_H

#include <linux/sched.h>
#include <linux/wait.h>

/**
 * struct nptb_sleep - the deferred vCPUs of a VM
 * @queue: they sleep here
 * @rooms: times that there may have been room for @sleepers; under &nptb_vm.lock
 * @sleepers: vCPUs that sleep, or are about to; under &nptb_vm.lock
 */
struct nptb_sleep {
	wait_queue_head_t queue;
	u64 rooms;
	u32 sleepers;
};

/**
 * struct nptb_sleeper - a vCPU that may be deferred
 * @work: sleeps for it, in its own thread
 * @rooms_seen: &nptb_sleep.rooms when it was deferred last
 * @deferrals: since a fault was let in; under &nptb_vm.lock
 * @pending: @work is under way
 */
struct nptb_sleeper {
	struct callback_head work;
	u64 rooms_seen;
	u32 deferrals;
	bool pending;
};

#endif /* NPTB_OBJECT_SLEEP_H */
