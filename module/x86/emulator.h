/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running a guest's instructions in KVM's emulator, in place of mapping their
 * pages; and what of a vCPU's state is seen in its FPU alone.
 */
#ifndef NPTB_KVM_EMUL_H
#define NPTB_KVM_EMUL_H

#include "x86/insn.h"
#include "x86/compat.h"
#include "x86/fetch.h"

/**
 * enum nptb_step - how the emulation of one instruction ended
 * @NPTB_STEP_DONE: the guest is one instruction, or part of one, further
 * @NPTB_STEP_LEAVE: as above, and KVM_RUN's loop has to see to the rest: an exit
 *	to user space (MMIO, a port), or a halt
 * @NPTB_STEP_REFUSED: the emulator cannot do it; nothing has changed
 */
enum nptb_step {
	NPTB_STEP_DONE,
	NPTB_STEP_LEAVE,
	NPTB_STEP_REFUSED,
};

/* SEV-ES and SEV-SNP: its registers are encrypted. */
static inline bool nptb_kvm_protected(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.guest_state_protected;
}

bool nptb_kvm_readable(struct kvm_vcpu *vcpu);
bool nptb_kvm_may_step(struct kvm_vcpu *vcpu);
bool nptb_kvm_may_go_on(struct kvm_vcpu *vcpu);
bool nptb_kvm_must_go_on(struct kvm_vcpu *vcpu);
enum nptb_step nptb_kvm_step(struct kvm_vcpu *vcpu, struct nptb_fetch *fetch,
			     int *ret);
bool nptb_kvm_iretq(struct kvm_vcpu *vcpu);
bool nptb_kvm_mask(struct kvm_vcpu *vcpu, enum nptb_mask kind, u32 reg,
		   struct nptb_mask_bits *mask);

#endif /* NPTB_KVM_EMUL_H */
