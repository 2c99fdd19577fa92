/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory during a burst. On its own KVM's emulator walks the guest's page tables
 * for the bytes of each instruction and for each of its operands, which is most of what
 * an instruction costs there. A burst keeps translations, as a CPU's TLB does.
 */
#ifndef NPTB_X86_BURST_H
#define NPTB_X86_BURST_H

#include "backend.h"

void nptb_burst_changed(struct nptb_burst *burst, u64 ac);
u32 nptb_burst_fetch(struct nptb_burst *burst, u8 *insn);
bool nptb_burst_read(struct nptb_burst *burst, u64 linear, void *val, u32 bytes);
bool nptb_burst_write(struct nptb_burst *burst, u64 linear, const void *val, u32 bytes);

/**
 * nptb_burst_look() - has something changed that translations depend on?
 * @burst: before an instruction
 * @rflags: of the vCPU
 *
 * Then they are forgotten. The privilege level is not among it: it comes with a segment,
 * see x86/segments.c.
 */
static __always_inline void nptb_burst_look(struct nptb_burst *burst, unsigned long rflags)
{
	const struct nptb_burst_context *known = &burst->context;
	struct kvm_vcpu *vcpu = burst->vcpu;
	u64 ac = vcpu->arch.cr4 & X86_CR4_SMAP ? rflags & X86_EFLAGS_AC : 0;

	if (unlikely((known->cr0 ^ vcpu->arch.cr0) | (known->cr3 ^ vcpu->arch.cr3) |
		     (known->cr4 ^ vcpu->arch.cr4) | (known->efer ^ vcpu->arch.efer) |
		     (known->invlpg ^ vcpu->stat.invlpg) | (known->ac ^ ac)))
		nptb_burst_changed(burst, ac);
}

#endif /* NPTB_X86_BURST_H */
