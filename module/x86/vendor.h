/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between AMD-V and VT-x: x86/svm.c and x86/vmx.c, one of which is chosen
 * at load. KVM hides most of it; what it does not is, on VT-x, behind nptb_on_vmx (see
 * arch/kvm.h), a branch that is patched out on AMD, or a static call that each of the
 * two aims at what suits it.
 */
#ifndef NPTB_X86_VENDOR_H
#define NPTB_X86_VENDOR_H

#include <linux/types.h>

/**
 * struct nptb_vendor - KVM on one vendor's CPUs
 * @name: of the extension, for people
 * @feature: X86_FEATURE_*, which the CPU has where this is the one
 * @find: aim nptb_sc_flush_local and nptb_sc_can_emulate, and find what it needs
 *	itself; false with a message that names what is missing
 *
 * nptb_sc_flush_local: after it, the next entry of a vCPU, its VM's only one, uses no
 * translation of guest-physical addresses that was cached before, its nested guest's
 * neither. nptb_sc_can_emulate: may KVM read a vCPU's memory? Asking changes nothing.
 */
struct nptb_vendor {
	const char *name;
	unsigned int feature;
	bool (*find)(void);
};

extern const struct nptb_vendor nptb_vendor_svm;
extern const struct nptb_vendor nptb_vendor_vmx;

#endif /* NPTB_X86_VENDOR_H */
