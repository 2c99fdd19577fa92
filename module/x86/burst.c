// SPDX-License-Identifier: GPL-2.0-only
/* Translations of a burst, and guest memory by them; see x86/burst.h. */
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <asm/apicdef.h>

#include "emulator.h"
#include "x86/burst.h"
#include "x86/segments.h"
#include "x86/symbols.h"

/**
 * nptb_kvm_burst_forget() - what was known of the guest's tables may be wrong now
 * @burst: begun
 */
void nptb_kvm_burst_forget(struct nptb_burst *burst)
{
	int i, j;

	burst->fetched = NPTB_BURST_NONE;
	nptb_segments_forget(burst);
	for (i = 0; i < NPTB_BURST_NR; i++)
		for (j = 0; j < NPTB_BURST_PAGES; j++)
			burst->pages[i][j].linear = NPTB_BURST_NONE;
}

/**
 * nptb_burst_changed() - the slow part of nptb_burst_look()
 * @burst: whose context is another one now
 * @ac: RFLAGS.AC, where that matters
 */
void nptb_burst_changed(struct nptb_burst *burst, u64 ac)
{
	struct kvm_vcpu *vcpu = burst->vcpu;

	burst->context = (struct nptb_burst_context){
		.cr0 = vcpu->arch.cr0, .cr3 = vcpu->arch.cr3, .cr4 = vcpu->arch.cr4,
		.efer = vcpu->arch.efer, .invlpg = vcpu->stat.invlpg, .ac = ac,
	};
	nptb_kvm_burst_forget(burst);
}

/*
 * Where the host has a page, or 0 where an access to it is KVM's to make: a device, the
 * APIC, what is read-only; a write that is logged, or of which KVM wants to know, for
 * the tables of a guest may be there.
 */
static unsigned long address_of(struct kvm_vcpu *vcpu, gpa_t gpa, bool write)
{
	struct kvm_memory_slot *slot;

	if (gpa == INVALID_GPA || (gpa & PAGE_MASK) == APIC_DEFAULT_PHYS_BASE)
		return 0;
	slot = __gfn_to_memslot(kvm_vcpu_memslots(vcpu), gpa_to_gfn(gpa));
	if (!slot || slot->flags & KVM_MEMSLOT_INVALID)
		return 0;
	if (write && (slot->flags & (KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES) ||
		      nptb_kvm_tracks_writes(vcpu)))
		return 0;
	return __gfn_to_hva_memslot(slot, gpa_to_gfn(gpa));
}

/* Code is never waited for: the emulator does that. What faults is KVM's to tell. */
static gpa_t translate(struct kvm_vcpu *vcpu, enum nptb_burst_access access, u64 page)
{
	gpa_t gpa;

	switch (access) {
	case NPTB_BURST_READ:
		return static_call(nptb_sc_gva_to_gpa_read)(vcpu, page, NULL);
	case NPTB_BURST_WRITE:
		return static_call(nptb_sc_gva_to_gpa_write)(vcpu, page, NULL);
	default:
		pagefault_disable();
		gpa = static_call(nptb_sc_gva_to_gpa)(vcpu, page, NULL);
		pagefault_enable();
		return gpa;
	}
}

static __always_inline struct nptb_burst_page *
entry_of(struct nptb_burst *burst, enum nptb_burst_access access, u64 page)
{
	return &burst->pages[access][page >> PAGE_SHIFT & (NPTB_BURST_PAGES - 1)];
}

/* Return: false where an access to the page is KVM's to make. */
static noinline bool fill(struct nptb_burst *burst, struct nptb_burst_page *entry,
			  enum nptb_burst_access access, u64 page)
{
	entry->linear = NPTB_BURST_NONE;
	entry->hva = address_of(burst->vcpu, translate(burst->vcpu, access, page),
				access == NPTB_BURST_WRITE);
	if (!entry->hva)
		return false;
	entry->linear = page;
	return true;
}

/* Where the host has the bytes, or 0. */
static unsigned long find(struct nptb_burst *burst, enum nptb_burst_access access,
			  u64 linear, u32 bytes)
{
	u64 page = linear & PAGE_MASK;
	struct nptb_burst_page *entry = entry_of(burst, access, page);

	if (offset_in_page(linear) + bytes > PAGE_SIZE)
		return 0;
	if (unlikely(entry->linear != page) && !fill(burst, entry, access, page))
		return 0;
	return entry->hva + offset_in_page(linear);
}

/* Return: false where they are not in host memory right now. */
static __always_inline bool read_two(unsigned long hva, u64 *first, u64 *last)
{
	const u64 __user *at = (const u64 __user *)hva;
	const u64 __user *end = (const u64 __user *)(hva + NPTB_FETCH_MAX - 8);

	if (!user_read_access_begin(at, NPTB_FETCH_MAX))
		return false;
	unsafe_get_user(*first, at, failed);
	unsafe_get_user(*last, end, failed);
	user_read_access_end();
	return true;
failed:
	user_read_access_end();
	return false;
}

/* Up to 15 bytes, not waited for: mostly they are 15. */
static __always_inline bool copy_code(u8 *insn, unsigned long hva, u32 len)
{
	u64 first, last;
	bool ok;

	pagefault_disable();
	if (likely(len == NPTB_FETCH_MAX)) {
		ok = read_two(hva, &first, &last);
		if (likely(ok)) {
			memcpy(insn, &first, 8);
			memcpy(insn + NPTB_FETCH_MAX - 8, &last, 8);
		}
	} else {
		ok = !__copy_from_user_inatomic(insn, (const void __user *)hva, len);
	}
	pagefault_enable();
	return ok;
}

/**
 * nptb_burst_fetch() - read the instruction at RIP, where that is cheap
 * @burst: after nptb_burst_look()
 * @insn: for NPTB_FETCH_MAX bytes
 *
 * The emulator itself fetches the first instruction in a page: it checks the
 * guest's rights, sets accessed bits and raises the fault that there may be. That
 * the burst went on from there, in the same page and context, shows that the
 * guest may execute it. The bytes are read anew each time: a guest may write to
 * its code.
 *
 * Context: the vCPU's thread; kvm->srcu held.
 * Return: bytes read, up to the end of the page; 0 leaves all to the emulator.
 */
u32 nptb_burst_fetch(struct nptb_burst *burst, u8 *insn)
{
	u64 linear = nptb_kvm_rip(burst->vcpu), page = linear & PAGE_MASK;
	struct nptb_burst_page *entry = entry_of(burst, NPTB_BURST_FETCH, page);
	u32 len = min_t(u32, NPTB_FETCH_MAX, PAGE_SIZE - offset_in_page(linear));

	if (unlikely(!nptb_segments_flat(burst))) {
		burst->fetched = NPTB_BURST_NONE;
		return 0;
	}
	if (unlikely(entry->linear != page)) {
		if (burst->fetched != page) {
			burst->fetched = page;
			return 0;
		}
		if (!fill(burst, entry, NPTB_BURST_FETCH, page))
			return 0;
	}
	return copy_code(insn, entry->hva + offset_in_page(linear), len) ? len : 0;
}

/**
 * nptb_burst_read() - read guest memory, where that is cheap
 * @burst: in an instruction
 * @linear: linear address
 * @val: for the bytes
 * @bytes: how many
 *
 * Up to 8 bytes come in one piece, if they are aligned, as from a CPU.
 *
 * Context: the vCPU's thread; may sleep; kvm->srcu held.
 * Return: false leaves all to KVM.
 */
bool nptb_burst_read(struct nptb_burst *burst, u64 linear, void *val, u32 bytes)
{
	unsigned long hva;

	/* A device has answered: KVM has that. */
	if (unlikely(burst->vcpu->mmio_read_completed))
		return false;
	hva = find(burst, NPTB_BURST_READ, linear, bytes);
	if (!hva)
		return false;
	switch (bytes) {
	case 1:
		return !__get_user(*(u8 *)val, (u8 __user *)hva);
	case 2:
		return !__get_user(*(u16 *)val, (u16 __user *)hva);
	case 4:
		return !__get_user(*(u32 *)val, (u32 __user *)hva);
	case 8:
		return !__get_user(*(u64 *)val, (u64 __user *)hva);
	default:
		return !__copy_from_user(val, (const void __user *)hva, bytes);
	}
}

/* As nptb_burst_read(). */
bool nptb_burst_write(struct nptb_burst *burst, u64 linear, const void *val, u32 bytes)
{
	unsigned long hva = find(burst, NPTB_BURST_WRITE, linear, bytes);

	if (!hva)
		return false;
	switch (bytes) {
	case 1:
		return !__put_user(*(u8 *)val, (u8 __user *)hva);
	case 2:
		return !__put_user(*(u16 *)val, (u16 __user *)hva);
	case 4:
		return !__put_user(*(u32 *)val, (u32 __user *)hva);
	case 8:
		return !__put_user(*(u64 *)val, (u64 __user *)hva);
	default:
		return !__copy_to_user((void __user *)hva, val, bytes);
	}
}
