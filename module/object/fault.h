/* SPDX-License-Identifier: GPL-2.0-only */
/* A nested page fault on its way through the stages. */
#ifndef NPTB_OBJECT_FAULT_H
#define NPTB_OBJECT_FAULT_H

#include <linux/kvm_types.h>
#include <nptbudget.h>

struct kvm_vcpu;
struct nptb_vcpu;
struct nptb_vm;

/**
 * struct nptb_fault_in - what a nested page fault is about
 * @vm: whose it is
 * @v: which vCPU's, in our books
 * @vcpu: the same, KVM's
 * @pc: of the vCPU when it faulted; KVM may emulate and go on from there
 * @gpa: guest-physical address
 * @error_code: of the fault
 * @insn: instruction bytes of the exit, handed through
 * @insn_len: how many
 * @sole: the VM has no other vCPU
 * @shadow: it is for KVM's shadow MMU: that of nested guests, or of all, see
 *	&nptb_account.tdp_mmu
 * @key: the frame, or NPTB_KEY_NONE
 */
struct nptb_fault_in {
	struct nptb_vm *vm;
	struct nptb_vcpu *v;
	struct kvm_vcpu *vcpu;
	u64 pc;
	gpa_t gpa;
	u64 error_code;
	void *insn;
	int insn_len;
	bool sole;
	bool shadow;
	u64 key;
};

/**
 * struct nptb_fault_room - output of make room
 * @reserved: leaves reserved, given back by note
 * @evicted: leaves that were evicted
 * @stale: victims that KVM had taken away already
 * @none: input: that there was no room before is still so, for there is no other vCPU
 * @there: another vCPU has made the leaf; nothing is reserved
 * @exempt: the frame is an exempt one, and no room is made for it
 * @take_own: input: where there is nothing else, make room evicts the attempt's
 *	own oldest page, in place of saying %NPTB_ADMISSION_SHORT
 * @known: the set had the page when it faulted; looked up for the trace alone
 * @own: @victim was the attempt's own
 * @reclaim: input: the host gives up what is evicted, see nptb_backing_give_up()
 * @held: leaves reserved on top, for what a batch has evicted and the host has not given up
 * @victim: key of the leaf that was evicted and is to be told of by the event of the
 *	fault, or NPTB_KEY_NONE
 */
struct nptb_fault_room {
	u8 reserved;
	u8 evicted;
	u8 stale;
	bool none;
	bool there;
	bool exempt;
	bool take_own;
	bool known;
	bool own;
	bool reclaim;
	u8 held;
	u64 victim;
};

/**
 * struct nptb_fault_step - output of emulation in place of mapping
 * @done: instructions emulated
 * @carried: of these, carried out by ourselves
 * @irets: of these, returns from interrupts
 * @deliveries: events delivered by ourselves
 * @refused: the first of all that could not be done
 */
struct nptb_fault_step {
	u32 done;
	u32 carried;
	u32 irets;
	u32 deliveries;
	bool refused;
};

/**
 * struct nptb_fault_loop - output of account and detect: what the attempt has come to
 * @confirmed: the fault will end a lap of a fault loop, if it is let in
 * @lap: it has
 * @stolen: another vCPU had taken the page
 */
struct nptb_fault_loop {
	bool confirmed;
	bool lap;
	bool stolen;
};

/**
 * struct nptb_fault_note - output of note
 * @leaves: KVM's count of resident pages after the fault
 * @seq: its number among the VM's faults
 */
struct nptb_fault_note {
	u64 leaves;
	u64 seq;
};

/**
 * struct nptb_fault - one nested page fault on its way through the stages
 * @in: what it is about
 * @room: output of make room
 * @step: output of emulation
 * @loop: output of account and detect
 * @told: output of note: there is nothing more to tell of &nptb_fault_loop.lap
 * @ret: for KVM; output of the stage that ends it, as a rule map
 * @verdict: how it ended; output of the same stage
 * @made: output of map: key of a leaf that the shadow MMU made, or
 *	NPTB_KEY_NONE
 * @note: output of note
 *
 * A stage fills in its own outputs, and no other's.
 */
struct nptb_fault {
	const struct nptb_fault_in in;
	struct nptb_fault_room room;
	struct nptb_fault_step step;
	struct nptb_fault_loop loop;
	bool told;
	int ret;
	enum nptb_verdict verdict;
	u64 made;
	struct nptb_fault_note note;
};

#endif /* NPTB_OBJECT_FAULT_H */
