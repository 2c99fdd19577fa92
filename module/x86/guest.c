// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking into a guest: segment registers, and memory from its vCPU's thread or
 * from anybody's. Nothing here waits for user space.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "backend.h"
#include "x86/symbols.h"

static const u8 registers[] = {
	[NPTB_SEG_ES] = VCPU_SREG_ES, [NPTB_SEG_CS] = VCPU_SREG_CS,
	[NPTB_SEG_SS] = VCPU_SREG_SS, [NPTB_SEG_DS] = VCPU_SREG_DS,
	[NPTB_SEG_FS] = VCPU_SREG_FS, [NPTB_SEG_GS] = VCPU_SREG_GS,
	[NPTB_SEG_LDTR] = VCPU_SREG_LDTR, [NPTB_SEG_TR] = VCPU_SREG_TR,
};

static void take_segment(struct kvm_vcpu *vcpu, int nr, struct nptb_segment *seg)
{
	struct kvm_segment var;

	static_call(nptb_sc_get_segment)(vcpu, &var, nr);
	*seg = (struct nptb_segment){
		.base = var.base,
		.limit = var.limit,
		.selector = var.selector,
		.attr = (var.type & 15) | (var.s & 1) << 4 | (var.dpl & 3) << 5 |
			(var.present & 1) << 7 | (var.avl & 1) << 8 |
			(var.l & 1) << 9 | (var.db & 1) << 10 | (var.g & 1) << 11,
	};
}

static void take_table(const struct desc_ptr *dt, struct nptb_segment *seg)
{
	*seg = (struct nptb_segment){ .base = dt->address, .limit = dt->size };
}

void nptb_kvm_machine(struct kvm_vcpu *vcpu, struct nptb_machine *machine)
{
	struct desc_ptr dt;
	int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		take_segment(vcpu, registers[i], &machine->seg[i]);
	static_call(nptb_sc_get_idt)(vcpu, &dt);
	take_table(&dt, &machine->seg[NPTB_SEG_IDTR]);
	static_call(nptb_sc_get_gdt)(vcpu, &dt);
	take_table(&dt, &machine->seg[NPTB_SEG_GDTR]);
	machine->cpl = static_call(nptb_sc_get_cpl)(vcpu);
}

bool nptb_kvm_read(void *ctx, u64 gpa, void *buf, u32 len)
{
	return !static_call(nptb_sc_read_guest)(ctx, gpa, buf, len);
}

/* A page of another process, if it is in memory; nothing is faulted in. */
static struct page *page_of(struct mm_struct *mm, unsigned long hva)
{
	struct page *page;
	long got;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	got = get_user_pages_remote(mm, hva, 1, FOLL_NOFAULT, &page, NULL);
#else
	/* 6.1 can tell the areas as well. */
	got = get_user_pages_remote(mm, hva, 1, FOLL_NOFAULT, &page, NULL, NULL);
#endif
	return got == 1 ? page : NULL;
}

static bool peek(struct mm_struct *mm, unsigned long hva, void *buf, u32 len)
{
	struct page *page;

	if (mmap_read_lock_killable(mm))
		return false;
	page = page_of(mm, hva & PAGE_MASK);
	mmap_read_unlock(mm);
	if (!page)
		return false;
	memcpy_from_page(buf, page, offset_in_page(hva), len);
	put_page(page);
	return true;
}

bool nptb_kvm_peek(struct kvm *kvm, u32 as, u64 gpa, void *buf, u32 len)
{
	struct kvm_memory_slot *slot;
	unsigned long hva = 0;
	bool done;
	int idx;

	if (as >= ARRAY_SIZE(kvm->memslots))
		return false;
	idx = srcu_read_lock(&kvm->srcu);
	slot = __gfn_to_memslot(__kvm_memslots(kvm, as), gpa_to_gfn(gpa));
	if (slot && !(slot->flags & KVM_MEMSLOT_INVALID))
		hva = __gfn_to_hva_memslot(slot, gpa_to_gfn(gpa)) +
		      offset_in_page(gpa);
	srcu_read_unlock(&kvm->srcu, idx);
	if (!hva || !mmget_not_zero(kvm->mm))
		return false;
	done = peek(kvm->mm, hva, buf, len);
	/* Should this be the last, the rest is not done in our caller's locks. */
	mmput_async(kvm->mm);
	return done;
}
