/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What we know of KVM's private structs: as much as it takes to find the leaves
 * of a frame. Compared with BTF at load. For x86/mmu.c, x86/zap.c and
 * x86/prototypes.c alone.
 */
#ifndef NPTB_X86_MMU_PAGE_H
#define NPTB_X86_MMU_PAGE_H

#include <linux/kvm_host.h>

/**
 * struct nptb_mmu_page - the beginning of KVM's struct kvm_mmu_page
 * @link: in kvm->arch.tdp_mmu_roots, where it is a root of the TDP MMU
 * @hash_link: not ours
 * @flags: not ours
 * @role: level of the table, and address space
 * @gfn: not ours
 * @spt: its 512 entries
 */
struct nptb_mmu_page {
	struct list_head link;
	struct hlist_node hash_link;
	u8 flags[4];
	union kvm_mmu_page_role role;
	gfn_t gfn;
	u64 *spt;
};

#endif /* NPTB_X86_MMU_PAGE_H */
