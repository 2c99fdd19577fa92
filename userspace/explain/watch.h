/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested page faults of VMs without a budget, by KVM's own events: which repeat,
 * what they wait for, and is the vCPU stuck or slow? Pure: fed with events, asked
 * for findings.
 */
#ifndef NPTB_WATCH_H
#define NPTB_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/kvmevent.h"

/* (RIP, frame) pairs that are told apart for one vCPU in one interval. */
#define WATCH_SITES	64
/* Powers of two of microseconds: under 1 us, 1, 2, 4 ... over 2^24 (16 s). */
#define WATCH_BUCKETS	26
/* &watch_vcpu.nr of a thread whose vCPU is not known. */
#define WATCH_VCPU_UNKNOWN	UINT32_MAX

/**
 * enum watch_kind - why a fault was taken, or what it waited for
 * @WATCH_MISSING: nothing was mapped there
 * @WATCH_PROTECT: the mapping forbids the access: a write to a page that is
 *	write-protected, or the execution of one that may not be executed
 * @WATCH_MMIO: no memory slot is there; KVM emulates the access
 * @WATCH_BUDGET: nptbudget's own, of a VM under budget
 * @WATCH_HOST: the vCPU's thread slept in it: a pager, reclaim, a lock
 */
enum watch_kind {
	WATCH_MISSING,
	WATCH_PROTECT,
	WATCH_MMIO,
	WATCH_BUDGET,
	WATCH_HOST,
	WATCH_KIND_NR
};

/**
 * struct watch_site - faults of one vCPU at one RIP on one frame
 * @rip: the instruction
 * @gfn: guest-physical address >> 12
 * @error: of the last
 * @kind: of the last
 * @delivering: the last was in the delivery of an event
 * @vector: of that event
 * @accesses: that KVM carried out there as MMIO
 * @faults: in this interval
 * @insn: the instruction's bytes, as far as KVM emulated it
 * @insn_len: how many; 0: unknown
 * @bits: what @insn was decoded for
 */
struct watch_site {
	uint64_t rip;
	uint64_t gfn;
	uint64_t error;
	enum watch_kind kind;
	bool delivering;
	uint8_t vector;
	uint64_t accesses;
	uint64_t faults;
	uint8_t insn[KVM_INSN_MAX];
	uint8_t insn_len;
	uint8_t bits;
};

/**
 * struct watch_vcpu - a vCPU
 * @tid: its thread
 * @nr: as KVM numbers it, or WATCH_VCPU_UNKNOWN
 * @in_fault: a fault has begun and the guest was not entered since
 * @delivering: the last exit was in the delivery of an event
 * @vector: of that event
 * @mmio: the last exit was for MMIO, and has had no fault yet
 * @exit_rip: where the last exit was
 * @insn: what KVM emulated since, where @mmio
 * @slept: its thread slept in the fault
 * @kind: of the fault under way
 * @since: when the last exit was, ns
 * @rip: of the fault under way
 * @address: of the fault under way
 * @exits: in this interval
 * @faults: in this interval
 * @repeat: exits in a row at the same RIP for a fault, nothing carried out
 * @repeat_rip: that RIP
 * @repeat_since: when the first of them was, ns
 * @sites: where it faulted in this interval
 * @nr_sites: entries used
 * @lost_sites: faults at further places
 */
struct watch_vcpu {
	pid_t tid;
	unsigned int nr;
	bool in_fault;
	bool delivering;
	uint8_t vector;
	bool mmio;
	uint64_t exit_rip;
	struct kvm_event insn;
	bool slept;
	enum watch_kind kind;
	uint64_t since;
	uint64_t rip;
	uint64_t address;
	uint64_t exits;
	uint64_t faults;
	uint64_t repeat;
	uint64_t repeat_rip;
	uint64_t repeat_since;
	struct watch_site sites[WATCH_SITES];
	size_t nr_sites;
	uint64_t lost_sites;
};

/**
 * struct watch - all that is watched
 * @vcpu: the vCPUs, in the order of their first events
 * @nr: how many
 * @count: faults by kind, since the beginning
 * @total_ns: time in faults by kind
 * @longest_ns: longest fault by kind
 * @bucket: faults by kind and duration
 */
struct watch {
	struct watch_vcpu *vcpu;
	size_t nr;
	uint64_t count[WATCH_KIND_NR];
	uint64_t total_ns[WATCH_KIND_NR];
	uint64_t longest_ns[WATCH_KIND_NR];
	uint64_t bucket[WATCH_KIND_NR][WATCH_BUCKETS];
};

/**
 * enum watch_verdict - what a vCPU does
 * @WATCH_FINE: no fault repeats
 * @WATCH_STUCK: it faults at one RIP for ever, and nothing is carried out
 * @WATCH_STORM: it gets on, but most of its exits are MMIO at one RIP and frame
 * @WATCH_REPEATS: it gets on, but the same RIP faults on the same frame again
 *	and again
 * @WATCH_WAITS: it is in a fault, and its thread sleeps: the host owes a page
 */
enum watch_verdict {
	WATCH_FINE,
	WATCH_STUCK,
	WATCH_STORM,
	WATCH_REPEATS,
	WATCH_WAITS,
};

/**
 * struct watch_finding - the verdict on a vCPU, and why
 * @verdict: which
 * @site: the place; NULL with @verdict FINE
 * @rate: faults there a second; with WAITS 0
 * @ns: for how long it has been so, as far as was seen
 */
struct watch_finding {
	enum watch_verdict verdict;
	const struct watch_site *site;
	double rate;
	uint64_t ns;
};

int watch_sleeper(struct watch *w, pid_t tid, uint64_t now);
int watch_feed(struct watch *w, const struct kvm_event *event);
void watch_judge(const struct watch_vcpu *v, uint64_t now, uint64_t interval,
		 struct watch_finding *finding);
void watch_next(struct watch *w);
void watch_free(struct watch *w);
const char *watch_kind_name(enum watch_kind kind);
const char *watch_verdict_name(enum watch_verdict verdict);

#endif /* NPTB_WATCH_H */
