/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of backend.h that every fault runs, and that is inline for it: struct
 * kvm and struct kvm_vcpu of x86, on every supported kernel. Its contracts are in
 * backend.h, which includes it.
 */
#ifndef NPTB_X86_ARCH_KVM_H
#define NPTB_X86_ARCH_KVM_H

#include <linux/jump_label.h>
#include <linux/kvm_host.h>
#include <linux/version.h>

#include "arch/burst.h"
#include "arch/young.h"
#include "arch/zap.h"
#include "set/policy.h"

/* RET_PF_CONTINUE and RET_PF_RETRY, in all three. */
#define NPTB_KVM_CONTINUE	0
#define NPTB_KVM_RETRY		1

/**
 * struct nptb_outcome - counters of a vCPU that tell how a fault ended
 * @fixed: leaves installed or repaired
 * @spurious: faults on leaves that were there
 * @emulated: instructions emulated
 */
struct nptb_outcome {
	u64 fixed;
	u64 spurious;
	u64 emulated;
};

/*
 * What is different on VT-x: see x86/vmx.c. The branch is patched, so that AMD passes
 * it by.
 */
DECLARE_STATIC_KEY_FALSE(nptb_on_vmx);
void nptb_vmx_fetch(struct kvm_vcpu *vcpu);
void nptb_vmx_wrote(struct kvm_vcpu *vcpu);
bool nptb_vmx_is_table(u64 error_code);
bool nptb_vmx_executable(u64 spte);
u32 nptb_vmx_page_for(struct kvm_vcpu *vcpu, u64 key);

u64 nptb_kvm_huge_leaves(struct kvm *kvm);

/**
 * nptb_kvm_leaves() - resident pages by KVM's own count
 * @kvm: alive
 *
 * Return: present leaves in units of 4 KiB.
 */
static __always_inline u64 nptb_kvm_leaves(struct kvm *kvm)
{
	u64 leaves = atomic64_read(&kvm->stat.pages_4k);

	/* A VM under budget has no others. */
	if (unlikely(atomic64_read(&kvm->stat.pages_2m) | atomic64_read(&kvm->stat.pages_1g)))
		leaves += nptb_kvm_huge_leaves(kvm);
	return leaves;
}

/* Only the vCPU's own thread writes these. */
static inline struct nptb_outcome nptb_kvm_outcome(struct kvm_vcpu *vcpu)
{
	return (struct nptb_outcome){
		.fixed = vcpu->stat.pf_fixed,
		.spurious = vcpu->stat.pf_spurious,
		.emulated = vcpu->stat.pf_emulate,
	};
}

/**
 * nptb_kvm_key() - the frame that a fault is about
 * @vcpu: that faulted
 * @gpa: as handed to kvm_mmu_page_fault()
 *
 * What is no address of this VM's memory is translated: a nested guest's own,
 * or under shadow paging a linear one.
 *
 * Return: the key, or %NPTB_KEY_NONE where the guest maps nothing there.
 */
static inline u64 nptb_kvm_key(struct kvm_vcpu *vcpu, gpa_t gpa)
{
	struct kvm_mmu *mmu = vcpu->arch.mmu;

	if (unlikely(mmu != &vcpu->arch.root_mmu || !mmu->root_role.direct))
		return nptb_kvm_translate(vcpu, gpa);
	return nptb_key(kvm_arch_vcpu_memslots_id(vcpu), gpa_to_gfn(gpa));
}

/* False under shadow paging, and on the nested tables of a nested guest. */
static inline bool nptb_kvm_direct(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.mmu->root_role.direct;
}

/* KVM has to know who writes where: it shadows tables of the guest, its own or nested ones. */
static inline bool nptb_kvm_tracks_writes(struct kvm_vcpu *vcpu)
{
	return !nptb_kvm_direct(vcpu) || READ_ONCE(vcpu->kvm->arch.shadow_root_allocated);
}

/* SEV-ES and SEV-SNP: its registers are encrypted. */
static inline bool nptb_kvm_protected(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.guest_state_protected;
}

static inline struct kvm *nptb_kvm_of(struct kvm_vcpu *vcpu)
{
	return vcpu->kvm;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
/* On top of a generation of slots: some have dirty logging. */
#define NPTB_SOME_LOG	BIT_ULL(62)

bool nptb_kvm_finds_log(struct kvm_memslots *slots, u64 generation, u64 *seen);
#endif

/**
 * nptb_kvm_may_log() - may the slot of a frame have dirty logging?
 * @kvm: alive
 * @key: of the frame, or %NPTB_KEY_NONE
 * @seen: of the VM, what was found last; 0 at first
 *
 * Later kernels count such slots. In 6.1 all are looked at, once for each generation of
 * them, which stay as they are; one before the first has none. A generation is one of an
 * address space: in that of SMM, nptb_kvm_logs_writes() looks.
 *
 * Context: kvm->srcu held.
 */
static inline bool nptb_kvm_may_log(struct kvm *kvm, u64 key, u64 *seen)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return atomic_read(&kvm->nr_memslots_dirty_logging);
#else
	struct kvm_memslots *slots = __kvm_memslots(kvm, 0);
	u64 generation = READ_ONCE(slots->generation);

	return unlikely(nptb_key_as(key)) ||
	       (unlikely(READ_ONCE(*seen) != generation) &&
		nptb_kvm_finds_log(slots, generation, seen));
#endif
}

/* Has the slot of a frame that a vCPU faulted on, known or not, dirty logging? */
static inline bool nptb_kvm_logs_writes(struct kvm_vcpu *vcpu, u64 key)
{
	struct kvm_memory_slot *slot;

	if (key == NPTB_KEY_NONE)
		return false;
	slot = __gfn_to_memslot(__kvm_memslots(vcpu->kvm, nptb_key_as(key)),
				nptb_key_gfn(key));
	return slot && kvm_slot_dirty_track_enabled(slot);
}

static inline u32 nptb_kvm_vcpu_idx(struct kvm_vcpu *vcpu)
{
	return vcpu->vcpu_idx;
}

static inline u32 nptb_kvm_max_vcpus(struct kvm *kvm)
{
	return kvm->max_vcpus;
}

/* A vCPU that is created later finds all as it is after this was asked. */
static inline u32 nptb_kvm_nr_vcpus(struct kvm *kvm)
{
	return atomic_read(&kvm->online_vcpus);
}

/* With those whose creation is under way: they will have the numbers below. */
static inline u32 nptb_kvm_created_vcpus(struct kvm *kvm)
{
	return READ_ONCE(kvm->created_vcpus);
}

/* RIP, once nptb_kvm_pc() has been asked since the exit, or KVM has set it. */
static inline u64 nptb_kvm_rip(struct kvm_vcpu *vcpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	/* 7.3 took RIP out of the register array. */
	return vcpu->arch.rip;
#else
	return vcpu->arch.regs[VCPU_REGS_RIP];
#endif
}

static inline u64 nptb_kvm_pc(struct kvm_vcpu *vcpu)
{
	if (static_branch_unlikely(&nptb_on_vmx))
		nptb_vmx_fetch(vcpu);
	return nptb_kvm_rip(vcpu);
}

/* nptb_kvm_wrote() is to follow. */
static inline void nptb_kvm_set_rip(struct kvm_vcpu *vcpu, u64 rip)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	vcpu->arch.rip = rip;
#else
	vcpu->arch.regs[VCPU_REGS_RIP] = rip;
#endif
}

/* RIP and RSP were changed. */
static inline void nptb_kvm_wrote(struct kvm_vcpu *vcpu)
{
	if (static_branch_unlikely(&nptb_on_vmx))
		nptb_vmx_wrote(vcpu);
}

/* As nptb_roles(), with what KVM's code does not tell on this CPU: NPTB_ROLE_*. */
static inline u32 nptb_kvm_roles(u64 error_code)
{
	if (static_branch_unlikely(&nptb_on_vmx) && nptb_vmx_is_table(error_code))
		return NPTB_ROLE_TABLE;
	return nptb_roles(error_code);
}

/* NPTB_FOR_KVM_* of a page in the guest that is KVM's own, or 0. Its own thread. */
static inline u32 nptb_kvm_page_for(struct kvm_vcpu *vcpu, u64 key)
{
	return static_branch_unlikely(&nptb_on_vmx) ? nptb_vmx_page_for(vcpu, key) : 0;
}

/* Is the vCPU in long mode? A guest there may still run 32-bit code. */
static inline bool nptb_kvm_long_mode(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.efer & EFER_LMA;
}

/* Readers of the VM's memory slots and of vCPUs in faults, for SRCU. */
static inline struct srcu_struct *nptb_kvm_srcu(struct kvm *kvm)
{
	return &kvm->srcu;
}

/* Wait until no vCPU is making a leaf, and keep all from it. */
static inline void nptb_kvm_stop_mapping(struct kvm *kvm)
{
	write_lock(&kvm->mmu_lock);
}

static inline void nptb_kvm_go_on_mapping(struct kvm *kvm)
{
	write_unlock(&kvm->mmu_lock);
}

/* Changes of memory slots. */
static inline struct mutex *nptb_kvm_slots_lock(struct kvm *kvm)
{
	return &kvm->slots_lock;
}

#endif /* NPTB_X86_ARCH_KVM_H */
