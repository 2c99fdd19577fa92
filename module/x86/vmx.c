// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-x, kvm_intel. What is different there: some registers are read from the VMCS only
 * when KVM is asked for them, and written back only where they are marked; nested page
 * tables are EPT's, which have bits of their own; KVM keeps pages in a guest for what a
 * CPU cannot do. SDM: Intel's Software Developer's Manual, volume 3; sections here and
 * elsewhere are those of its edition 325384-060US.
 */
#include <linux/version.h>
#include <asm/cpufeatures.h>
#include <asm/vmx.h>

#include "backend.h"
#include "hook.h"
#include "x86/symbols.h"
#include "x86/vendor.h"

/* Registers by KVM's numbers, which 7.3 has renamed. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define REG_RIP	VCPU_REG_RIP
#define REG_CR0	VCPU_REG_CR0
#define REG_CR3	VCPU_REG_CR3
#define REG_CR4	VCPU_REG_CR4
#else
#define REG_RIP	VCPU_REGS_RIP
#define REG_CR0	VCPU_EXREG_CR0
#define REG_CR3	VCPU_EXREG_CR3
#define REG_CR4	VCPU_EXREG_CR4
#endif

/* KVM's bit of EPT's leaves that may be executed from, or 0 where EPT is off. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
/* 7.3 has one for the guest's user mode as well, and sets both together. */
#define X_MASK	"shadow_xs_mask"
#else
#define X_MASK	"shadow_x_mask"
#endif

/* Of an access in the guest that its tables were walked for: PFERR_GUEST_FINAL_MASK. */
#define CODE_FINAL	BIT_ULL(32)

DEFINE_STATIC_KEY_FALSE(nptb_on_vmx);

/* kvm_intel may be loaded anew with another ept: asked each time. */
static const u64 *x_mask __ro_after_init;

NPTB_SAME_TYPE(cache_reg, nptb_cache_reg_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_cache_reg, nptb_cache_reg_proto);

static __always_inline void need(struct kvm_vcpu *vcpu, enum kvm_reg reg)
{
	if (!test_bit(reg, (unsigned long *)&vcpu->arch.regs_avail))
		static_call(nptb_sc_cache_reg)(vcpu, reg);
}

/**
 * nptb_vmx_fetch() - read the registers that KVM has not read yet
 * @vcpu: that has exited; its own thread
 *
 * All of nptb_state; RFLAGS and segments KVM reads itself, when asked. They are there
 * until the vCPU is entered again.
 */
void nptb_vmx_fetch(struct kvm_vcpu *vcpu)
{
	need(vcpu, REG_RIP);
	need(vcpu, VCPU_REGS_RSP);
	need(vcpu, REG_CR0);
	need(vcpu, REG_CR3);
	need(vcpu, REG_CR4);
}

static __always_inline void mark(struct kvm_vcpu *vcpu, enum kvm_reg reg)
{
	__set_bit(reg, (unsigned long *)&vcpu->arch.regs_avail);
	__set_bit(reg, (unsigned long *)&vcpu->arch.regs_dirty);
}

/**
 * nptb_vmx_wrote() - have RIP and RSP written back at the next entry
 * @vcpu: in which they were changed; its own thread
 */
void nptb_vmx_wrote(struct kvm_vcpu *vcpu)
{
	mark(vcpu, REG_RIP);
	mark(vcpu, VCPU_REGS_RSP);
}

static bool uses_ept(void)
{
	return READ_ONCE(*x_mask);
}

/**
 * nptb_vmx_is_table() - was a page wanted for a table, though the code does not say so?
 * @error_code: of a fault
 *
 * The four PDPTEs are loaded by MOV CR3, not by a walk for an address (SDM 4.4.1), and
 * such an EPT violation has no linear address (27.2.1, table 27-7, bit 7). From 6.12 on,
 * KVM's code then says neither that it was the final access nor a walk; 6.1 has it for
 * a walk. Under shadow paging no code says either.
 *
 * Return: whether that is so.
 */
bool nptb_vmx_is_table(u64 error_code)
{
	return uses_ept() &&
	       !(error_code & (CODE_FINAL | NPTB_NPF_TABLE | NPTB_NPF_RSVD));
}

/**
 * nptb_vmx_executable() - may a guest execute from a leaf?
 * @spte: of the TDP MMU, present
 *
 * Return: EPT has a bit for what may, NPT and shadow tables one for what may not.
 */
bool nptb_vmx_executable(u64 spte)
{
	return uses_ept() ? spte & READ_ONCE(*x_mask) : !(spte & _PAGE_NX);
}

/**
 * nptb_vmx_page_for() - what KVM has a page in the guest for
 * @vcpu: its own thread
 * @key: of the frame
 *
 * KVM_SET_TSS_ADDR and KVM_SET_IDENTITY_MAP_ADDR choose where they are, and a VMM with
 * a large BIOS does: so their slots are asked, not their addresses.
 *
 * Context: kvm->srcu held.
 * Return: an NPTB_FOR_KVM_* bit, or 0 for the guest's own.
 */
u32 nptb_vmx_page_for(struct kvm_vcpu *vcpu, u64 key)
{
	struct kvm_memory_slot *slot;

	slot = __gfn_to_memslot(__kvm_memslots(vcpu->kvm, nptb_key_as(key)),
				nptb_key_gfn(key));
	if (!slot)
		return 0;
	switch (slot->id) {
	case TSS_PRIVATE_MEMSLOT:
		return NPTB_FOR_KVM_TSS;
	case APIC_ACCESS_PAGE_PRIVATE_MEMSLOT:
		return NPTB_FOR_KVM_APIC;
	case IDENTITY_PAGETABLE_PRIVATE_MEMSLOT:
		return NPTB_FOR_KVM_IDENTITY;
	}
	return 0;
}

/*
 * Guests whose memory or registers are private (TDX) have kvm->arch say so. KVM asks
 * whether it can emulate for another reason, an enclave, and answers with a #UD in the
 * guest.
 */
static NPTB_CAN_EMULATE_TYPE reads_all(struct kvm_vcpu *vcpu, int emulation_type,
				       void *insn, int insn_len)
{
	return NPTB_CAN_EMULATE_YES;
}

/*
 * Leaves are cached for each root, and the current one is not all: a nested guest has a
 * root of its own. So do as KVM does where all vCPUs are to flush.
 */
static bool find(void)
{
	x_mask = (const u64 *)nptb_symbol(X_MASK);
	if (!x_mask ||
	    !FIND_CALL(nptb_sc_cache_reg, "__SCT__kvm_x86_cache_reg") ||
	    !FIND_CALL(nptb_sc_flush_local, "__SCT__kvm_x86_flush_tlb_all"))
		return false;
	static_call_update(nptb_sc_can_emulate, reads_all);
	static_branch_enable(&nptb_on_vmx);
	/*
	 * 7.3 takes tables away that were there for code alone, to have huge pages again
	 * (the iTLB multihit erratum), while vCPUs map: a leaf that is there may go.
	 */
	nptb_hook_see_all();
	return true;
}

const struct nptb_vendor nptb_vendor_vmx = {
	.name = "VT-x",
	.feature = X86_FEATURE_VMX,
	.find = find,
};
