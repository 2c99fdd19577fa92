/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Emulation, in a vCPU's own thread: part of the seam, see backend.h. Contracts are at
 * the definitions, in x86/emulator.c, x86/mask.c and x86/soft/carry_out.c. A backend without
 * an emulator has a reason in nptb_kvm_barred(), sets @none in nptb_kvm_hidden_progress(), and
 * has stubs for the rest; MMIO without room needs nptb_kvm_emulate_mmio() all the same.
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

/**
 * struct nptb_carried - what the backend did by itself, or why it did nothing
 * @instruction: an instruction was carried out; it may have raised an exception
 * @iret: it was a return from an interrupt
 * @delivery: an event that was being delivered has been delivered
 * @reason: why neither, where NPTB_STEP_REFUSED
 */
struct nptb_carried {
	bool instruction;
	bool iret;
	bool delivery;
	enum nptb_reason reason;
};

enum nptb_reason nptb_kvm_barred(struct kvm_vcpu *vcpu);
bool nptb_kvm_delivering(struct kvm_vcpu *vcpu);
bool nptb_kvm_goes_on(struct nptb_burst *burst, bool more);
void nptb_kvm_burst_begin(struct nptb_burst *burst, struct kvm_vcpu *vcpu);
void nptb_kvm_burst_forget(struct nptb_burst *burst);
enum nptb_step nptb_kvm_steps(struct nptb_burst *burst, u32 most, u32 *done, int *ret);
enum nptb_step nptb_kvm_carry_out(struct kvm_vcpu *vcpu, struct nptb_carried *carried);
bool nptb_kvm_hidden_progress(struct kvm_vcpu *vcpu, const u8 *insn, u32 len,
			      struct nptb_mask_bits *bits, bool *none);

#endif /* NPTB_EMULATOR_H */
