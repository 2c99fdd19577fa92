/* SPDX-License-Identifier: GPL-2.0-only */
/* Who has to flush after a zap, and how it comes to. */
#ifndef NPTB_X86_FLUSH_H
#define NPTB_X86_FLUSH_H

#include "backend.h"
#include "x86/symbols.h"

/*
 * Have a vCPU flush at its next entry. That is what KVM's own request for it comes to,
 * but one that is pending at the entry has KVM look at all requests that there are.
 * Which of KVM's flushes does it is the vendor's to say. Its own thread.
 */
static __always_inline void nptb_flush_own(struct kvm_vcpu *vcpu)
{
	vcpu->stat.tlb_flush++;
	static_call(nptb_sc_flush_local)(vcpu);
}

void nptb_flush_each(struct kvm *kvm, struct nptb_flush *flush, struct kvm_vcpu *self);

#endif /* NPTB_X86_FLUSH_H */
