/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes of a guest's next instruction, for KVM's emulator. On its own it
 * walks the guest's page tables for them at every instruction, which is nearly
 * half of what an instruction costs there.
 */
#ifndef NPTB_KVM_FETCH_H
#define NPTB_KVM_FETCH_H

#include "x86/compat.h"

/* Bytes of an instruction, at most. */
#define NPTB_FETCH_MAX	15

/**
 * struct nptb_fetch_context - what a translation of a code page depends on
 * @page: linear address of the page
 * @cr0: of the vCPU
 * @cr3: of the vCPU
 * @cr4: of the vCPU
 * @efer: of the vCPU
 * @invlpg: times that translations were invalidated one by one
 * @cpl: privilege level
 *
 * What invalidates many translations at once is a request, which ends a burst.
 */
struct nptb_fetch_context {
	u64 page;
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u64 invlpg;
	u64 cpl;
};

/**
 * struct nptb_fetch - the code page of a vCPU, during one burst
 * @context: of the last instruction
 * @gpa: where the page is, or INVALID_GPA as long as that is not known
 *
 * As a CPU may, it goes on with a translation that was right when it was made.
 */
struct nptb_fetch {
	struct nptb_fetch_context context;
	gpa_t gpa;
};

/* No page can be at this linear address. */
#define NPTB_FETCH_INIT	{ .context.page = 1 }

u32 nptb_kvm_fetch(struct kvm_vcpu *vcpu, struct nptb_fetch *fetch, u8 *insn);

#endif /* NPTB_KVM_FETCH_H */
