// SPDX-License-Identifier: GPL-2.0-only
/* Running a guest's instructions in KVM's emulator; see emulator.h. */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "backend.h"
#include "emulator.h"
#include "x86/burst.h"
#include "x86/guest_memory.h"
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
static __always_inline enum nptb_reason differs(struct kvm_vcpu *vcpu, unsigned long rflags)
{
	if (vcpu->arch.hflags & HF_SMM_MASK)
		return NPTB_REASON_SMM;
	if (vcpu->arch.hflags & HF_GUEST_MASK)
		return NPTB_REASON_NESTED;
	if (vcpu->guest_debug)
		return NPTB_REASON_DEBUGGED;
	if (unlikely(vcpu->arch.dr7 & 0xff && watches_data(vcpu)))
		return NPTB_REASON_BREAKPOINT;
	if (unlikely(rflags & X86_EFLAGS_TF))
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
	return differs(vcpu, static_call(nptb_sc_get_rflags)(vcpu));
}

/* Is an event being delivered? Then that comes before the instruction. */
bool nptb_kvm_delivering(struct kvm_vcpu *vcpu)
{
	return event_under_way(vcpu);
}

/*
 * Is the next instruction of the burst, too? Whatever KVM_RUN's loop has to look after
 * comes first, as KVM's own handle_invalid_guest_state() decides it. But what follows STI
 * or a load of SS belongs to that, and is run before anything else happens to the guest:
 * AMD64 APM volume 2, section 15.21.5. Not every CPU that is entered there still knows,
 * and "STI; HLT" would then wait for an interrupt that has come. It is one instruction, even
 * where that casts a shadow of its own: on VT-x the emulator lets STI and loads of SS, in
 * turns, go on with that for as long as the guest likes.
 */
static __always_inline bool goes_on(struct nptb_burst *burst, unsigned long rflags, bool more)
{
	struct kvm_vcpu *vcpu = burst->vcpu;

	if (event_under_way(vcpu) || differs(vcpu, rflags))
		return false;
	if (more && !kvm_request_pending(vcpu) && !__xfer_to_guest_mode_work_pending())
		return true;
	if (likely(burst->shadowed || !static_call(nptb_sc_get_shadow)(vcpu)))
		return false;
	burst->shadowed = true;
	/* Translations may be gone by the request that is pending. */
	nptb_kvm_burst_forget(burst);
	return true;
}

/**
 * nptb_kvm_goes_on() - is the instruction at RIP of the burst?
 * @burst: after an instruction, or a delivery, that was carried out
 * @more: it may be, and does not have to
 *
 * Return: false where something waits.
 */
bool nptb_kvm_goes_on(struct nptb_burst *burst, bool more)
{
	return goes_on(burst, static_call(nptb_sc_get_rflags)(burst->vcpu), more);
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
	burst->shadowed = false;
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

	burst->lost = false;
	*ret = static_call(nptb_sc_emulate)(vcpu, 0, 0, len ? insn : NULL, len);
	if (vcpu->stat.insn_emulation_fail != before->failures || unearned(vcpu))
		return true;
	/*
	 * Done, it said; but without an exit, something must have come of it. A locked
	 * instruction that lost against another vCPU is run again, as the next.
	 */
	return *ret > 0 && !moved(vcpu, before) && !vcpu->arch.exception.pending &&
	       !burst->lost;
}

/*
 * Does a breakpoint on code wait at RIP? KVM's emulator finds that before it decodes
 * anything. In an interrupt shadow that is for CPUs to say, which do not agree.
 */
static noinline bool is_watched(struct kvm_vcpu *vcpu)
{
	unsigned long linear = static_call(nptb_sc_linear_rip)(vcpu), dr7 = vcpu->arch.dr7;
	int i;

	if (static_call(nptb_sc_get_rflags)(vcpu) & X86_EFLAGS_RF ||
	    static_call(nptb_sc_get_shadow)(vcpu))
		return false;
	for (i = 0; i < 4; i++)
		if (dr7 >> (2 * i) & 3 && !(dr7 >> (16 + 4 * i) & 3) &&
		    vcpu->arch.eff_db[i] == linear)
			return true;
	return false;
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
	return nptb_is_mistaken(insn, len, l && nptb_kvm_long_mode(vcpu), fetched) &&
	       !(vcpu->arch.dr7 & 0xff && is_watched(vcpu));
}

/* Have KVM emulate the instruction at RIP. */
static __always_inline enum nptb_step step(struct nptb_burst *burst, int *ret)
{
	struct kvm_vcpu *vcpu = burst->vcpu;
	struct before before = look(vcpu);
	u8 insn[NPTB_FETCH_MAX];
	u32 len = nptb_burst_fetch(burst, insn);

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

/**
 * nptb_kvm_steps() - have KVM emulate the instructions at RIP
 * @burst: of a vCPU that is not nptb_kvm_barred()
 * @most: how many the burst may have; one is done in any case
 * @done: of the burst; those that are done are added
 * @ret: for KVM_RUN, where one was done: 1 resumes the guest, 0 leaves for user space
 *
 * Context: the vCPU's thread; may sleep; kvm->srcu held.
 * Return: of the last; see &enum nptb_step. NPTB_STEP_REFUSED also where an event is being
 *	delivered, which comes before the instruction.
 */
enum nptb_step nptb_kvm_steps(struct nptb_burst *burst, u32 most, u32 *done, int *ret)
{
	struct kvm_vcpu *vcpu = burst->vcpu;
	unsigned long rflags = static_call(nptb_sc_get_rflags)(vcpu);
	enum nptb_step end = NPTB_STEP_REFUSED;

	if (event_under_way(vcpu) || !nptb_kvm_memory_begin(burst))
		return end;
	do {
		nptb_burst_look(burst, rflags);
		end = step(burst, ret);
		if (end == NPTB_STEP_REFUSED)
			break;
		++*done;
		rflags = static_call(nptb_sc_get_rflags)(vcpu);
	} while (end == NPTB_STEP_DONE && goes_on(burst, rflags, *done < most));
	nptb_kvm_memory_end(vcpu);
	return end;
}
