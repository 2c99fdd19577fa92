/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's functions and data that modules cannot link to. Included by
 * the C files of x86/ alone.
 *
 * Functions are reached by static calls: direct calls, which need no ENDBR at
 * their target on a CPU with IBT. A call by pointer would.
 */
#ifndef NPTB_X86_SYMBOLS_H
#define NPTB_X86_SYMBOLS_H

#include <linux/jump_label.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/static_call.h>
#include <linux/swap.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#include <linux/entry-virt.h>
#else
#include <linux/entry-kvm.h>
#endif
#include <asm/fpu/api.h>

#include "arch/kvm_data.h"
#include "x86/emul_table.h"

/*
 * The functions of KVM that are redirected, see nptb_kvm_hook_ip(): those of a VM's
 * life first, then those that nearly every fault goes through, which are hooked from
 * the first budget on, then those that are only hooked while there is one.
 */
enum nptb_kvm_hook {
	NPTB_HOOK_VM_CREATED,
	NPTB_HOOK_VM_DESTROYED,
	NPTB_HOOK_VCPU_COMES,
	NPTB_HOOK_MAP,
	NPTB_HOOK_HUGEPAGE,
	NPTB_HOOK_FAULT,
	NPTB_HOOK_SET_SPTE,
	NPTB_HOOK_ASYNC_READY,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	/* 6.1 has no KVM_PRE_FAULT_MEMORY. */
	NPTB_HOOK_PRE_FAULT,
#endif
	NPTB_HOOK_COLLAPSE,
	NPTB_HOOK_NR,
	NPTB_HOOK_OF_FAULTS = NPTB_HOOK_SET_SPTE,
};

int nptb_symbols_begin(void);
bool nptb_symbols_find(void);
unsigned long nptb_symbol(const char *name);
unsigned long nptb_touch_ip(void);
int nptb_kvm_vmlinux_btf(const void **data, u32 *size);
unsigned long nptb_kvm_hook_ip(enum nptb_kvm_hook hook);
const char *nptb_kvm_hook_name(enum nptb_kvm_hook hook);

/* Aim a static call at a symbol: false where the kernel has no such. */
#define FIND_CALL(call, name)						\
({									\
	unsigned long addr_ = nptb_symbol(name);				\
									\
	if (addr_)							\
		static_call_update(call, (typeof(&STATIC_CALL_TRAMP(call)))addr_);\
	addr_ != 0;							\
})

struct kvm_pre_fault_memory;
struct nptb_mmu_page;

/* In a private header of 6.1 and 7.3, in a public one of 6.12. */
void kvm_zap_gfn_range(struct kvm *kvm, gfn_t gfn_start, gfn_t gfn_end);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
/* Moved to private headers: arch/x86/kvm/mmu.h and regs.h of 7.3. */
int kvm_mmu_page_fault(struct kvm_vcpu *vcpu, gpa_t cr2_or_gpa, u64 error_code,
		       void *insn, int insn_len);
gpa_t kvm_mmu_gva_to_gpa_system(struct kvm_vcpu *vcpu, gva_t gva,
				struct x86_exception *exception);
unsigned long kvm_get_rflags(struct kvm_vcpu *vcpu);
unsigned long kvm_get_linear_rip(struct kvm_vcpu *vcpu);
gpa_t kvm_mmu_gva_to_gpa_read(struct kvm_vcpu *vcpu, gva_t gva,
			      struct x86_exception *exception);
gpa_t kvm_mmu_gva_to_gpa_write(struct kvm_vcpu *vcpu, gva_t gva,
			       struct x86_exception *exception);
void kvm_set_rflags(struct kvm_vcpu *vcpu, unsigned long rflags);
int kvm_emulate_halt_noskip(struct kvm_vcpu *vcpu);
#endif
/* In a private header of 6.1 and 7.3, in a public one of 6.12. */
int kvm_set_dr(struct kvm_vcpu *vcpu, int dr, unsigned long val);

/**
 * struct nptb_x86_exception - KVM's struct x86_exception, in a private header
 * @vector: which
 * @error_code_valid: it has one
 * @error_code: that
 * @nested_page_fault: not the guest's
 * @address: of a page fault
 * @more: what else there is
 */
struct nptb_x86_exception {
	u8 vector;
	bool error_code_valid;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	/* 7.3 made it wider. */
	u64 error_code;
#else
	u16 error_code;
#endif
	bool nested_page_fault;
	u64 address;
	u64 more[4];
};

/* 6.1 returns int, later kernels nothing that anybody looks at. */
int nptb_create_vm_debugfs_proto(struct kvm *kvm);

/*
 * Callbacks of the vendor module, by KVM's own static call trampolines: these
 * follow where kvm_amd or kvm_intel is loaded anew. Types as in struct kvm_x86_ops.
 */
void nptb_get_segment_proto(struct kvm_vcpu *vcpu, struct kvm_segment *var,
			    int seg);
void nptb_get_table_proto(struct kvm_vcpu *vcpu, struct desc_ptr *dt);
int nptb_get_cpl_proto(struct kvm_vcpu *vcpu);
void nptb_get_cs_proto(struct kvm_vcpu *vcpu, int *db, int *l);
unsigned long nptb_get_rflags_proto(struct kvm_vcpu *vcpu);
void nptb_flush_local_proto(struct kvm_vcpu *vcpu);
bool nptb_get_nmi_mask_proto(struct kvm_vcpu *vcpu);
void nptb_set_nmi_mask_proto(struct kvm_vcpu *vcpu, bool masked);
u32 nptb_get_interrupt_shadow_proto(struct kvm_vcpu *vcpu);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
/* Returns X86EMUL_CONTINUE, 0, where it can. */
#define NPTB_CAN_EMULATE	"__SCT__kvm_x86_check_emulate_instruction"
#define NPTB_CAN_EMULATE_TYPE	int
#define NPTB_CAN_EMULATE_YES	0
#else
/* 6.1 has another name for it, and returns whether it can. */
#define NPTB_CAN_EMULATE	"__SCT__kvm_x86_can_emulate_instruction"
#define NPTB_CAN_EMULATE_TYPE	bool
#define NPTB_CAN_EMULATE_YES	true
#endif
NPTB_CAN_EMULATE_TYPE nptb_can_emulate_proto(struct kvm_vcpu *vcpu, int emulation_type,
					     void *insn, int insn_len);
void nptb_set_interrupt_shadow_proto(struct kvm_vcpu *vcpu, int mask);
void nptb_set_segment_proto(struct kvm_vcpu *vcpu, struct kvm_segment *var, int seg);
void nptb_cache_reg_proto(struct kvm_vcpu *vcpu, enum kvm_reg reg);
int nptb_set_msr_proto(struct kvm_vcpu *vcpu, struct msr_data *msr);

#define NPTB_SAME_TYPE(op, proto)					\
	static_assert(__same_type(((struct kvm_x86_ops *)0)->op, &(proto)))
NPTB_SAME_TYPE(get_segment, nptb_get_segment_proto);
NPTB_SAME_TYPE(get_idt, nptb_get_table_proto);
NPTB_SAME_TYPE(get_gdt, nptb_get_table_proto);
NPTB_SAME_TYPE(get_cpl, nptb_get_cpl_proto);
NPTB_SAME_TYPE(get_cs_db_l_bits, nptb_get_cs_proto);
NPTB_SAME_TYPE(get_rflags, nptb_get_rflags_proto);
NPTB_SAME_TYPE(flush_tlb_current, nptb_flush_local_proto);
NPTB_SAME_TYPE(get_nmi_mask, nptb_get_nmi_mask_proto);
NPTB_SAME_TYPE(set_nmi_mask, nptb_set_nmi_mask_proto);
NPTB_SAME_TYPE(set_interrupt_shadow, nptb_set_interrupt_shadow_proto);
NPTB_SAME_TYPE(get_interrupt_shadow, nptb_get_interrupt_shadow_proto);
NPTB_SAME_TYPE(set_segment, nptb_set_segment_proto);
NPTB_SAME_TYPE(set_msr, nptb_set_msr_proto);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
NPTB_SAME_TYPE(check_emulate_instruction, nptb_can_emulate_proto);
#else
NPTB_SAME_TYPE(can_emulate_instruction, nptb_can_emulate_proto);
#endif
unsigned long nptb_ftrace_location_proto(unsigned long ip);
/* EMULTYPE_SKIP, in all three: only the length of an instruction is wanted. */
#define NPTB_EMULTYPE_SKIP	BIT(2)

/* In private headers. */
int x86_emulate_instruction(struct kvm_vcpu *vcpu, gpa_t cr2_or_gpa,
			    int emulation_type, void *insn, int insn_len);
/* 7.3 has it in a private header. */
void lru_add_drain(void);
unsigned int nptb_rmap_count_proto(struct kvm_rmap_head *rmap_head);
/* Static in tdp_mmu.c, and out of line in all three. */
bool nptb_zap_leafs_proto(struct kvm *kvm, struct nptb_mmu_page *root,
			  gfn_t start, gfn_t end, bool can_yield, bool flush);
/* As that, and named otherwise in each. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
/* 7.3 wants the table, and tells of errors that a VM with private memory may have. */
#define NPTB_CHANGED	"__handle_changed_spte"
int nptb_changed_proto(struct kvm *kvm, struct nptb_mmu_page *sp, gfn_t gfn,
		       u64 old_spte, u64 new_spte, int level, bool shared);
#else
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define NPTB_CHANGED	"handle_changed_spte"
#else
/* 6.1 has one of the shorter name as well, which marks pages as used besides. */
#define NPTB_CHANGED	"__handle_changed_spte"
#endif
void nptb_changed_proto(struct kvm *kvm, int as_id, gfn_t gfn, u64 old_spte,
			u64 new_spte, int level, bool shared);
#endif
/* Not there in 6.1. */
long nptb_pre_fault_proto(struct kvm_vcpu *vcpu,
			  struct kvm_pre_fault_memory *range);
/* Of a type that is private. */
int nptb_map_proto(struct kvm_vcpu *vcpu, void *fault);
/* Static in mmu.c, and out of line in all three. */
int nptb_set_spte_proto(struct kvm_vcpu *vcpu, struct kvm_memory_slot *slot,
			u64 *sptep, unsigned int pte_access, gfn_t gfn,
			u64 pfn, void *fault);

DECLARE_STATIC_CALL(nptb_sc_handle, kvm_mmu_page_fault);
DECLARE_STATIC_CALL(nptb_sc_fault, kvm_mmu_page_fault);
DECLARE_STATIC_CALL(nptb_sc_created, nptb_create_vm_debugfs_proto);
DECLARE_STATIC_CALL(nptb_sc_destroyed, kvm_arch_destroy_vm);
DECLARE_STATIC_CALL(nptb_sc_vcpu_comes, kvm_arch_vcpu_precreate);
DECLARE_STATIC_CALL(nptb_sc_set_spte, nptb_set_spte_proto);
DECLARE_STATIC_CALL(nptb_sc_async_ready, kvm_arch_async_page_ready);
DECLARE_STATIC_CALL(nptb_sc_pre_fault, nptb_pre_fault_proto);
DECLARE_STATIC_CALL(nptb_sc_emulate, x86_emulate_instruction);
DECLARE_STATIC_CALL(nptb_sc_rmap_count, nptb_rmap_count_proto);
DECLARE_STATIC_CALL(nptb_sc_zap, kvm_zap_gfn_range);
DECLARE_STATIC_CALL(nptb_sc_unmap, kvm_unmap_gfn_range);
DECLARE_STATIC_CALL(nptb_sc_zap_leafs, nptb_zap_leafs_proto);
DECLARE_STATIC_CALL(nptb_sc_changed, nptb_changed_proto);
DECLARE_STATIC_CALL(nptb_sc_age, kvm_age_gfn);
DECLARE_STATIC_CALL(nptb_sc_flush, kvm_flush_remote_tlbs);
DECLARE_STATIC_CALL(nptb_sc_flush_local, nptb_flush_local_proto);
DECLARE_STATIC_CALL(nptb_sc_rflags, kvm_get_rflags);
DECLARE_STATIC_CALL(nptb_sc_linear_rip, kvm_get_linear_rip);
DECLARE_STATIC_CALL(nptb_sc_gva_to_gpa, kvm_mmu_gva_to_gpa_system);
DECLARE_STATIC_CALL(nptb_sc_read_guest, kvm_vcpu_read_guest_atomic);
DECLARE_STATIC_CALL(nptb_sc_gva_to_gpa_read, kvm_mmu_gva_to_gpa_read);
DECLARE_STATIC_CALL(nptb_sc_gva_to_gpa_write, kvm_mmu_gva_to_gpa_write);
DECLARE_STATIC_CALL(nptb_sc_read_guest_wait, kvm_vcpu_read_guest);
DECLARE_STATIC_CALL(nptb_sc_emul_read, nptb_emul_read_proto);
DECLARE_STATIC_CALL(nptb_sc_emul_write, nptb_emul_write_proto);
DECLARE_STATIC_CALL(nptb_sc_emul_cmpxchg, nptb_emul_cmpxchg_proto);
DECLARE_STATIC_CALL(nptb_sc_emul_fetch, nptb_emul_read_proto);
DECLARE_STATIC_CALL(nptb_sc_emul_read_std, nptb_emul_std_proto);
DECLARE_STATIC_CALL(nptb_sc_emul_write_std, nptb_emul_std_proto);
DECLARE_STATIC_CALL(nptb_sc_emul_get_segment, nptb_emul_get_segment_proto);
DECLARE_STATIC_CALL(nptb_sc_emul_set_segment, nptb_emul_set_segment_proto);
DECLARE_STATIC_CALL(nptb_sc_emul_get_base, nptb_emul_get_base_proto);
DECLARE_STATIC_CALL(nptb_sc_emul_get_msr, nptb_emul_get_msr_proto);
DECLARE_STATIC_CALL(nptb_sc_set_segment, nptb_set_segment_proto);
DECLARE_STATIC_CALL(nptb_sc_set_msr, nptb_set_msr_proto);
DECLARE_STATIC_CALL(nptb_sc_set_dr, kvm_set_dr);
DECLARE_STATIC_CALL(nptb_sc_mark_dirty, kvm_vcpu_mark_page_dirty);
DECLARE_STATIC_CALL(nptb_sc_set_rflags, kvm_set_rflags);
DECLARE_STATIC_CALL(nptb_sc_halt, kvm_emulate_halt_noskip);
DECLARE_STATIC_CALL(nptb_sc_switch_fpu, switch_fpu_return);
DECLARE_STATIC_CALL(nptb_sc_get_segment, nptb_get_segment_proto);
DECLARE_STATIC_CALL(nptb_sc_get_idt, nptb_get_table_proto);
DECLARE_STATIC_CALL(nptb_sc_get_gdt, nptb_get_table_proto);
DECLARE_STATIC_CALL(nptb_sc_get_cpl, nptb_get_cpl_proto);
DECLARE_STATIC_CALL(nptb_sc_get_cs, nptb_get_cs_proto);
DECLARE_STATIC_CALL(nptb_sc_get_rflags, nptb_get_rflags_proto);
DECLARE_STATIC_CALL(nptb_sc_get_nmi_mask, nptb_get_nmi_mask_proto);
DECLARE_STATIC_CALL(nptb_sc_set_nmi_mask, nptb_set_nmi_mask_proto);
DECLARE_STATIC_CALL(nptb_sc_set_shadow, nptb_set_interrupt_shadow_proto);
DECLARE_STATIC_CALL(nptb_sc_get_shadow, nptb_get_interrupt_shadow_proto);
DECLARE_STATIC_CALL(nptb_sc_can_emulate, nptb_can_emulate_proto);
DECLARE_STATIC_CALL(nptb_sc_madvise, do_madvise);
DECLARE_STATIC_CALL(nptb_sc_walk, walk_page_range);
DECLARE_STATIC_CALL(nptb_sc_lru_drain, lru_add_drain);
DECLARE_STATIC_CALL(nptb_sc_lru_drain_all, lru_add_drain_all);

#endif /* NPTB_X86_SYMBOLS_H */
