// SPDX-License-Identifier: GPL-2.0-only
/* XSAVE and its kin, run on this CPU with the guest's state; see x86/soft/xsave.c. */
#include <linux/types.h>

#include <asm/asm.h>
#include <asm/page.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/special_insns.h>

#include "x86/soft/guest_fpu.h"
#include "x86/soft/xsave_cpu.h"

#define SAVE(name)							\
	do {								\
		if (wide)						\
			asm volatile(name "64 %0"			\
				     : "+m"(*to) : "a"(low), "d"(high));\
		else							\
			asm volatile(name " %0"				\
				     : "+m"(*to) : "a"(low), "d"(high));\
	} while (0)

#define RESTORE(name)							\
	asm volatile("1: " name " %[from]\n"				\
		     "	xor %[bad], %[bad]\n"				\
		     "2:\n"						\
		     _ASM_EXTABLE(1b, 2b)				\
		     : [bad] "+r"(bad)					\
		     : [from] "m"(*from), "a"(low), "d"(high))

struct area {
	u8 bytes[PAGE_SIZE];
};

static void save_area(enum nptb_xsave_how how, bool wide, u8 *area, u64 mask)
{
	struct area *to = (struct area *)area;
	u32 low = mask, high = mask >> 32;

	switch (how) {
	case NPTB_XSAVEOPT:
		SAVE("xsaveopt");
		break;
	case NPTB_XSAVEC:
		SAVE("xsavec");
		break;
	case NPTB_XSAVES:
		SAVE("xsaves");
		break;
	default:
		SAVE("xsave");
		break;
	}
}

/* Return: false where the CPU does not take it: nothing has changed. */
static bool restore_area(enum nptb_xsave_how how, bool wide, const u8 *area, u64 mask)
{
	const struct area *from = (const struct area *)area;
	u32 low = mask, high = mask >> 32, bad = 1;

	if (how == NPTB_XRSTORS && wide)
		RESTORE("xrstors64");
	else if (how == NPTB_XRSTORS)
		RESTORE("xrstors");
	else if (wide)
		RESTORE("xrstor64");
	else
		RESTORE("xrstor");
	return !bad;
}

/*
 * The guest's PKRU is in its register in the guest alone. No access of the kernel's own
 * minds it.
 */
static u32 swap_pkru(struct kvm_vcpu *vcpu, u64 mask)
{
	u32 host;

	if (!(mask & XFEATURE_MASK_PKRU))
		return 0;
	host = rdpkru();
	wrpkru(vcpu->arch.pkru);
	return host;
}

static void swap_pkru_back(struct kvm_vcpu *vcpu, u64 mask, u32 host)
{
	if (!(mask & XFEATURE_MASK_PKRU))
		return;
	vcpu->arch.pkru = rdpkru();
	wrpkru(host);
}

/**
 * nptb_xsave_save() - save the guest's state
 * @vcpu: in KVM_RUN; its own thread
 * @how: by which instruction
 * @wide: with REX.W
 * @area: for it; what the instruction leaves is left
 * @mask: components, in the guest's XCR0 and the host's
 */
void nptb_xsave_save(struct kvm_vcpu *vcpu, enum nptb_xsave_how how, bool wide, u8 *area,
		     u64 mask)
{
	u32 pkru;

	nptb_guest_fpu_begin();
	pkru = swap_pkru(vcpu, mask);
	save_area(how, wide, area, mask);
	swap_pkru_back(vcpu, mask, pkru);
	nptb_guest_fpu_end();
}

/**
 * nptb_xsave_restore() - restore the guest's state
 * @vcpu: in KVM_RUN; its own thread
 * @how: by which instruction
 * @wide: with REX.W
 * @area: from here
 * @mask: components, in the guest's XCR0 and the host's
 *
 * Return: false where the CPU does not take it: nothing has changed.
 */
bool nptb_xsave_restore(struct kvm_vcpu *vcpu, enum nptb_xsave_how how, bool wide,
			const u8 *area, u64 mask)
{
	u32 pkru;
	bool ok;

	nptb_guest_fpu_begin();
	pkru = swap_pkru(vcpu, mask);
	ok = restore_area(how, wide, area, mask);
	swap_pkru_back(vcpu, mask, pkru);
	nptb_guest_fpu_end();
	return ok;
}

/**
 * nptb_xsave_in_use() - which components are not as they are initially
 * @vcpu: in KVM_RUN; its own thread. The CPU has XGETBV of this
 * @xcr0: the guest's
 */
u64 nptb_xsave_in_use(struct kvm_vcpu *vcpu, u64 xcr0)
{
	u32 pkru;
	u64 mask;

	nptb_guest_fpu_begin();
	pkru = swap_pkru(vcpu, xcr0);
	mask = xgetbv(1);
	swap_pkru_back(vcpu, xcr0, pkru);
	nptb_guest_fpu_end();
	return mask & xcr0;
}
