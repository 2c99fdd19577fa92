/* SPDX-License-Identifier: GPL-2.0-only */
/* A look at an accessed bit, inline for policies that take several for a fault; of backend.h. */
#ifndef NPTB_X86_ARCH_YOUNG_H
#define NPTB_X86_ARCH_YOUNG_H

#include <linux/kvm_host.h>

#include <asm/pgtable_types.h>

#include "arch/zap.h"

/* KVM's own mark of entries that are present, the same in all series: mmu/spte.h. */
#define NPTB_SPTE_PRESENT	BIT_ULL(11)

/* The entry that a frame has in a table of @level. */
static __always_inline u64 *nptb_entry_of(u64 *table, u64 gfn, int level)
{
	return &table[(gfn >> (9 * (level - 1))) & 511];
}

/*
 * An entry is replaced only where it is as it was read, since KVM writes them meanwhile;
 * one that changes at this very moment is in use. What KVM has frozen, or marked as MMIO,
 * is not present. Return: whether it was accessed.
 */
static __always_inline bool nptb_clear_accessed(u64 *at, u64 spte)
{
	if (!(spte & _PAGE_ACCESSED))
		return false;
	cmpxchg64(at, spte, spte & ~(u64)_PAGE_ACCESSED);
	return true;
}

bool nptb_kvm_young_by_search(struct kvm *kvm, struct nptb_trail *trail, u64 key);

/**
 * nptb_kvm_young() - was a frame accessed since this was last asked?
 * @kvm: alive
 * @trail: empty, or as the last call left it, if preemption was off since
 * @key: of the frame
 *
 * The accessed bit is cleared without a flush. By the trail, where it has led to the table
 * of this frame: every other look does. A root that has come since, or dies, may have a
 * leaf of it, too: whether that was accessed is not worth a search.
 *
 * Context: preemption off; kvm->srcu held.
 * Return: true where it was.
 */
static __always_inline bool nptb_kvm_young(struct kvm *kvm, struct nptb_trail *trail, u64 key)
{
	if (trail->region == key >> 9) {
		u64 *at = nptb_entry_of(trail->table, key, 1);
		u64 spte = READ_ONCE(*at);

		if (likely(spte & NPTB_SPTE_PRESENT))
			return nptb_clear_accessed(at, spte);
	}
	return nptb_kvm_young_by_search(kvm, trail, key);
}

#endif /* NPTB_X86_ARCH_YOUNG_H */
