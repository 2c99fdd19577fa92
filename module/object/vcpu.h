/* SPDX-License-Identifier: GPL-2.0-only */
/* A vCPU of a VM under budget, in our books. */
#ifndef NPTB_OBJECT_VCPU_H
#define NPTB_OBJECT_VCPU_H

#include <linux/sched.h>

#include "set/attempt.h"
#include "set/contention.h"
#include "set/explain.h"
#include "set/rset.h"

struct nptb_vm;

/**
 * enum nptb_hold - a leaf that a vCPU's fault was granted
 * @NPTB_HOLD_NONE: there is none, or it cannot be revoked
 * @NPTB_HOLD_GRANTED: it may be made
 * @NPTB_HOLD_REVOKED: it may not be made any more
 */
enum nptb_hold {
	NPTB_HOLD_NONE,
	NPTB_HOLD_GRANTED,
	NPTB_HOLD_REVOKED,
};

/**
 * struct nptb_vcpu - a vCPU of a VM under budget
 * @idx: as KVM numbers it
 * @shield: pages of its current attempt; under nptb_vm.lock
 * @attempt: its current attempt; its own thread's
 * @explain: of @attempt, while it is made; its own thread's
 * @inside: the thread that is in KVM's fault handler for us, or 0
 * @hold: enum nptb_hold; changed by cmpxchg where another vCPU revokes
 * @held_since: jiffies when @hold was granted
 * @made: key of the leaf that the shadow MMU has made for it, or NPTB_KEY_NONE;
 *	its own thread's
 * @turn: its part in the turns between vCPUs, ticks are jiffies; under
 *	nptb_vm.lock, but its own thread reads @turn.robbed without
 * @lent: pages lent to it; written under nptb_vm.lock
 * @lent_at: jiffies of the last page lent
 * @lent_since: when the first of @lent was lent, ns
 * @robbed_seen: @turn.robbed when that was last looked at; its own thread's
 * @since_step: faults mapped since an instruction was emulated; its thread's
 * @burst: instructions emulated in one go the last time; its own thread's
 * @vm: whose it is
 * @sleep_work: sleeps for it, in its own thread
 * @sleeping: @sleep_work is under way
 * @deferrals: since a fault was let in; under nptb_vm.lock
 * @rooms_seen: &nptb_vm.rooms when it was deferred last
 * @read_only: its fault is to map for reading; its own thread's
 * @ended: the attempt that @shield is of has ended; its own thread's
 * @unknown: @attempt was not kept up to date; its own thread's
 * @readable: KVM may read its registers and memory, by the last time it was
 *	asked; its own thread's
 */
struct nptb_vcpu {
	u32 idx;
	struct nptb_shield shield;
	struct nptb_attempt attempt;
	struct nptb_explain explain;
	pid_t inside;
	u64 made;
	u32 hold;
	unsigned long held_since;
	struct nptb_turn turn;
	u32 lent;
	u32 burst;
	unsigned long lent_at;
	u64 lent_since;
	u64 robbed_seen;
	u64 since_step;
	struct nptb_vm *vm;
	struct callback_head sleep_work;
	u64 rooms_seen;
	u32 deferrals;
	bool sleeping;
	bool read_only;
	bool ended;
	bool unknown;
	bool readable;
};

#endif /* NPTB_OBJECT_VCPU_H */
