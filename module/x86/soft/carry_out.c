// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM's emulator lacks, carried out by us: the one place that reads a vCPU, has a
 * step made of it in software, and commits what has become of it. See emulator.h.
 */
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <asm/asm.h>

#include "backend.h"
#include "emulator.h"
#include "x86/soft/bmi.h"
#include "x86/soft/count.h"
#include "x86/soft/event.h"
#include "x86/soft/fpu.h"
#include "x86/guest_memory.h"
#include "x86/soft/mixed.h"
#include "x86/soft/mmx.h"
#include "x86/soft/segment.h"
#include "x86/soft/step.h"
#include "x86/soft/system.h"
#include "x86/symbols.h"
#include "x86/soft/vector.h"
#include "x86/soft/vex.h"
#include "x86/soft/x87.h"
#include "x86/soft/xsave.h"

/* DR7.GD: APM volume 2, section 13.1.1.4. */
#define DR7_GD_BIT	BIT(13)

static const struct nptb_soft_ops ops = {
	.read = nptb_kvm_read_linear,
	.write = nptb_kvm_write_linear,
	.msr = nptb_kvm_msr,
};

static void take(struct kvm_vcpu *vcpu, struct nptb_soft *soft)
{
	memset(soft, 0, sizeof(*soft));
	soft->ops = &ops;
	soft->ctx = vcpu;
	soft->cr2 = vcpu->arch.cr2;
	soft->xcr0 = vcpu->arch.xcr0;
	nptb_kvm_keep_state(vcpu, &soft->state);
	nptb_kvm_machine(vcpu, &soft->machine);
}

static void put_segment(struct kvm_vcpu *vcpu, int nr, const struct nptb_segment *seg)
{
	struct kvm_segment var = {
		.base = seg->base, .limit = seg->limit, .selector = seg->selector,
		.type = seg->attr & NPTB_ATTR_TYPE, .s = !!(seg->attr & NPTB_ATTR_S),
		.dpl = nptb_attr_dpl(seg->attr), .present = !!(seg->attr & NPTB_ATTR_P),
		.avl = seg->attr >> 8 & 1, .l = !!(seg->attr & NPTB_ATTR_L),
		.db = !!(seg->attr & NPTB_ATTR_DB), .g = !!(seg->attr & NPTB_ATTR_G),
		.unusable = !(seg->attr & NPTB_ATTR_P),
	};

	static_call(nptb_sc_set_segment)(vcpu, &var, nr);
}

/* SS comes last: KVM takes the privilege level from it. */
static void put_segments(struct kvm_vcpu *vcpu, const struct nptb_soft *soft)
{
	static const struct {
		u8 ours;
		u8 theirs;
	} nr[] = {
		{ NPTB_SEG_CS, VCPU_SREG_CS }, { NPTB_SEG_DS, VCPU_SREG_DS },
		{ NPTB_SEG_ES, VCPU_SREG_ES }, { NPTB_SEG_FS, VCPU_SREG_FS },
		{ NPTB_SEG_GS, VCPU_SREG_GS }, { NPTB_SEG_SS, VCPU_SREG_SS },
	};
	struct nptb_machine before;
	int i;

	nptb_kvm_machine(vcpu, &before);
	for (i = 0; i < ARRAY_SIZE(nr); i++) {
		struct nptb_segment seg = soft->machine.seg[nr[i].ours];
		bool level = nr[i].ours == NPTB_SEG_SS && soft->machine.cpl != before.cpl;

		if (!level && !memcmp(&seg, &before.seg[nr[i].ours], sizeof(seg)))
			continue;
		if (nr[i].ours == NPTB_SEG_SS)
			seg.attr = (seg.attr & ~(3 << NPTB_ATTR_DPL_SHIFT)) |
				   soft->machine.cpl << NPTB_ATTR_DPL_SHIFT;
		put_segment(vcpu, nr[i].theirs, &seg);
	}
}

/* The guest is there now. */
static void commit(struct kvm_vcpu *vcpu, const struct nptb_soft *soft)
{
	struct msr_data msr = { .index = MSR_KERNEL_GS_BASE, .data = soft->kernel_gs };

	/* MFENCE and its kin are among what was carried out: this is theirs. */
	mb();
	memcpy(vcpu->arch.regs, soft->state.gpr, sizeof(soft->state.gpr));
	nptb_kvm_set_rip(vcpu, soft->state.rip);
	nptb_kvm_wrote(vcpu);
	put_segments(vcpu, soft);
	vcpu->arch.cr2 = soft->cr2;
	/* Not by way of the VMM's filter: it is no access of the guest's. */
	if (soft->has_kernel_gs)
		static_call(nptb_sc_set_msr)(vcpu, &msr);
	if (soft->clear_gd && vcpu->arch.dr7 & DR7_GD_BIT)
		static_call(nptb_sc_set_dr)(vcpu, 7, vcpu->arch.dr7 & ~DR7_GD_BIT);
	static_call(nptb_sc_set_shadow)(vcpu, 0);
	if (static_call(nptb_sc_rflags)(vcpu) != soft->state.rflags)
		static_call(nptb_sc_set_rflags)(vcpu, soft->state.rflags);
	if (soft->shutdown)
		kvm_make_request(KVM_REQ_TRIPLE_FAULT, vcpu);
}

/* Return: 0, or -EFAULT where the host does not let anybody write there. */
static int cmpxchg16b_user(u64 __user *at, u64 *low, u64 *high, u64 new_low, u64 new_high,
			   bool *equal)
{
	int err = 0;
	bool same;

	if (!user_access_begin(at, 16))
		return -EFAULT;
	asm volatile("1: lock; cmpxchg16b %[at]\n"
		     "	sete %[same]\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_EFAULT_REG, %[err])
		     : [err] "+r"(err), [same] "=q"(same), [at] "+m"(*(char (__force *)[16])at),
		       "+a"(*low), "+d"(*high)
		     : "b"(new_low), "c"(new_high)
		     : "memory", "cc");
	user_access_end();
	*equal = same;
	return err;
}

/*
 * On the host's address, as KVM does for 8 bytes: other vCPUs may be at it. Under shadow
 * paging KVM wants to know who writes to the guest's tables, and with nested guests who
 * writes to those that the guest has for them.
 */
static enum nptb_soft_end cmpxchg16b(struct kvm_vcpu *vcpu, struct nptb_soft *soft,
				     const struct nptb_insn *insn)
{
	u64 low = soft->state.gpr[VCPU_REGS_RAX], high = soft->state.gpr[VCPU_REGS_RDX];
	enum nptb_soft_end end;
	unsigned long hva;
	bool equal;
	u64 linear;
	gfn_t gfn;

	if (nptb_kvm_tracks_writes(vcpu) || !boot_cpu_has(X86_FEATURE_CX16))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	end = nptb_step_linear(soft, insn, 16, true, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (linear & 15)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	end = nptb_kvm_writable_address(vcpu, linear, &gfn, &hva, &soft->raised);
	if (end == NPTB_SOFT_UNABLE ||
	    (end == NPTB_SOFT_DONE &&
	     cmpxchg16b_user((u64 __user *)hva, &low, &high, soft->state.gpr[VCPU_REGS_RBX],
			     soft->state.gpr[VCPU_REGS_RCX], &equal)))
		return nptb_soft_unable(soft, NPTB_REASON_MEMORY);
	if (end != NPTB_SOFT_DONE)
		return end;
	static_call(nptb_sc_mark_dirty)(vcpu, gfn);
	soft->state.rflags &= ~X86_EFLAGS_ZF;
	if (equal) {
		soft->state.rflags |= X86_EFLAGS_ZF;
	} else {
		soft->state.gpr[VCPU_REGS_RAX] = low;
		soft->state.gpr[VCPU_REGS_RDX] = high;
	}
	nptb_step_advance(soft, insn);
	return NPTB_SOFT_DONE;
}

/* The rest of an instruction that goes on in the next page. */
static bool fetch_rest(struct kvm_vcpu *vcpu, u64 linear, u8 *bytes, u32 len)
{
	struct nptb_exception unused;

	return nptb_kvm_fetch_linear(vcpu, linear + len, bytes + len, NPTB_INSN_MAX - len,
				     &unused) == NPTB_SOFT_DONE;
}

/*
 * With the guest's right to execute it: a burst may have come here by a jump. Where it
 * is not known whether the instruction goes on in the next page, that raises nothing.
 */
static enum nptb_soft_end fetch(struct kvm_vcpu *vcpu, struct nptb_soft *soft,
				struct nptb_insn *insn)
{
	u64 linear = static_call(nptb_sc_linear_rip)(vcpu);
	u32 len = min_t(u32, NPTB_INSN_MAX, PAGE_SIZE - offset_in_page(linear));
	enum nptb_soft_end end;
	u8 bytes[NPTB_INSN_MAX];

	end = nptb_kvm_fetch_linear(vcpu, linear, bytes, len, &soft->raised);
	if (end == NPTB_SOFT_UNABLE)
		return nptb_soft_unable(soft, NPTB_REASON_MEMORY);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (nptb_decode(bytes, len, &soft->state, &soft->machine, insn))
		return NPTB_SOFT_DONE;
	if (len < NPTB_INSN_MAX && fetch_rest(vcpu, linear, bytes, len) &&
	    nptb_decode(bytes, NPTB_INSN_MAX, &soft->state, &soft->machine, insn))
		return NPTB_SOFT_DONE;
	return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
}

static enum nptb_soft_end by_kind(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	if (nptb_bmi_is(insn))
		return nptb_bmi_step(soft, insn);
	if (insn->vex)
		return nptb_vex_step(soft, insn);
	if (nptb_count_is(insn))
		return nptb_count_step(soft, insn);
	if (nptb_vector_is(insn))
		return nptb_vector_step(soft, insn);
	if (nptb_mixed_is(insn))
		return nptb_mixed_step(soft, insn);
	if (nptb_xsave_is(insn))
		return nptb_xsave_step(soft, insn);
	if (nptb_mmx_is(insn))
		return nptb_mmx_step(soft, insn);
	if (nptb_segment_is(insn))
		return nptb_segment_step(soft, insn);
	if (nptb_system_is(insn))
		return nptb_system_step(soft, insn);
	if (nptb_x87_is(insn))
		return nptb_x87_step(soft, insn);
	return nptb_fpu_step(soft, insn);
}

static enum nptb_soft_end run_insn(struct kvm_vcpu *vcpu, struct nptb_soft *soft,
				   const struct nptb_insn *insn)
{
	enum nptb_soft_end end;

	/* An NMI's handler ends: KVM has to see that. */
	if (nptb_step_is_iret(insn) && static_call(nptb_sc_get_nmi_mask)(vcpu))
		return nptb_soft_unable(soft, NPTB_REASON_NMI);
	if (!insn->vex) {
		end = nptb_step_insn(soft, insn);
		if (end != NPTB_SOFT_UNABLE || soft->reason != NPTB_REASON_INSTRUCTION)
			return end;
	}
	if (!insn->vex && nptb_step_is_cmpxchg16b(insn))
		end = cmpxchg16b(vcpu, soft, insn);
	else
		end = by_kind(soft, insn);
	return end == NPTB_SOFT_RAISED ? nptb_event_raise(soft) : end;
}

static enum nptb_soft_end instruction(struct kvm_vcpu *vcpu, struct nptb_soft *soft,
				      bool soft_event, struct nptb_carried *carried)
{
	enum nptb_soft_end end;
	struct nptb_insn insn;

	end = fetch(vcpu, soft, &insn);
	if (end != NPTB_SOFT_DONE) {
		carried->instruction = end == NPTB_SOFT_RAISED;
		return end == NPTB_SOFT_RAISED ? nptb_event_raise(soft) : end;
	}
	if (soft_event && (insn.map || insn.op < 0xcc || insn.op > 0xce))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	carried->instruction = true;
	carried->iret = nptb_step_is_iret(&insn);
	return run_insn(vcpu, soft, &insn);
}

/* An INT instruction's: RIP is still at the instruction. */
static bool is_soft_event(struct kvm_vcpu *vcpu)
{
	if (vcpu->arch.exception.injected)
		return vcpu->arch.exception.vector == BP_VECTOR ||
		       vcpu->arch.exception.vector == OF_VECTOR;
	return vcpu->arch.interrupt.injected && vcpu->arch.interrupt.soft;
}

/* As KVM would inject it at the next entry. */
static struct nptb_delivery event_of(struct kvm_vcpu *vcpu)
{
	struct nptb_delivery event = { .rip = nptb_kvm_rip(vcpu) };

	if (vcpu->arch.exception.injected) {
		event.vector = vcpu->arch.exception.vector;
		event.exception = true;
		event.has_code = vcpu->arch.exception.has_error_code;
		event.code = vcpu->arch.exception.error_code;
	} else {
		event.external = true;
		event.vector = vcpu->arch.nmi_injected ? NMI_VECTOR :
							  vcpu->arch.interrupt.nr;
	}
	return event;
}

/*
 * The event is the guest's now, and KVM must not inject it again. Nor the next NMI before the
 * handler of this one is done: on VT-x KVM has taken that back, for the next entry to do it.
 */
static void take_over_event(struct kvm_vcpu *vcpu)
{
	if (vcpu->arch.exception.injected) {
		vcpu->arch.exception.injected = false;
	} else if (vcpu->arch.nmi_injected) {
		vcpu->arch.nmi_injected = false;
		static_call(nptb_sc_set_nmi_mask)(vcpu, true);
	} else {
		vcpu->arch.interrupt.injected = false;
	}
}

static enum nptb_soft_end delivery(struct kvm_vcpu *vcpu, struct nptb_soft *soft,
				   struct nptb_carried *carried)
{
	struct nptb_delivery event;

	/* KVM has yet to look at it. */
	if (vcpu->arch.exception.pending)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (is_soft_event(vcpu))
		return instruction(vcpu, soft, true, carried);
	event = event_of(vcpu);
	carried->delivery = true;
	return nptb_event_deliver(soft, &event);
}

/**
 * nptb_kvm_carry_out() - what KVM's emulator cannot do, but we can
 * @vcpu: not nptb_kvm_barred()
 * @carried: filled in
 *
 * The event that is being delivered, or else the instruction at RIP; where the event is
 * an INT instruction's, that is the same. Both or neither: what cannot be done to its
 * end leaves the vCPU as it is.
 *
 * Context: the vCPU's thread; may sleep; kvm->srcu held.
 * Return: %NPTB_STEP_DONE, or %NPTB_STEP_REFUSED with a reason.
 */
enum nptb_step nptb_kvm_carry_out(struct kvm_vcpu *vcpu, struct nptb_carried *carried)
{
	bool event = nptb_kvm_delivering(vcpu);
	enum nptb_soft_end end;
	struct nptb_soft soft;

	*carried = (struct nptb_carried){ };
	take(vcpu, &soft);
	end = event ? delivery(vcpu, &soft, carried) :
		      instruction(vcpu, &soft, false, carried);
	if (end != NPTB_SOFT_DONE) {
		*carried = (struct nptb_carried){ .reason = soft.reason };
		return NPTB_STEP_REFUSED;
	}
	if (event)
		take_over_event(vcpu);
	commit(vcpu, &soft);
	return NPTB_STEP_DONE;
}
