/* SPDX-License-Identifier: GPL-2.0-only */
/* A vCPU of a VM under budget, in our books. */
#ifndef NPTB_OBJECT_VCPU_H
#define NPTB_OBJECT_VCPU_H

#include <linux/types.h>

#include "object/account.h"
#include "object/lending.h"
#include "object/sleep.h"
#include "set/attempt.h"
#include "set/contention.h"
#include "set/explain.h"
#include "set/rset.h"

struct nptb_vm;

/* Frames that are given up singly after a fault: as many as one may evict. */
#define NPTB_EVICTED_MAX	64

/**
 * struct nptb_mapping - what KVM does for a vCPU's fault; its own thread's
 * @made: key of the leaf that the shadow MMU has made, or NPTB_KEY_NONE
 * @inside: the thread that is in KVM's fault handler for us, or 0
 * @read_only: it is to map for reading
 */
struct nptb_mapping {
	u64 made;
	pid_t inside;
	bool read_only;
};

/**
 * struct nptb_stepping - emulation in place of mapping; its own thread's
 * @mapped: faults mapped since an instruction was emulated
 * @burst: instructions emulated in one go the last time
 */
struct nptb_stepping {
	u64 mapped;
	u32 burst;
};

/**
 * struct nptb_vcpu - a vCPU of a VM under budget
 * @vm: whose it is
 * @idx: as KVM numbers it
 * @readable: KVM may read its registers and memory, by the last time it was
 *	asked; its own thread's
 * @ended: the attempt that @shield is of has ended; its own thread's
 * @unknown: @attempt was not kept up to date; its own thread's
 * @shield: pages of its current attempt; under nptb_vm.lock
 * @reservation: of the leaf that its fault may make
 * @mapping: of its fault, by KVM
 * @turn: its part in the turns between vCPUs, ticks are jiffies; under
 *	nptb_vm.lock, but its own thread reads @turn.robbed without
 * @robbed_seen: @turn.robbed when that was last looked at; its own thread's
 * @sleeper: it may be deferred, and sleep
 * @loan: pages lent to it
 * @stepping: its instructions that were emulated
 * @attempt: its current attempt; its own thread's
 * @explain: of @attempt, while it is made; its own thread's
 * @nr_evicted: frames in @evicted
 * @evicted: that its fault has evicted, and not given up; its own thread's
 */
struct nptb_vcpu {
	struct nptb_vm *vm;
	u32 idx;
	bool readable;
	bool ended;
	bool unknown;
	struct nptb_shield shield;
	struct nptb_reservation reservation;
	struct nptb_mapping mapping;
	struct nptb_turn turn;
	u64 robbed_seen;
	struct nptb_sleeper sleeper;
	struct nptb_loan loan;
	struct nptb_stepping stepping;
	struct nptb_attempt attempt;
	struct nptb_explain explain;
	u32 nr_evicted;
	u64 evicted[NPTB_EVICTED_MAX];
};

#endif /* NPTB_OBJECT_VCPU_H */
