// SPDX-License-Identifier: GPL-2.0-only
/* The bytes of a guest's next instruction; see x86/fetch.h. */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "x86/fetch.h"
#include "x86/symbols.h"

/*
 * Only in 64-bit mode: elsewhere a code segment has a base and a limit.
 *
 * Return: false where it is not.
 */
static bool take_context(struct kvm_vcpu *vcpu, struct nptb_fetch_context *now)
{
	struct kvm_segment cs;

	if (!nptb_kvm_long_mode(vcpu))
		return false;
	static_call(nptb_sc_get_segment)(vcpu, &cs, VCPU_SREG_CS);
	if (!cs.l)
		return false;
	now->page = nptb_kvm_rip(vcpu) & PAGE_MASK;
	now->cr0 = vcpu->arch.cr0;
	now->cr3 = vcpu->arch.cr3;
	now->cr4 = vcpu->arch.cr4;
	now->efer = vcpu->arch.efer;
	now->invlpg = vcpu->stat.invlpg;
	now->cpl = static_call(nptb_sc_get_cpl)(vcpu);
	return true;
}

static bool same_context(const struct nptb_fetch_context *a,
			 const struct nptb_fetch_context *b)
{
	return a->page == b->page && a->cpl == b->cpl && a->cr3 == b->cr3 &&
	       a->cr0 == b->cr0 && a->cr4 == b->cr4 && a->efer == b->efer &&
	       a->invlpg == b->invlpg;
}

static gpa_t translate(struct kvm_vcpu *vcpu, u64 page)
{
	gpa_t gpa;

	/* Never waits for a table that is not in host memory. */
	pagefault_disable();
	gpa = static_call(nptb_sc_gva_to_gpa)(vcpu, page, NULL);
	pagefault_enable();
	return gpa;
}

/**
 * nptb_kvm_fetch() - read the instruction at RIP, where that is cheap
 * @vcpu: whose last instruction, if @fetch has one, was emulated
 * @fetch: of this burst
 * @insn: for NPTB_FETCH_MAX bytes
 *
 * The emulator itself fetches the first instruction in a page: it checks the
 * guest's rights, sets accessed bits and raises the fault that there may be. That
 * the burst went on from there, in the same page and context, shows that the
 * guest may execute it. The bytes are read anew each time: a guest may write to
 * its code.
 *
 * Context: the vCPU's thread; kvm->srcu held.
 * Return: bytes read, up to the end of the page; 0 leaves all to the emulator.
 */
u32 nptb_kvm_fetch(struct kvm_vcpu *vcpu, struct nptb_fetch *fetch, u8 *insn)
{
	u32 offset = offset_in_page(nptb_kvm_rip(vcpu));
	u32 len = min_t(u32, NPTB_FETCH_MAX, PAGE_SIZE - offset);
	struct nptb_fetch_context now;

	if (!take_context(vcpu, &now)) {
		*fetch = (struct nptb_fetch)NPTB_FETCH_INIT;
		return 0;
	}
	if (!same_context(&now, &fetch->context)) {
		fetch->context = now;
		fetch->gpa = INVALID_GPA;
		return 0;
	}
	if (fetch->gpa == INVALID_GPA)
		fetch->gpa = translate(vcpu, now.page);
	if (fetch->gpa == INVALID_GPA ||
	    static_call(nptb_sc_read_guest)(vcpu, fetch->gpa + offset, insn, len))
		return 0;
	return len;
}
