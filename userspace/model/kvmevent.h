/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of KVM's, whatever kernel and vendor they come from. */
#ifndef NPTB_KVMEVENT_H
#define NPTB_KVMEVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of an instruction, at most: AMD64 APM volume 3, section 1.1. */
#define KVM_INSN_MAX	15

/**
 * enum kvm_event_kind - what an event tells
 * @KVM_EVENT_EXIT: the vCPU left the guest
 * @KVM_EVENT_FAULT: it was for a nested page fault
 * @KVM_EVENT_ACCESS: KVM carried out an access to MMIO
 * @KVM_EVENT_INSN: KVM emulates an instruction
 * @KVM_EVENT_BUDGETED: nptbudget had a hand in the fault
 * @KVM_EVENT_SLEEP: the vCPU's thread gave up its CPU to wait
 * @KVM_EVENT_ENTRY: the vCPU entered the guest
 */
enum kvm_event_kind {
	KVM_EVENT_EXIT,
	KVM_EVENT_FAULT,
	KVM_EVENT_ACCESS,
	KVM_EVENT_INSN,
	KVM_EVENT_BUDGETED,
	KVM_EVENT_SLEEP,
	KVM_EVENT_ENTRY,
};

/**
 * struct kvm_event - an event of KVM's, of any kernel
 * @what: which
 * @tid: the vCPU's thread
 * @vcpu: the vCPU's number; of EXIT, FAULT and ENTRY
 * @ns: when, nanoseconds of the trace clock
 * @rip: of EXIT, FAULT, INSN, ENTRY
 * @address: guest-physical; of FAULT and ACCESS
 * @error: of FAULT: AMD64 APM volume 2, section 15.25.6 (EXITINFO1)
 * @mmio: of EXIT: for an access to MMIO, and no FAULT will say so
 * @delivering: of EXIT: an event was being delivered to the guest
 * @vector: of EXIT with @delivering
 * @insn: of INSN
 * @insn_len: bytes in it
 * @bits: of INSN: 16, 32 or 64, 0 where that is unknown
 */
struct kvm_event {
	enum kvm_event_kind what;
	pid_t tid;
	unsigned int vcpu;
	uint64_t ns;
	uint64_t rip;
	uint64_t address;
	uint64_t error;
	bool mmio;
	bool delivering;
	uint8_t vector;
	uint8_t insn[KVM_INSN_MAX];
	uint8_t insn_len;
	uint8_t bits;
};

#endif /* NPTB_KVMEVENT_H */
