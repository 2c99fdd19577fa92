// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find what modules cannot link to: kallsyms_lookup_name() by a kprobe, all
 * else by kallsyms_lookup_name(). A name that is missing refuses the load.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/tracepoint-defs.h>

#include "backend.h"
#include "x86/symbols.h"

DEFINE_STATIC_CALL_NULL(nptb_sc_fault, kvm_mmu_page_fault);
DEFINE_STATIC_CALL_NULL(nptb_sc_created, nptb_create_vm_debugfs_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_destroyed, kvm_arch_destroy_vm);
DEFINE_STATIC_CALL_NULL(nptb_sc_vcpu_comes, kvm_arch_vcpu_precreate);
DEFINE_STATIC_CALL_NULL(nptb_sc_set_spte, nptb_set_spte_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_async_ready, kvm_arch_async_page_ready);
DEFINE_STATIC_CALL_NULL(nptb_sc_pre_fault, nptb_pre_fault_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emulate, x86_emulate_instruction);
DEFINE_STATIC_CALL_NULL(nptb_sc_rmap_count, nptb_rmap_count_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_zap, kvm_zap_gfn_range);
DEFINE_STATIC_CALL_NULL(nptb_sc_unmap, kvm_unmap_gfn_range);
DEFINE_STATIC_CALL_NULL(nptb_sc_zap_leafs, nptb_zap_leafs_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_changed, nptb_changed_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_age, kvm_age_gfn);
DEFINE_STATIC_CALL_NULL(nptb_sc_flush, kvm_flush_remote_tlbs);
DEFINE_STATIC_CALL_NULL(nptb_sc_flush_local, nptb_flush_local_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_rflags, kvm_get_rflags);
DEFINE_STATIC_CALL_NULL(nptb_sc_linear_rip, kvm_get_linear_rip);
DEFINE_STATIC_CALL_NULL(nptb_sc_gva_to_gpa, kvm_mmu_gva_to_gpa_system);
DEFINE_STATIC_CALL_NULL(nptb_sc_read_guest, kvm_vcpu_read_guest_atomic);
DEFINE_STATIC_CALL_NULL(nptb_sc_gva_to_gpa_read, kvm_mmu_gva_to_gpa_read);
DEFINE_STATIC_CALL_NULL(nptb_sc_gva_to_gpa_write, kvm_mmu_gva_to_gpa_write);
DEFINE_STATIC_CALL_NULL(nptb_sc_read_guest_wait, kvm_vcpu_read_guest);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_read, nptb_emul_read_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_write, nptb_emul_write_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_cmpxchg, nptb_emul_cmpxchg_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_fetch, nptb_emul_read_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_read_std, nptb_emul_std_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_write_std, nptb_emul_std_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_get_segment, nptb_emul_get_segment_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_set_segment, nptb_emul_set_segment_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_get_base, nptb_emul_get_base_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_emul_get_msr, nptb_emul_get_msr_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_set_segment, nptb_set_segment_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_set_msr, nptb_set_msr_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_set_dr, kvm_set_dr);
DEFINE_STATIC_CALL_NULL(nptb_sc_mark_dirty, kvm_vcpu_mark_page_dirty);
DEFINE_STATIC_CALL_NULL(nptb_sc_set_rflags, kvm_set_rflags);
DEFINE_STATIC_CALL_NULL(nptb_sc_halt, kvm_emulate_halt_noskip);
DEFINE_STATIC_CALL_NULL(nptb_sc_switch_fpu, switch_fpu_return);
DEFINE_STATIC_CALL_NULL(nptb_sc_get_nmi_mask, nptb_get_nmi_mask_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_set_nmi_mask, nptb_set_nmi_mask_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_set_shadow, nptb_set_interrupt_shadow_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_get_shadow, nptb_get_interrupt_shadow_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_can_emulate, nptb_can_emulate_proto);

/* Not of KVM: for backing=reclaim. */
DEFINE_STATIC_CALL_NULL(nptb_sc_madvise, do_madvise);
DEFINE_STATIC_CALL_NULL(nptb_sc_walk, walk_page_range);
DEFINE_STATIC_CALL_NULL(nptb_sc_lru_drain, lru_add_drain);
DEFINE_STATIC_CALL_NULL(nptb_sc_lru_drain_all, lru_add_drain_all);

DEFINE_STATIC_CALL_NULL(nptb_sc_get_segment, nptb_get_segment_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_get_idt, nptb_get_table_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_get_gdt, nptb_get_table_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_get_cpl, nptb_get_cpl_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_get_cs, nptb_get_cs_proto);
DEFINE_STATIC_CALL_NULL(nptb_sc_get_rflags, nptb_get_rflags_proto);

DEFINE_STATIC_CALL_NULL(nptb_sc_lookup, kallsyms_lookup_name);
DEFINE_STATIC_CALL_NULL(nptb_sc_ftrace_location, nptb_ftrace_location_proto);

struct nptb_kvm_data nptb_kvm_data;

/* Where ftrace enters handle_mm_fault(). */
static unsigned long touch_ip;

static struct {
	const char *name;
	unsigned long ip;
} hooks[NPTB_HOOK_NR] = {
	[NPTB_HOOK_VM_CREATED] = { "kvm_arch_create_vm_debugfs" },
	[NPTB_HOOK_VM_DESTROYED] = { "kvm_arch_destroy_vm" },
	[NPTB_HOOK_VCPU_COMES] = { "kvm_arch_vcpu_precreate" },
	[NPTB_HOOK_HUGEPAGE] = { "kvm_mmu_hugepage_adjust" },
	[NPTB_HOOK_MAP] = { "kvm_tdp_mmu_map" },
	[NPTB_HOOK_SET_SPTE] = { "mmu_set_spte" },
	[NPTB_HOOK_ASYNC_READY] = { "kvm_arch_async_page_ready" },
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	[NPTB_HOOK_PRE_FAULT] = { "kvm_arch_vcpu_pre_fault_memory" },
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	/* 7.3 merges leaves where older kernels zap them. */
	[NPTB_HOOK_COLLAPSE] = { "kvm_mmu_recover_huge_pages" },
#else
	[NPTB_HOOK_COLLAPSE] = { "kvm_mmu_zap_collapsible_sptes" },
#endif
	[NPTB_HOOK_FAULT] = { "kvm_mmu_page_fault" },
};

/* One call in the text: each is patched when its static call is updated. */
static noinline unsigned long lookup(const char *name)
{
	return static_call(nptb_sc_lookup)(name);
}

/**
 * nptb_symbols_begin() - be able to look symbols up
 *
 * A kprobe tells the address: kallsyms_lookup_name() is not exported. It is never
 * armed: nothing has to be patched.
 *
 * Context: once, at load.
 * Return: 0, or an error with a message.
 */
int nptb_symbols_begin(void)
{
	struct kprobe probe = {
		.symbol_name = "kallsyms_lookup_name",
		.flags = KPROBE_FLAG_DISABLED,
	};
	unsigned long found, canonical;
	int ret;

	ret = register_kprobe(&probe);
	if (ret) {
		pr_err("cannot find kallsyms_lookup_name: kprobe failed with %d; is CONFIG_KPROBES on and lockdown off?\n",
		       ret);
		return ret;
	}
	found = (unsigned long)probe.addr;
	unregister_kprobe(&probe);

	/*
	 * Where functions begin with ENDBR the kprobe sits behind it. A direct
	 * call to there does no harm, and kallsyms then names the beginning.
	 */
	static_call_update(nptb_sc_lookup,
			   (unsigned long (*)(const char *))found);
	canonical = lookup(probe.symbol_name);
	if (found - canonical > 4) {
		pr_err("kallsyms_lookup_name is at %lx by kprobe, but at %lx by itself; not loading\n",
		       found, canonical);
		return -ENOENT;
	}
	if (canonical != found)
		static_call_update(nptb_sc_lookup,
				   (unsigned long (*)(const char *))canonical);
	return 0;
}

/**
 * nptb_symbol() - the address of a symbol
 * @name: as in the kernel's symbol table
 *
 * Return: 0 with a message where there is none.
 */
unsigned long nptb_symbol(const char *name)
{
	unsigned long addr = lookup(name);

	if (!addr)
		pr_err("this kernel has no symbol %s; is kvm loaded, and is this kernel one of 6.1, 6.12, 7.3?\n",
		       name);
	return addr;
}

/**
 * nptb_kvm_vmlinux_btf() - what the kernel, without its modules, says of itself
 * @data: BTF, the kernel's own and never freed
 * @size: in bytes
 *
 * Return: 0, or -ENOENT where it was built without.
 */
int nptb_kvm_vmlinux_btf(const void **data, u32 *size)
{
	unsigned long start = lookup("__start_BTF"), stop = lookup("__stop_BTF");

	if (!start || stop <= start)
		return -ENOENT;
	*data = (const void *)start;
	*size = stop - start;
	return 0;
}

#define FIND_DATA(field, name)						\
({									\
	nptb_kvm_data.field = (void *)nptb_symbol(name);			\
	!!nptb_kvm_data.field;						\
})

static bool find_calls(void)
{
	return FIND_CALL(nptb_sc_ftrace_location, "ftrace_location") &&
	       FIND_CALL(nptb_sc_emulate, "x86_emulate_instruction") &&
	       FIND_CALL(nptb_sc_rmap_count, "pte_list_count") &&
	       FIND_CALL(nptb_sc_zap, "kvm_zap_gfn_range") &&
	       FIND_CALL(nptb_sc_unmap, "kvm_unmap_gfn_range") &&
	       FIND_CALL(nptb_sc_zap_leafs, "tdp_mmu_zap_leafs") &&
	       FIND_CALL(nptb_sc_changed, NPTB_CHANGED) &&
	       FIND_CALL(nptb_sc_age, "kvm_age_gfn") &&
	       FIND_CALL(nptb_sc_flush, "kvm_flush_remote_tlbs") &&
	       FIND_CALL(nptb_sc_rflags, "kvm_get_rflags") &&
	       FIND_CALL(nptb_sc_linear_rip, "kvm_get_linear_rip") &&
	       FIND_CALL(nptb_sc_gva_to_gpa, "kvm_mmu_gva_to_gpa_system") &&
	       FIND_CALL(nptb_sc_read_guest, "kvm_vcpu_read_guest_atomic");
}

/* The vendor module's functions, by KVM's own trampolines to them. */
static bool find_callbacks(void)
{
	return FIND_CALL(nptb_sc_get_segment, "__SCT__kvm_x86_get_segment") &&
	       FIND_CALL(nptb_sc_get_idt, "__SCT__kvm_x86_get_idt") &&
	       FIND_CALL(nptb_sc_get_gdt, "__SCT__kvm_x86_get_gdt") &&
	       FIND_CALL(nptb_sc_get_cpl, "__SCT__kvm_x86_get_cpl") &&
	       FIND_CALL(nptb_sc_get_cs, "__SCT__kvm_x86_get_cs_db_l_bits") &&
	       FIND_CALL(nptb_sc_get_rflags, "__SCT__kvm_x86_get_rflags") &&
	       FIND_CALL(nptb_sc_get_nmi_mask, "__SCT__kvm_x86_get_nmi_mask") &&
	       FIND_CALL(nptb_sc_set_shadow,
			 "__SCT__kvm_x86_set_interrupt_shadow") &&
	       FIND_CALL(nptb_sc_get_shadow,
			 "__SCT__kvm_x86_get_interrupt_shadow");
}

/* What on_loop=emulate and on_loop=strict need. */
static bool find_emulation(void)
{
	return FIND_CALL(nptb_sc_emul_get_msr, "emulator_get_msr") &&
	       FIND_CALL(nptb_sc_emul_get_segment, "emulator_get_segment") &&
	       FIND_CALL(nptb_sc_emul_set_segment, "emulator_set_segment") &&
	       FIND_CALL(nptb_sc_emul_get_base, "emulator_get_cached_segment_base") &&
	       FIND_CALL(nptb_sc_set_segment, "__SCT__kvm_x86_set_segment") &&
	       FIND_CALL(nptb_sc_set_nmi_mask, "__SCT__kvm_x86_set_nmi_mask") &&
	       FIND_CALL(nptb_sc_set_msr, "__SCT__kvm_x86_set_msr") &&
	       FIND_CALL(nptb_sc_set_dr, "kvm_set_dr") &&
	       FIND_CALL(nptb_sc_mark_dirty, "kvm_vcpu_mark_page_dirty") &&
	       FIND_CALL(nptb_sc_set_rflags, "kvm_set_rflags") &&
	       FIND_CALL(nptb_sc_halt, "kvm_emulate_halt_noskip") &&
	       FIND_CALL(nptb_sc_switch_fpu, "switch_fpu_return") &&
	       FIND_CALL(nptb_sc_gva_to_gpa_read, "kvm_mmu_gva_to_gpa_read") &&
	       FIND_CALL(nptb_sc_gva_to_gpa_write, "kvm_mmu_gva_to_gpa_write") &&
	       FIND_CALL(nptb_sc_read_guest_wait, "kvm_vcpu_read_guest") &&
	       FIND_CALL(nptb_sc_emul_read, "emulator_read_emulated") &&
	       FIND_CALL(nptb_sc_emul_write, "emulator_write_emulated") &&
	       FIND_CALL(nptb_sc_emul_cmpxchg, "emulator_cmpxchg_emulated") &&
	       FIND_CALL(nptb_sc_emul_fetch, "kvm_fetch_guest_virt") &&
	       FIND_CALL(nptb_sc_emul_read_std, "emulator_read_std") &&
	       FIND_CALL(nptb_sc_emul_write_std, "emulator_write_std");
}

/* What backing=reclaim needs: of the host's memory management, not of KVM. */
static bool find_host(void)
{
	unsigned long addr = nptb_symbol("handle_mm_fault");

	touch_ip = addr ? static_call(nptb_sc_ftrace_location)(addr) : 0;
	return touch_ip && FIND_CALL(nptb_sc_madvise, "do_madvise") &&
	       FIND_CALL(nptb_sc_walk, "walk_page_range") &&
	       FIND_CALL(nptb_sc_lru_drain, "lru_add_drain") &&
	       FIND_CALL(nptb_sc_lru_drain_all, "lru_add_drain_all");
}

/* Is it recorded what KVM is told of leaves that go? 7.3 is always told, see x86/zap.c. */
static bool find_tracepoint(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	struct tracepoint *tp = (void *)nptb_symbol("__tracepoint_kvm_tdp_mmu_spte_changed");

	if (!tp)
		return false;
	nptb_kvm_data.changed_traced = &tp->key;
#endif
	return true;
}

static bool find_data(void)
{
	if (!FIND_DATA(vm_list, "vm_list") || !FIND_DATA(lock, "kvm_lock"))
		return false;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	/* 6.1 keeps it in struct kvm_arch. */
	if (!FIND_DATA(tdp_mmu_enabled, "tdp_mmu_enabled"))
		return false;
#endif
	return find_tracepoint();
}

/* Where ftrace enters each function that we redirect. */
static bool find_hooks(void)
{
	int i;

	for (i = 0; i < NPTB_HOOK_NR; i++) {
		unsigned long addr = nptb_symbol(hooks[i].name);

		if (!addr)
			return false;
		hooks[i].ip = static_call(nptb_sc_ftrace_location)(addr);
		if (!hooks[i].ip) {
			pr_err("ftrace cannot hook %s on this kernel\n",
			       hooks[i].name);
			return false;
		}
	}
	return true;
}

#define AIM(call, hook)							\
	static_call_update(call, (typeof(&STATIC_CALL_TRAMP(call)))	\
			   (hooks[hook].ip + MCOUNT_INSN_SIZE))

/*
 * Enter the originals past the call to ftrace: no second trip through it, and
 * no recursion. All start with ENDBR, if any, and the call.
 */
static void aim_originals(void)
{
	AIM(nptb_sc_fault, NPTB_HOOK_FAULT);
	AIM(nptb_sc_set_spte, NPTB_HOOK_SET_SPTE);
	AIM(nptb_sc_async_ready, NPTB_HOOK_ASYNC_READY);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	AIM(nptb_sc_pre_fault, NPTB_HOOK_PRE_FAULT);
#endif
	AIM(nptb_sc_created, NPTB_HOOK_VM_CREATED);
	AIM(nptb_sc_destroyed, NPTB_HOOK_VM_DESTROYED);
	AIM(nptb_sc_vcpu_comes, NPTB_HOOK_VCPU_COMES);
}

/**
 * nptb_symbols_find() - find all of KVM that we need, but for what vendors differ in
 *
 * Context: once, at load, after nptb_symbols_begin().
 * Return: false with a message that names what is missing.
 */
bool nptb_symbols_find(void)
{
	if (!find_calls() || !find_callbacks() || !find_emulation() || !find_host() ||
	    !find_data() || !find_hooks())
		return false;
	aim_originals();
	return true;
}

/**
 * nptb_kvm_hook_ip() - where ftrace enters a function that we redirect
 * @hook: which
 *
 * Return: the address of its call to ftrace.
 */
unsigned long nptb_kvm_hook_ip(enum nptb_kvm_hook hook)
{
	return hooks[hook].ip;
}

/**
 * nptb_kvm_hook_name() - the name of a function that we redirect
 * @hook: which
 *
 * Return: as in the kernel's symbol table.
 */
const char *nptb_kvm_hook_name(enum nptb_kvm_hook hook)
{
	return hooks[hook].name;
}

/* Where ftrace enters handle_mm_fault(): the address of its call. */
unsigned long nptb_touch_ip(void)
{
	return touch_ip;
}
