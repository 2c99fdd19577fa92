// SPDX-License-Identifier: GPL-2.0-only
/*
 * At load: compare the prototypes that we call KVM by with the running kernel's
 * own BTF, where it has some. A difference refuses the load.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "arch/mmu_page.h"
#include "backend.h"
#include "lib/btf.h"
#include "x86/guest_memory.h"
#include "x86/page_fault.h"
#include "x86/prototypes.h"
#include "x86/symbols.h"

/* Larger than any module's BTF. */
#define BTF_SIZE_MAX	(16 << 20)

#define VCPU	"p<kvm_vcpu>"
#define KVM	"p<kvm>"
#define EMUL	"p<x86_emulate_ctxt>"

/* What we take KVM's functions for: the letters are explained in lib/btf.c. */
static const struct {
	const char *name;
	const char *prototype;
} protos[] = {
	{ "kvm_mmu_page_fault", "i" VCPU "llpi" },
	{ "mmu_set_spte",
	  "i" VCPU "p<kvm_memory_slot>pillp<kvm_page_fault>" },
	{ "kvm_tdp_mmu_map", "i" VCPU "p<kvm_page_fault>" },
	{ "x86_emulate_instruction", "i" VCPU "lipi" },
	{ "pte_list_count", "ip<kvm_rmap_head>" },
	{ "kvm_arch_async_page_ready", "v" VCPU "p<kvm_async_pf>" },
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	{ "kvm_arch_vcpu_pre_fault_memory",
	  "l" VCPU "p<kvm_pre_fault_memory>" },
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	/* 7.3 merges leaves where older kernels zap them. */
	{ "kvm_mmu_recover_huge_pages", "v" KVM "p<kvm_memory_slot>" },
#else
	{ "kvm_mmu_zap_collapsible_sptes", "v" KVM "p<kvm_memory_slot>" },
#endif
	{ "kvm_mmu_hugepage_adjust", "v" VCPU "p<kvm_page_fault>" },
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	/* 6.1 returns an error that is always 0. */
	{ "kvm_arch_create_vm_debugfs", "v" KVM },
#else
	{ "kvm_arch_create_vm_debugfs", "i" KVM },
#endif
	{ "kvm_arch_destroy_vm", "v" KVM },
	{ "kvm_arch_vcpu_precreate", "i" KVM "i" },
	{ "kvm_zap_gfn_range", "v" KVM "ll" },
	{ "kvm_unmap_gfn_range", "b" KVM "p<kvm_gfn_range>" },
	{ "tdp_mmu_zap_leafs", "b" KVM "p<kvm_mmu_page>llbb" },
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	/* In each another: see x86/symbols.h. */
	{ "__handle_changed_spte", "i" KVM "p<kvm_mmu_page>lllib" },
#else
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	{ "handle_changed_spte", "v" KVM "illlib" },
#else
	{ "__handle_changed_spte", "v" KVM "illlib" },
#endif
#endif
	{ "kvm_age_gfn", "b" KVM "p<kvm_gfn_range>" },
	{ "kvm_flush_remote_tlbs", "v" KVM },
	{ "kvm_get_rflags", "l" VCPU },
	{ "kvm_get_linear_rip", "l" VCPU },
	{ "kvm_mmu_gva_to_gpa_system", "l" VCPU "lp<x86_exception>" },
	{ "kvm_vcpu_read_guest_atomic", "i" VCPU "lpl" },
	{ "kvm_mmu_gva_to_gpa_read", "l" VCPU "lp<x86_exception>" },
	{ "kvm_set_rflags", "v" VCPU "l" },
	{ "kvm_emulate_halt_noskip", "i" VCPU },
	{ "kvm_mmu_gva_to_gpa_write", "l" VCPU "lp<x86_exception>" },
	{ "kvm_vcpu_read_guest", "i" VCPU "lpl" },
	{ "emulator_read_emulated", "i" EMUL "lpip<x86_exception>" },
	{ "emulator_write_emulated", "i" EMUL "lpip<x86_exception>" },
	{ "emulator_cmpxchg_emulated", "i" EMUL "lppip<x86_exception>" },
	{ "kvm_fetch_guest_virt", "i" EMUL "lpip<x86_exception>" },
	{ "emulator_read_std", "i" EMUL "lpip<x86_exception>b" },
	{ "emulator_write_std", "i" EMUL "lpip<x86_exception>b" },
	{ "emulator_get_segment", "b" EMUL "pp<desc_struct>pi" },
	{ "emulator_set_segment", "v" EMUL "wp<desc_struct>ii" },
	{ "emulator_get_cached_segment_base", "l" EMUL "i" },
	{ "emulator_get_msr", "i" EMUL "ip" },
	{ "kvm_set_dr", "i" VCPU "il" },
	{ "kvm_vcpu_mark_page_dirty", "v" VCPU "l" },
};

/*
 * Read a file of sysfs whole. Not by kernel_read_file(): security modules want
 * to know from that what the contents will be used for, and warn.
 */
static int read_file(const char *path, void **data, u32 *size)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	ssize_t len = 1;
	loff_t pos = 0, end;

	if (IS_ERR(file))
		return PTR_ERR(file);
	end = i_size_read(file_inode(file));
	if (end <= 0 || end > BTF_SIZE_MAX)
		len = -EFBIG;
	else
		*data = kvmalloc(end, GFP_KERNEL);
	if (len > 0 && !*data)
		len = -ENOMEM;
	while (len > 0 && pos < end) {
		len = kernel_read(file, *data + pos, end - pos, &pos);
		if (fatal_signal_pending(current))
			len = -EINTR;
	}
	filp_close(file, NULL);
	*size = end;
	if (len < 0)
		return len;
	return pos == end ? 0 : -EIO;
}

/* Look at one blob; nptb_btf.marks are the caller's to free. */
static int index_btf(struct nptb_btf *btf, const void *data, u32 size,
		     const struct nptb_btf *base)
{
	int marks = nptb_btf_open(btf, data, size, base);

	if (marks < 0)
		return -EINVAL;
	btf->marks = kvmalloc_array(marks, sizeof(u32), GFP_KERNEL);
	if (!btf->marks)
		return -ENOMEM;
	return nptb_btf_index(btf) < 0 ? -EINVAL : 0;
}

#define MEMBER(theirs, ours, member)					\
	{ #theirs, #member, offsetof(struct ours, member) }

/* Of KVM's private structures, as far as we look into them. */
static const struct {
	const char *type;
	const char *name;
	int offset;
} members[] = {
	MEMBER(kvm_mmu_page, nptb_mmu_page, link),
	MEMBER(kvm_mmu_page, nptb_mmu_page, role),
	MEMBER(kvm_mmu_page, nptb_mmu_page, spt),
	MEMBER(kvm_page_fault, nptb_page_fault, addr),
	MEMBER(kvm_page_fault, nptb_page_fault, error_code),
	MEMBER(x86_emulate_ctxt, nptb_emul_ctxt, vcpu),
	MEMBER(x86_emulate_ctxt, nptb_emul_ctxt, ops),
	MEMBER(x86_exception, nptb_x86_exception, vector),
	MEMBER(x86_exception, nptb_x86_exception, error_code_valid),
	MEMBER(x86_exception, nptb_x86_exception, error_code),
};

static int check_members(const struct nptb_btf *kvm)
{
	int i, ret = 0;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		if (nptb_btf_member(kvm, members[i].type, members[i].name) ==
		    members[i].offset)
			continue;
		pr_err("struct %s is another on this kernel (%s); not loading\n",
		       members[i].type, members[i].name);
		ret = -ENOEXEC;
	}
	return ret;
}

/* Not known where there is no BTF: reads then map as KVM has it. */
static int map_writable = -1;

/**
 * nptb_kvm_map_writable() - where KVM keeps whether a fault may map for writing
 *
 * Return: the offset of map_writable in struct kvm_page_fault, a bool; less than 0
 * where that is not known.
 */
int nptb_kvm_map_writable(void)
{
	return map_writable;
}

static int check_all(const struct nptb_btf *kvm)
{
	int i, ret = check_members(kvm);

	map_writable = nptb_btf_member(kvm, "kvm_page_fault", "map_writable");

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		if (nptb_btf_check(kvm, protos[i].name, protos[i].prototype))
			continue;
		pr_err("%s has another prototype on this kernel; not loading\n",
		       protos[i].name);
		ret = -ENOEXEC;
	}
	return ret;
}

/**
 * nptb_kvm_check_protos() - are KVM's functions what we take them for?
 *
 * Context: at load; may sleep.
 * Return: 0, also where the kernel has no BTF to ask; -ENOEXEC with a message
 * that names the function.
 */
int nptb_kvm_check_protos(void)
{
	struct nptb_btf vmlinux = { }, kvm = { };
	const void *vmlinux_data;
	void *kvm_data = NULL;
	u32 size;
	int ret;

	/* The kernel's own is in its memory as it is, and large. */
	ret = nptb_kvm_vmlinux_btf(&vmlinux_data, &size);
	if (!ret)
		ret = index_btf(&vmlinux, vmlinux_data, size, NULL);
	if (!ret)
		ret = read_file("/sys/kernel/btf/kvm", &kvm_data, &size);
	if (!ret)
		ret = index_btf(&kvm, kvm_data, size, &vmlinux);
	if (ret) {
		pr_info("KVM's prototypes were not compared: no BTF (error %d)\n",
			ret);
		ret = 0;
	} else {
		ret = check_all(&kvm);
	}
	kvfree(kvm.marks);
	kvfree(vmlinux.marks);
	kvfree(kvm_data);
	return ret;
}
