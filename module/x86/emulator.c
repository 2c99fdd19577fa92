// SPDX-License-Identifier: GPL-2.0-only
/* Running a guest's instructions in KVM's emulator; see emulator.h. */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "backend.h"
#include "emulator.h"
#include "x86/burst.h"
#include "x86/soft/guest_fpu.h"
#include "x86/guest_memory.h"
#include "x86/insn.h"
#include "x86/soft/mistaken.h"
#include "x86/symbols.h"

/* Error code of a #PF, bit 0: the page is present. APM volume 2, section 8.4.2. */
#define PF_PRESENT	BIT(0)

/*
 * A debug register waits for data or for a port: AMD64 APM volume 2, section
 * 13.1.1.4. KVM's emulator looks for those that wait for code alone.
 */
static bool watches_data(struct kvm_vcpu *vcpu)
{
	unsigned long dr7 = vcpu->arch.dr7;
	int i;

	for (i = 0; i < 4; i++)
		if (dr7 >> (2 * i) & 3 && dr7 >> (16 + 4 * i) & 3)
			return true;
	return false;
}

static bool event_under_way(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.exception.injected || vcpu->arch.exception.pending ||
	       vcpu->arch.interrupt.injected || vcpu->arch.nmi_injected;
}

/*
 * What the emulator does otherwise than the CPU does. With TF, it traps after
 * 1,024 elements of a REP, and behind an instruction that loads SS.
 */
static enum nptb_reason differs(struct kvm_vcpu *vcpu)
{
	if (vcpu->arch.hflags & HF_SMM_MASK)
		return NPTB_REASON_SMM;
	if (vcpu->arch.hflags & HF_GUEST_MASK)
		return NPTB_REASON_NESTED;
	if (vcpu->guest_debug)
		return NPTB_REASON_DEBUGGED;
	if (unlikely(vcpu->arch.dr7 & 0xff && watches_data(vcpu)))
		return NPTB_REASON_BREAKPOINT;
	if (unlikely(static_call(nptb_sc_get_rflags)(vcpu) & X86_EFLAGS_TF))
		return NPTB_REASON_SINGLE_STEP;
	return NPTB_REASON_NONE;
}

/**
 * nptb_kvm_barred() - may nothing of this vCPU be emulated?
 * @vcpu: that has exited; its own thread
 *
 * Return: the reason: it runs a nested guest, is in SMM, is debugged, by user space, by
 * data breakpoints of its own, or in single steps, or its state is private; or
 * %NPTB_REASON_NONE.
 */
enum nptb_reason nptb_kvm_barred(struct kvm_vcpu *vcpu)
{
	if (!nptb_kvm_readable(vcpu))
		return NPTB_REASON_PRIVATE;
	return differs(vcpu);
}

/* Is an event being delivered? Then that comes before the instruction. */
bool nptb_kvm_delivering(struct kvm_vcpu *vcpu)
{
	return event_under_way(vcpu);
}

/**
 * nptb_kvm_may_go_on() - may one more instruction be emulated right away?
 * @vcpu: after a step that was done
 *
 * As KVM's own handle_invalid_guest_state() decides it: whatever KVM_RUN's loop
 * has to look after comes first.
 *
 * Return: false where something waits.
 */
bool nptb_kvm_may_go_on(struct kvm_vcpu *vcpu)
{
	return !kvm_request_pending(vcpu) && !event_under_way(vcpu) &&
	       !differs(vcpu) && !__xfer_to_guest_mode_work_pending();
}

/**
 * nptb_kvm_must_go_on() - does this instruction belong to the last?
 * @vcpu: after a step that was done
 *
 * What follows STI or a load of SS is run before anything else happens to the guest:
 * AMD64 APM volume 2, section 15.21.5. Not every CPU that is entered there
 * still knows, and "STI; HLT" would then wait for an interrupt that has come.
 *
 * Return: true where it may be emulated, and nothing that waits matters.
 */
bool nptb_kvm_must_go_on(struct kvm_vcpu *vcpu)
{
	return unlikely(static_call(nptb_sc_get_shadow)(vcpu)) &&
	       !event_under_way(vcpu) && !differs(vcpu);
}

/**
 * nptb_kvm_burst_begin() - a burst begins
 * @burst: filled in
 * @vcpu: to be emulated; its own thread, kvm->srcu held until the burst ends
 */
void nptb_kvm_burst_begin(struct nptb_burst *burst, struct kvm_vcpu *vcpu)
{
	burst->vcpu = vcpu;
	burst->context = (struct nptb_burst_context){ };
	burst->lost = false;
	nptb_kvm_memory_ops(burst);
	nptb_kvm_burst_forget(burst);
}

/* What an emulated instruction may change, and what shows that it did. */
struct before {
	u64 failures;
	unsigned long rip;
	unsigned long rcx;
	unsigned long rsp;
	unsigned long cr2;
	u32 exit_reason;
};

static struct before look(struct kvm_vcpu *vcpu)
{
	return (struct before){
		.failures = vcpu->stat.insn_emulation_fail,
		.rip = nptb_kvm_rip(vcpu),
		.rcx = vcpu->arch.regs[VCPU_REGS_RCX],
		.rsp = vcpu->arch.regs[VCPU_REGS_RSP],
		.cr2 = vcpu->arch.cr2,
		.exit_reason = vcpu->run->exit_reason,
	};
}

/* Every instruction moves RIP, but for a REP, which counts, and jumps to themselves. */
static bool moved(struct kvm_vcpu *vcpu, const struct before *before)
{
	return nptb_kvm_rip(vcpu) != before->rip ||
	       vcpu->arch.regs[VCPU_REGS_RCX] != before->rcx ||
	       vcpu->arch.regs[VCPU_REGS_RSP] != before->rsp;
}

/*
 * An exception that the emulator has, and the CPU may not have: a #UD, by which
 * it says also that it cannot, and a #PF for want of tables that are there. CR2 is set
 * when a #PF is injected, and not before.
 */
static bool unearned(struct kvm_vcpu *vcpu)
{
	u64 address = vcpu->arch.exception.has_payload ? vcpu->arch.exception.payload :
							  vcpu->arch.cr2;

	if (likely(!vcpu->arch.exception.pending))
		return false;
	return vcpu->arch.exception.vector == UD_VECTOR ||
	       (vcpu->arch.exception.vector == PF_VECTOR &&
		!(vcpu->arch.exception.error_code & PF_PRESENT) &&
		nptb_kvm_tables_refused(vcpu, address));
}

/*
 * The emulator answered a failure with an exception, or an exit to user space, or
 * both. Neither is the guest's: undo them.
 */
static void undo_refusal(struct kvm_vcpu *vcpu, const struct before *before)
{
	vcpu->arch.exception.pending = false;
	vcpu->arch.exception.injected = false;
	vcpu->arch.cr2 = before->cr2;
	vcpu->run->exit_reason = before->exit_reason;
}

/* Return: true where the guest is as it was, but for what undo_refusal() takes. */
static bool emulate(struct nptb_burst *burst, const struct before *before,
		    void *insn, u32 len, int *ret)
{
	struct kvm_vcpu *vcpu = burst->vcpu;

	*ret = 1;
	burst->lost = false;
	if (!nptb_kvm_memory_begin(burst))
		return true;
	*ret = static_call(nptb_sc_emulate)(vcpu, 0, 0, len ? insn : NULL, len);
	nptb_kvm_memory_end(vcpu);
	if (vcpu->stat.insn_emulation_fail != before->failures || unearned(vcpu))
		return true;
	/*
	 * Done, it said; but without an exit, something must have come of it. A locked
	 * instruction that lost against another vCPU is run again, as the next.
	 */
	return *ret > 0 && !moved(vcpu, before) && !vcpu->arch.exception.pending &&
	       !burst->lost;
}

/* Where the burst has not fetched it, it is read here. */
static noinline bool is_mistaken(struct kvm_vcpu *vcpu, const u8 *insn, u32 len)
{
	u8 bytes[NPTB_INSN_MAX];
	bool fetched = len;
	int db, l;

	if (unlikely(!len)) {
		len = nptb_kvm_insn(vcpu, bytes, NPTB_INSN_MAX);
		insn = bytes;
	}
	if (likely(!nptb_is_mistaken(insn, len, true, true)))
		return false;
	static_call(nptb_sc_get_cs)(vcpu, &db, &l);
	return nptb_is_mistaken(insn, len, l && nptb_kvm_long_mode(vcpu), fetched);
}

/**
 * nptb_kvm_step() - have KVM emulate the instruction at RIP
 * @burst: of a vCPU that is not nptb_kvm_barred(), nor nptb_kvm_delivering()
 * @ret: for KVM_RUN where the step was done: 1 resumes the guest, 0 leaves for
 *	user space
 *
 * Context: the vCPU's thread; may sleep; kvm->srcu held.
 * Return: see &enum nptb_step.
 */
enum nptb_step nptb_kvm_step(struct nptb_burst *burst, int *ret)
{
	struct kvm_vcpu *vcpu = burst->vcpu;
	struct before before = look(vcpu);
	u8 insn[NPTB_FETCH_MAX];
	u32 len;

	nptb_burst_look(burst);
	len = nptb_burst_fetch(burst, insn);
	/* Does KVM's emulator take it for another instruction? */
	if (unlikely(!nptb_mistaken_never(insn, len)) && is_mistaken(vcpu, insn, len))
		return NPTB_STEP_REFUSED;
	if (emulate(burst, &before, insn, len, ret)) {
		undo_refusal(vcpu, &before);
		*ret = 1;
		/* A REP got to some element, and not past it. */
		return moved(vcpu, &before) ? NPTB_STEP_LEAVE : NPTB_STEP_REFUSED;
	}
	/* The emulator marks HLT and would go on behind it. */
	if (*ret > 0 && vcpu->arch.halt_request) {
		vcpu->arch.halt_request = 0;
		*ret = static_call(nptb_sc_halt)(vcpu);
		return NPTB_STEP_LEAVE;
	}
	return *ret > 0 ? NPTB_STEP_DONE : NPTB_STEP_LEAVE;
}

/* 16 bytes of each half: bit 31 or 63 of every element is its mask. */
#define SAVE_VECTOR(n)	case n: asm volatile("vmovdqu %%ymm" #n ", %0" : "=m"(*mask)); break

static void save_vector(u32 reg, struct nptb_mask_bits *mask)
{
	switch (reg) {
	SAVE_VECTOR(0); SAVE_VECTOR(1); SAVE_VECTOR(2); SAVE_VECTOR(3);
	SAVE_VECTOR(4); SAVE_VECTOR(5); SAVE_VECTOR(6); SAVE_VECTOR(7);
	SAVE_VECTOR(8); SAVE_VECTOR(9); SAVE_VECTOR(10); SAVE_VECTOR(11);
	SAVE_VECTOR(12); SAVE_VECTOR(13); SAVE_VECTOR(14); SAVE_VECTOR(15);
	}
}

#define SAVE_OPMASK(n)	case n: asm volatile("kmovw %%k" #n ", %0" : "=m"(*(u16 *)mask)); break

static void save_opmask(u32 reg, struct nptb_mask_bits *mask)
{
	switch (reg) {
	SAVE_OPMASK(0); SAVE_OPMASK(1); SAVE_OPMASK(2); SAVE_OPMASK(3);
	SAVE_OPMASK(4); SAVE_OPMASK(5); SAVE_OPMASK(6); SAVE_OPMASK(7);
	}
}

/*
 * In KVM_RUN the guest's FPU state is the thread's: in the CPU's registers, or
 * about to come back there. Return: false where the CPU has no such registers.
 */
static bool take_mask(struct kvm_vcpu *vcpu, enum nptb_mask kind, u32 reg,
		      struct nptb_mask_bits *mask)
{
	memset(mask, 0, sizeof(*mask));
	if (kind == NPTB_MASK_VECTOR ? !boot_cpu_has(X86_FEATURE_AVX) :
				       !boot_cpu_has(X86_FEATURE_AVX512F))
		return false;
	nptb_guest_fpu_begin();
	if (kind == NPTB_MASK_VECTOR)
		save_vector(reg & 15, mask);
	else
		save_opmask(reg & 7, mask);
	nptb_guest_fpu_end();
	return true;
}

/**
 * nptb_kvm_hidden_progress() - progress that the state of a vCPU does not show
 * @vcpu: at that instruction; its own thread
 * @insn: the instruction's bytes
 * @len: how many
 * @bits: what to compare with the next time
 * @none: set where there can be none at this instruction
 *
 * A gather or scatter goes on in its mask register.
 *
 * Return: whether @bits says anything.
 */
bool nptb_kvm_hidden_progress(struct kvm_vcpu *vcpu, const u8 *insn, u32 len,
			      struct nptb_mask_bits *bits, bool *none)
{
	u32 reg;
	enum nptb_mask kind = nptb_insn_mask(insn, len, nptb_kvm_long_mode(vcpu),
					     &reg);

	*none = kind == NPTB_MASK_NONE;
	return !*none && take_mask(vcpu, kind, reg, bits);
}
