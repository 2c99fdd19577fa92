/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What we know of KVM's private structs: as much as it takes to find the leaves
 * of a frame. Compared with BTF at load. For x86/mmu.c, x86/zap.c, x86/prototypes.c
 * and arch/young.h alone.
 */
#ifndef NPTB_X86_ARCH_MMU_PAGE_H
#define NPTB_X86_ARCH_MMU_PAGE_H

#include <linux/kvm_host.h>
#include <linux/mm.h>

#include "set/policy.h"

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

/* KVM's own mark of entries that are present, the same in all series: mmu/spte.h. */
#define NPTB_SPTE_PRESENT	BIT_ULL(11)
/* A leaf above 4 KiB, in nested and shadow page tables. */
#define NPTB_SPTE_HUGE		BIT_ULL(7)

/* The entry that a frame has in a table of @level. */
static __always_inline u64 *nptb_entry_of(u64 *table, u64 gfn, int level)
{
	return &table[(gfn >> (9 * (level - 1))) & 511];
}

/*
 * From a table of @level to the one below. @frame: %PTE_PFN_MASK.
 * Return: false where there is none: then @spte ends the search.
 */
static __always_inline bool nptb_step_down(u64 **table, u64 gfn, int level, u64 frame,
					   u64 **at, u64 *spte)
{
	*at = nptb_entry_of(*table, gfn, level);
	*spte = READ_ONCE(**at);
	if ((*spte & (NPTB_SPTE_PRESENT | NPTB_SPTE_HUGE)) != NPTB_SPTE_PRESENT)
		return false;
	*table = __va(*spte & frame);
	return true;
}

/* The same from a table above those that may have leaves: of 512 GiB there is none. */
static __always_inline bool nptb_step_from_top(u64 **table, u64 gfn, int level, u64 frame,
					       u64 **at, u64 *spte)
{
	*at = nptb_entry_of(*table, gfn, level);
	*spte = READ_ONCE(**at);
	if (!(*spte & NPTB_SPTE_PRESENT))
		return false;
	*table = __va(*spte & frame);
	return true;
}

/**
 * nptb_find_entry() - look for the leaf of a frame
 * @table: page table, under a root or the root's own
 * @level: of it
 * @gfn: the frame
 * @at: set to where the entry is, or the one that ends the search
 *
 * Context: tables are freed behind readers of RCU, and behind mmu_lock.
 * Return: the entry; 0 where there is no leaf.
 */
static __always_inline u64 nptb_find_entry(u64 *table, int level, u64 gfn, u64 **at)
{
	const u64 frame = PTE_PFN_MASK;
	u64 spte;

	/* Written out: a loop would cost as much again. */
	switch (level) {
	case 5:
		if (!nptb_step_from_top(&table, gfn, 5, frame, at, &spte))
			break;
		fallthrough;
	case 4:
		if (!nptb_step_from_top(&table, gfn, 4, frame, at, &spte))
			break;
		fallthrough;
	case 3:
		if (!nptb_step_down(&table, gfn, 3, frame, at, &spte))
			break;
		fallthrough;
	case 2:
		if (!nptb_step_down(&table, gfn, 2, frame, at, &spte))
			break;
		fallthrough;
	default:
		*at = nptb_entry_of(table, gfn, 1);
		spte = READ_ONCE(**at);
	}
	return spte & NPTB_SPTE_PRESENT ? spte : 0;
}

/* The page table that an entry is in: KVM keeps it in its struct page. */
static inline struct nptb_mmu_page *nptb_table_of(const u64 *entry)
{
	return (void *)page_private(virt_to_page(entry));
}

/*
 * Is the first root of the TDP MMU the only one, and of a frame's address space? Of nearly
 * all VMs it is: what is done for it is written out, without a loop.
 */
static __always_inline bool nptb_is_only_root(struct kvm *kvm,
					      const struct nptb_mmu_page *root, u64 key)
{
	const struct list_head *roots = &kvm->arch.tdp_mmu_roots;

	return likely(&root->link != roots) && likely(READ_ONCE(root->link.next) == roots) &&
	       likely(root->role.smm == nptb_key_as(key));
}

static __always_inline struct nptb_mmu_page *nptb_first_root(struct kvm *kvm)
{
	return list_entry(READ_ONCE(kvm->arch.tdp_mmu_roots.next), struct nptb_mmu_page, link);
}

#endif /* NPTB_X86_ARCH_MMU_PAGE_H */
