/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that we know of KVM and of kernel versions. Nothing outside x86/
 * looks into struct kvm or struct kvm_vcpu, calls KVM, or asks for a kernel
 * version.
 *
 * Supported: Debian's 6.1, 6.12 and 7.3 on AMD CPUs.
 */
#ifndef NPTB_KVM_COMPAT_H
#define NPTB_KVM_COMPAT_H

#include <linux/ftrace.h>
#include <linux/kvm_host.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#include <linux/entry-virt.h>
#else
#include <linux/entry-kvm.h>
#endif

struct kvm_pre_fault_memory;

#include "loop/record.h"
#include "x86/operand.h"
#include "set/policy.h"

/* No key: an address that the guest's tables map to no frame. */
#define NPTB_KEY_NONE	(~0ULL)

/* NPF error code bit 3: reserved bits, KVM's mark of MMIO. */
#define NPTB_NPF_RSVD	BIT_ULL(3)

/* RET_PF_RETRY, in all three: nothing was mapped, the fault comes again. */
#define NPTB_KVM_RETRY	1

/* Error code bit 0: the leaf was there and did not allow the access. */
#define NPTB_NPF_PRESENT	BIT_ULL(0)

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
 * What x86/hook.c redirects, see nptb_kvm_hook_ip(): a VM's life first, then what
 * is only hooked while one is under budget; of these, the first only when needed.
 */
enum nptb_kvm_hook {
	NPTB_HOOK_VM_CREATED,
	NPTB_HOOK_VM_DESTROYED,
	NPTB_HOOK_VCPU_COMES,
	NPTB_HOOK_MAP,
	NPTB_HOOK_HUGEPAGE,
	NPTB_HOOK_SET_SPTE,
	NPTB_HOOK_ASYNC_READY,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	/* 6.1 has no KVM_PRE_FAULT_MEMORY. */
	NPTB_HOOK_PRE_FAULT,
#endif
	NPTB_HOOK_COLLAPSE,
	NPTB_HOOK_FAULT,
	NPTB_HOOK_NR,
	NPTB_HOOK_OF_FAULTS = NPTB_HOOK_HUGEPAGE,
};

int nptb_kvm_init(void);
int nptb_kvm_check_protos(void);
int nptb_kvm_vmlinux_btf(const void **data, u32 *size);
unsigned long nptb_kvm_hook_ip(enum nptb_kvm_hook hook);
const char *nptb_kvm_hook_name(enum nptb_kvm_hook hook);
/* The originals of redirected functions, entered past their hook. */
int nptb_kvm_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		   void *insn, int insn_len);
int nptb_kvm_vm_created(struct kvm *kvm);
void nptb_kvm_vm_destroyed(struct kvm *kvm);
int nptb_kvm_vcpu_comes(struct kvm *kvm, unsigned int id);
const char *nptb_kvm_unsupported(struct kvm *kvm);
bool nptb_kvm_uses_tdp_mmu(struct kvm *kvm);
bool nptb_kvm_single_roots(struct kvm *kvm);
void nptb_kvm_vm_name(struct kvm *kvm, int *pid, int *fd);
bool nptb_kvm_was_idle(struct kvm *kvm);
void nptb_compat_rename(struct dentry *dentry, const char *name);
int nptb_kvm_for_each_vm(int (*fn)(struct kvm *kvm));

bool nptb_kvm_evict(struct kvm *kvm, struct kvm_vcpu *vcpu, u64 key);
void nptb_kvm_evict_all(struct kvm *kvm);
void nptb_kvm_flush(struct kvm *kvm, struct kvm_vcpu *vcpu);
bool nptb_kvm_young(struct kvm *kvm, u64 key);

/* x86/mmu.c */
u64 nptb_kvm_translate(struct kvm_vcpu *vcpu, gpa_t addr);
bool nptb_kvm_logs_writes(struct kvm_vcpu *vcpu, u64 key);
int nptb_kvm_emulate_mmio(struct kvm_vcpu *vcpu, gpa_t gpa, void *insn,
			  int insn_len);
u64 nptb_kvm_frame_leaves(struct kvm *kvm, u64 key);
bool nptb_kvm_allows(struct kvm_vcpu *vcpu, u64 key, u64 error_code);
u64 nptb_kvm_async_key(struct kvm_vcpu *vcpu, struct kvm_async_pf *work);
void nptb_kvm_async_ready(struct kvm_vcpu *vcpu, struct kvm_async_pf *work);
gpa_t nptb_kvm_pre_fault_gpa(const struct kvm_pre_fault_memory *range);
long nptb_kvm_pre_fault(struct kvm_vcpu *vcpu,
			struct kvm_pre_fault_memory *range);

bool nptb_kvm_has_memory(struct kvm_vcpu *vcpu, u64 key);
bool nptb_kvm_same_state(struct kvm_vcpu *vcpu, const struct nptb_state *state);
void nptb_kvm_keep_state(struct kvm_vcpu *vcpu, struct nptb_state *state);
u32 nptb_kvm_insn(struct kvm_vcpu *vcpu, u8 *buf, u32 len);
void nptb_kvm_internal_error(struct kvm_vcpu *vcpu, u32 suberror,
			     const u64 *data, u32 ndata);

/* x86/guest.c */
void nptb_kvm_segments(struct kvm_vcpu *vcpu, struct nptb_explain *expl);
bool nptb_kvm_read(void *ctx, u64 gpa, void *buf, u32 len);
bool nptb_kvm_peek(struct kvm *kvm, u32 as, u64 gpa, void *buf, u32 len);

/**
 * nptb_kvm_leaves() - resident pages by KVM's own count
 * @kvm: alive
 *
 * Return: present leaves in units of 4 KiB.
 */
static __always_inline u64 nptb_kvm_leaves(struct kvm *kvm)
{
	u64 leaves = atomic64_read(&kvm->stat.pages_4k);
	u64 huge_2m = atomic64_read(&kvm->stat.pages_2m);
	u64 huge_1g = atomic64_read(&kvm->stat.pages_1g);

	/* A VM under budget has none. */
	if (unlikely(huge_2m | huge_1g))
		leaves += 512 * huge_2m + 262144 * huge_1g;
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

static inline struct kvm *nptb_kvm_of(struct kvm_vcpu *vcpu)
{
	return vcpu->kvm;
}

/* May any slot of a VM have dirty logging? See nptb_kvm_logs_writes(). */
static inline bool nptb_kvm_may_log(struct kvm *kvm)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return atomic_read(&kvm->nr_memslots_dirty_logging);
#else
	/* 6.1 does not count them. */
	return true;
#endif
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

static inline u64 nptb_kvm_rip(struct kvm_vcpu *vcpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	/* 7.3 took RIP out of the register array. */
	return vcpu->arch.rip;
#else
	return vcpu->arch.regs[VCPU_REGS_RIP];
#endif
}

/* RIP is written back at each entry on SVM: KVM's own mark of that is for VMX. */
static inline void nptb_kvm_set_rip(struct kvm_vcpu *vcpu, u64 rip)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	vcpu->arch.rip = rip;
#else
	vcpu->arch.regs[VCPU_REGS_RIP] = rip;
#endif
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

/* The first argument of a function caught by ftrace. */
static __always_inline void *nptb_ftrace_arg0(struct ftrace_regs *fregs)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return (void *)ftrace_regs_get_argument(fregs, 0);
#else
	return (void *)fregs->regs.di;
#endif
}

/*
 * Hand something to the replacement: its sixth argument, which none of the
 * functions caught has. System V ABI, AMD64 supplement, section 3.2.3.
 */
static __always_inline void nptb_ftrace_set_arg5(struct ftrace_regs *fregs,
						 void *arg)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	arch_ftrace_regs(fregs)->regs.r9 = (unsigned long)arg;
#else
	fregs->regs.r9 = (unsigned long)arg;
#endif
}

/* Go to @ip in place of the function caught by ftrace. */
static __always_inline void nptb_ftrace_redirect(struct ftrace_regs *fregs,
						 unsigned long ip)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	ftrace_regs_set_instruction_pointer(fregs, ip);
#else
	ftrace_instruction_pointer_set(fregs, ip);
#endif
}

#endif /* NPTB_KVM_COMPAT_H */
