/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Emulation, in a vCPU's own thread: part of the seam, see backend.h. Contracts are at
 * the definitions, in x86/emulator.c. A backend without an emulator says no to
 * nptb_kvm_may_step(), sets @none in nptb_kvm_hidden_progress(), and has stubs for
 * the rest; MMIO without room needs nptb_kvm_emulate_mmio() all the same.
 */
#ifndef NPTB_EMULATOR_H
#define NPTB_EMULATOR_H

#include "backend.h"

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

bool nptb_kvm_may_step(struct kvm_vcpu *vcpu);
bool nptb_kvm_may_go_on(struct kvm_vcpu *vcpu);
bool nptb_kvm_must_go_on(struct kvm_vcpu *vcpu);
enum nptb_step nptb_kvm_step(struct kvm_vcpu *vcpu, struct nptb_fetch *fetch,
			     int *ret);
bool nptb_kvm_step_ourselves(struct kvm_vcpu *vcpu);
bool nptb_kvm_hidden_progress(struct kvm_vcpu *vcpu, const u8 *insn, u32 len,
			      struct nptb_mask_bits *bits, bool *none);

#endif /* NPTB_EMULATOR_H */
