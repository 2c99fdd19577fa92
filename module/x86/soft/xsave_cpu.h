/* SPDX-License-Identifier: GPL-2.0-only */
/* XSAVE and its kin, run on this CPU with the guest's state. See x86/soft/xsave_cpu.c. */
#ifndef NPTB_X86_SOFT_XSAVE_CPU_H
#define NPTB_X86_SOFT_XSAVE_CPU_H

#include "backend.h"

enum nptb_xsave_how {
	NPTB_XSAVE,
	NPTB_XSAVEOPT,
	NPTB_XSAVEC,
	NPTB_XSAVES,
	NPTB_XRSTOR,
	NPTB_XRSTORS,
	NPTB_XGETBV,
};

void nptb_xsave_save(struct kvm_vcpu *vcpu, enum nptb_xsave_how how, bool wide, u8 *area,
		     u64 mask);
bool nptb_xsave_restore(struct kvm_vcpu *vcpu, enum nptb_xsave_how how, bool wide,
			const u8 *area, u64 mask);
u64 nptb_xsave_in_use(struct kvm_vcpu *vcpu, u64 xcr0);

#endif /* NPTB_X86_SOFT_XSAVE_CPU_H */
