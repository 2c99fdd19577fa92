/* SPDX-License-Identifier: GPL-2.0-only */
/* A nested page fault on its way through the stages. */
#ifndef NPTB_OBJECT_FAULT_H
#define NPTB_OBJECT_FAULT_H

#include <linux/kvm_types.h>
#include <linux/stddef.h>
#include <nptbudget.h>

struct kvm_vcpu;
struct nptb_vcpu;
struct nptb_vm;

/**
 * struct nptb_fault - one nested page fault on its way through the stages
 * @vm: whose it is
 * @v: which vCPU's, in our books
 * @vcpu: the same, KVM's
 * @pc: of the vCPU when it faulted; KVM may emulate and go on from there
 * @gpa: guest-physical address
 * @error_code: of the fault
 * @insn: instruction bytes of the exit, handed through
 * @insn_len: how many
 * @key: the frame, or NPTB_KEY_NONE
 * @known: the set had the page when it faulted; looked up for the trace alone
 * @shadow: it is for KVM's shadow MMU: that of nested guests, or of all, see
 *	&nptb_vm.tdp_mmu
 * @exempt: the frame is an exempt one
 * @take_own: where there is nothing else, make room evicts the attempt's own
 *	oldest page, in place of saying %NPTB_ADMISSION_SHORT
 * @granted: output of make room: leaves granted, given back by note
 * @evicted: output of make room: leaves that were evicted
 * @there: output of make room: another vCPU has made the leaf; nothing is granted
 * @stale: output of make room: victims that KVM had taken away already
 * @steps: output of step: instructions emulated
 * @irets: output of step: of these, IRETQ of ours
 * @refused: output of step: the first could not be emulated
 * @confirmed: the fault will end a lap of a fault loop, if it is let in
 * @lap: output of detect: it has
 * @stolen: output of detect: another vCPU had taken the page
 * @told: output of note: there is nothing more to tell of @lap
 * @ret: output of map: for KVM
 * @verdict: output of map: how it ended
 * @made: output of map: key of a leaf that the shadow MMU made, or
 *	NPTB_KEY_NONE
 * @leaves: output of note: KVM's count of resident pages after it
 * @seq: output of note: its number among the VM's faults
 */
struct nptb_fault {
	struct nptb_vm *vm;
	struct nptb_vcpu *v;
	struct kvm_vcpu *vcpu;
	u64 pc;
	gpa_t gpa;
	u64 error_code;
	void *insn;
	int insn_len;
	u64 key;

	struct_group(cleared,
		u32 granted;
		u32 evicted;
		u32 stale;
		u32 steps;
		u32 irets;
		bool known;
		bool there;
		bool exempt;
		bool take_own;
		bool shadow;
		bool refused;
		bool confirmed;
		bool lap;
		bool stolen;
		bool told;
	);
	int ret;
	enum nptb_verdict verdict;
	u64 made;
	u64 leaves;
	u64 seq;
};

#endif /* NPTB_OBJECT_FAULT_H */
