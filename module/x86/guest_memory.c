// SPDX-License-Identifier: GPL-2.0-only
/* Guest memory, as KVM's emulator reads and writes it for us; see guest_memory.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/uaccess.h>
#include <asm/apicdef.h>

#include "cpu.h"
#include "x86/burst.h"
#include "x86/guest_memory.h"
#include "x86/segments.h"
#include "x86/soft/soft.h"
#include "x86/symbols.h"

/* Error code of a #PF, bit 0: the page is present. APM volume 2, section 8.4.2. */
#define PF_PRESENT	BIT(0)

/* KVM's table of the emulator's functions, and the same with some of ours. */
static const void *kvm_ops __ro_after_init;
static unsigned long ops[NPTB_EMUL_OPS] __ro_after_init;

/*
 * Is there guest memory, as far as the VMM said? A slot that is just being moved
 * counts: on the CPU its fault comes again. The APIC's page is KVM's, whatever is
 * there, and a write to a read-only slot is for the VMM to see.
 */
static bool is_memory(struct kvm_vcpu *vcpu, gpa_t gpa, bool write)
{
	struct kvm_memory_slot *slot;

	if ((gpa & PAGE_MASK) == APIC_DEFAULT_PHYS_BASE)
		return false;
	slot = __gfn_to_memslot(kvm_vcpu_memslots(vcpu), gpa_to_gfn(gpa));
	return slot && !(write && slot->flags & KVM_MEM_READONLY);
}

/* The host lets nobody write there, or the slot is on its way. */
static bool unwritable(struct kvm_vcpu *vcpu, gpa_t gpa, u32 len)
{
	struct kvm_memory_slot *slot =
		__gfn_to_memslot(kvm_vcpu_memslots(vcpu), gpa_to_gfn(gpa));
	unsigned long hva;

	if (!slot || slot->flags & KVM_MEMSLOT_INVALID)
		return true;
	hva = __gfn_to_hva_memslot(slot, gpa_to_gfn(gpa)) + offset_in_page(gpa);
	return fault_in_safe_writeable((const char __user *)hva, len);
}

/*
 * After an access that left part of itself to the VMM: was it memory?
 *
 * Return: what the emulator is to be told; @rc where all is as KVM has it.
 */
static int check(struct kvm_vcpu *vcpu, bool write, int rc)
{
	int i;

	for (i = 0; i < vcpu->mmio_nr_fragments; i++) {
		if (!is_memory(vcpu, vcpu->mmio_fragments[i].gpa, write))
			continue;
		vcpu->mmio_nr_fragments = 0;
		vcpu->mmio_needed = 0;
		return NPTB_EMUL_UNHANDLEABLE;
	}
	return rc;
}

/*
 * KVM writes to the first of two pages before it looks at the second. Should
 * that fail, the instruction is run again, on memory that it has changed.
 */
static int may_write(struct kvm_vcpu *vcpu, unsigned long addr, u32 bytes,
		     struct x86_exception *exception)
{
	u32 first = PAGE_SIZE - offset_in_page(addr), len = first, done;
	gpa_t gpa;

	if (likely(bytes <= first))
		return NPTB_EMUL_CONTINUE;
	for (done = 0; done < bytes; done += len, len = bytes - first) {
		unsigned long at = addr + done;

		if (!nptb_kvm_long_mode(vcpu))
			at = (u32)at;
		gpa = static_call(nptb_sc_gva_to_gpa_write)(vcpu, at, exception);
		if (gpa == INVALID_GPA)
			return NPTB_EMUL_PROPAGATE_FAULT;
		if (is_memory(vcpu, gpa, true) && unwritable(vcpu, gpa, len))
			return NPTB_EMUL_UNHANDLEABLE;
	}
	return NPTB_EMUL_CONTINUE;
}

static int read_emulated(struct nptb_emul_ctxt *ctxt, unsigned long addr,
			 void *val, unsigned int bytes,
			 struct x86_exception *exception)
{
	int rc;

	if (likely(nptb_burst_read(nptb_burst_of(ctxt), addr, val, bytes)))
		return NPTB_EMUL_CONTINUE;
	ctxt->vcpu->mmio_nr_fragments = 0;
	rc = static_call(nptb_sc_emul_read)(ctxt, addr, val, bytes, exception);
	return check(ctxt->vcpu, false, rc);
}

static int write_emulated(struct nptb_emul_ctxt *ctxt, unsigned long addr,
			  const void *val, unsigned int bytes,
			  struct x86_exception *exception)
{
	int rc;

	if (likely(nptb_burst_write(nptb_burst_of(ctxt), addr, val, bytes)))
		return NPTB_EMUL_CONTINUE;
	rc = may_write(ctxt->vcpu, addr, bytes, exception);
	if (rc != NPTB_EMUL_CONTINUE)
		return rc;
	ctxt->vcpu->mmio_nr_fragments = 0;
	rc = static_call(nptb_sc_emul_write)(ctxt, addr, val, bytes, exception);
	return check(ctxt->vcpu, true, rc);
}

static int cmpxchg_emulated(struct nptb_emul_ctxt *ctxt, unsigned long addr,
			    const void *old, const void *new, unsigned int bytes,
			    struct x86_exception *exception)
{
	int rc = may_write(ctxt->vcpu, addr, bytes, exception);

	if (rc != NPTB_EMUL_CONTINUE)
		return rc;
	ctxt->vcpu->mmio_nr_fragments = 0;
	rc = static_call(nptb_sc_emul_cmpxchg)(ctxt, addr, old, new, bytes,
					       exception);
	nptb_burst_of(ctxt)->lost |= rc == NPTB_EMUL_CMPXCHG_FAILED;
	return check(ctxt->vcpu, true, rc);
}

static int write_std(struct nptb_emul_ctxt *ctxt, unsigned long addr, void *val,
		     unsigned int bytes, struct x86_exception *exception,
		     bool system)
{
	int rc = may_write(ctxt->vcpu, addr, bytes, exception);

	if (rc != NPTB_EMUL_CONTINUE)
		return rc;
	return static_call(nptb_sc_emul_write_std)(ctxt, addr, val, bytes,
						   exception, system);
}

static const struct nptb_replaced replaced[] = {
	{ "emulator_read_emulated", read_emulated },
	{ "emulator_write_emulated", write_emulated },
	{ "emulator_cmpxchg_emulated", cmpxchg_emulated },
	{ "emulator_write_std", write_std },
	{ }
};

/* Put ours in the place of KVM's, wherever in the table that is. */
static bool replace(unsigned long theirs, unsigned long ours)
{
	int i;

	for (i = 0; i < NPTB_EMUL_OPS; i++) {
		if (ops[i] != theirs)
			continue;
		ops[i] = ours;
		return true;
	}
	return false;
}

static bool replace_all(const struct nptb_replaced *r)
{
	for (; r->name; r++) {
		unsigned long theirs = nptb_symbol(r->name);

		if (theirs && replace(theirs, (unsigned long)r->ours))
			continue;
		pr_err("KVM's emulator does not use %s on this kernel; not loading\n",
		       r->name);
		return false;
	}
	return true;
}

/**
 * nptb_kvm_memory_init() - make the table of functions that the emulator is lent
 *
 * Context: once, at load.
 * Return: false, with a message, where KVM's table is not as expected.
 */
bool nptb_kvm_memory_init(void)
{
	kvm_ops = (const void *)nptb_symbol("emulate_ops");
	/* What lies behind the table is copied along, and never looked at. */
	if (!kvm_ops || copy_from_kernel_nofault(ops, kvm_ops, sizeof(ops)))
		return false;
	return replace_all(replaced) && replace_all(nptb_segments_replaced);
}

/* Private to KVM: asked again each time whether it is what we take it for. */
static struct nptb_emul_ctxt *ctxt_of(struct kvm_vcpu *vcpu)
{
	return (void *)vcpu->arch.emulate_ctxt;
}

/* The emulator's functions for a burst. */
void nptb_kvm_memory_ops(struct nptb_burst *burst)
{
	memcpy(burst->ops, ops, sizeof(ops));
}

/**
 * nptb_kvm_memory_begin() - from here on the emulator does not mistake memory
 * @burst: of a vCPU that is about to be emulated for us; its own thread
 *
 * Return: false where its emulator is not as expected: it must not be used.
 */
bool nptb_kvm_memory_begin(struct nptb_burst *burst)
{
	struct nptb_emul_ctxt *ctxt = ctxt_of(burst->vcpu);

	if (WARN_ON_ONCE(!ctxt || ctxt->vcpu != burst->vcpu || ctxt->ops != kvm_ops))
		return false;
	ctxt->ops = burst->ops;
	return true;
}

/**
 * nptb_kvm_memory_end() - the emulator is KVM's own again
 * @vcpu: nptb_kvm_memory_begin()
 */
void nptb_kvm_memory_end(struct kvm_vcpu *vcpu)
{
	ctxt_of(vcpu)->ops = kvm_ops;
}

/* As KVM's own walk reads an entry: what is not in memory is waited for. */
static bool read_entry(void *ctx, u64 gpa, void *buf, u32 len)
{
	return !static_call(nptb_sc_read_guest_wait)(ctx, gpa, buf, len);
}

/**
 * nptb_kvm_tables_refused() - is it the host that keeps a translation from KVM?
 * @vcpu: KVM found no page for the address; its own thread
 * @linear: the address
 *
 * KVM takes a table that it may not read, or an entry whose accessed bit it may not
 * set, for one that is not present, and tells the guest so.
 *
 * Context: may sleep; kvm->srcu held.
 * Return: false where the guest's tables indeed lead to no page.
 */
bool nptb_kvm_tables_refused(struct kvm_vcpu *vcpu, u64 linear)
{
	struct nptb_state state = {
		.cr0 = vcpu->arch.cr0, .cr3 = vcpu->arch.cr3,
		.cr4 = vcpu->arch.cr4, .efer = vcpu->arch.efer,
	};
	struct nptb_walk walk;

	nptb_walk(&state, linear, read_entry, vcpu, &walk);
	switch (walk.end) {
	case NPTB_WALK_MAPPED:
		return true;
	case NPTB_WALK_UNREADABLE:
		return is_memory(vcpu, walk.table[walk.level - 1] << PAGE_SHIFT,
				 false);
	default:
		return false;
	}
}

/* Is it the guest's own page fault, or does the host keep a table from KVM? */
static enum nptb_soft_end faulted(struct kvm_vcpu *vcpu,
				  const struct nptb_x86_exception *from,
				  struct nptb_exception *why)
{
	*why = (struct nptb_exception){
		.vector = from->vector, .has_code = from->error_code_valid,
		.code = from->error_code, .address = from->address,
	};
	if (from->vector == PF_VECTOR && !(from->error_code & PF_PRESENT) &&
	    nptb_kvm_tables_refused(vcpu, from->address))
		return NPTB_SOFT_UNABLE;
	return NPTB_SOFT_RAISED;
}

static enum nptb_soft_end end_of(struct kvm_vcpu *vcpu, int rc,
				 const struct nptb_x86_exception *from,
				 struct nptb_exception *why)
{
	switch (rc) {
	case NPTB_EMUL_CONTINUE:
		return NPTB_SOFT_DONE;
	case NPTB_EMUL_PROPAGATE_FAULT:
		return faulted(vcpu, from, why);
	default:
		return NPTB_SOFT_UNABLE;
	}
}

/**
 * nptb_kvm_read_linear() - read guest memory as the vCPU would
 * @ctx: the vCPU; its own thread
 * @linear: linear address
 * @buf: for the bytes
 * @len: how many
 * @system: with the rights of the system, as descriptor tables are read; or else with
 *	those of its privilege level
 * @why: the guest's exception, where that comes of it
 *
 * Context: may sleep; kvm->srcu held.
 * Return: see &enum nptb_soft_end.
 */
enum nptb_soft_end nptb_kvm_read_linear(void *ctx, u64 linear, void *buf, u32 len,
					bool system, struct nptb_exception *why)
{
	struct kvm_vcpu *vcpu = ctx;
	struct nptb_x86_exception from = { };
	int rc = static_call(nptb_sc_emul_read_std)(ctxt_of(vcpu), linear, buf, len,
						    (void *)&from, system);

	return end_of(vcpu, rc, &from, why);
}

/**
 * nptb_kvm_fetch_linear() - read code of a vCPU's, with its right to execute it
 * @vcpu: its own thread
 * @linear: linear address
 * @buf: for the bytes
 * @len: how many, on one page
 * @why: the guest's exception, where that comes of it
 *
 * Context: may sleep; kvm->srcu held.
 * Return: see &enum nptb_soft_end.
 */
enum nptb_soft_end nptb_kvm_fetch_linear(struct kvm_vcpu *vcpu, u64 linear, void *buf, u32 len,
					 struct nptb_exception *why)
{
	struct nptb_x86_exception from = { };
	int rc = static_call(nptb_sc_emul_fetch)(ctxt_of(vcpu), linear, buf, len, (void *)&from);

	return end_of(vcpu, rc, &from, why);
}

/* As nptb_kvm_read_linear(). The first of two pages may have been written alone. */
enum nptb_soft_end nptb_kvm_write_linear(void *ctx, u64 linear, const void *buf, u32 len,
					 bool system, struct nptb_exception *why)
{
	struct kvm_vcpu *vcpu = ctx;
	struct nptb_x86_exception from = { };
	int rc = static_call(nptb_sc_emul_write_std)(ctxt_of(vcpu), linear, (void *)buf,
						     len, (void *)&from, system);

	return end_of(vcpu, rc, &from, why);
}

/**
 * nptb_kvm_may_write_linear() - where bytes cross a page: may both be written?
 * @ctx: the vCPU; its own thread
 * @linear: linear address
 * @len: how many
 * @why: the guest's exception, where that comes of it
 *
 * Before nptb_kvm_write_linear(), for what must be written as a whole.
 *
 * Context: may sleep; kvm->srcu held.
 * Return: see &enum nptb_soft_end.
 */
enum nptb_soft_end nptb_kvm_may_write_linear(void *ctx, u64 linear, u32 len,
					     struct nptb_exception *why)
{
	struct nptb_x86_exception from = { };
	int rc = may_write(ctx, linear, len, (void *)&from);

	return end_of(ctx, rc, &from, why);
}

/**
 * nptb_kvm_writable_address() - where the host has what a vCPU is about to write
 * @vcpu: its own thread
 * @linear: linear address; the bytes do not cross a page
 * @gfn: set to the guest frame
 * @hva: set to the host's address
 * @why: the guest's exception, where that comes of it
 *
 * Context: may sleep; kvm->srcu held.
 * Return: see &enum nptb_soft_end; UNABLE also where it is no memory, or read-only.
 */
enum nptb_soft_end nptb_kvm_writable_address(struct kvm_vcpu *vcpu, u64 linear, gfn_t *gfn,
					     unsigned long *hva, struct nptb_exception *why)
{
	struct nptb_x86_exception from = { };
	struct kvm_memory_slot *slot;
	gpa_t gpa = static_call(nptb_sc_gva_to_gpa_write)(vcpu, linear, (void *)&from);

	if (gpa == INVALID_GPA)
		return faulted(vcpu, &from, why);
	slot = __gfn_to_memslot(kvm_vcpu_memslots(vcpu), gpa_to_gfn(gpa));
	if (!is_memory(vcpu, gpa, true) || !slot || slot->flags & KVM_MEMSLOT_INVALID)
		return NPTB_SOFT_UNABLE;
	*gfn = gpa_to_gfn(gpa);
	*hva = __gfn_to_hva_memslot(slot, *gfn) + offset_in_page(gpa);
	return NPTB_SOFT_DONE;
}

/* A model-specific register as the guest would read it. Return: false where it has none. */
bool nptb_kvm_msr(void *ctx, u32 nr, u64 *value)
{
	return !static_call(nptb_sc_emul_get_msr)(ctxt_of(ctx), nr, value);
}
