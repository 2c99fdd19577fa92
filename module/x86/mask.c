// SPDX-License-Identifier: GPL-2.0-only
/* Progress that only a mask register shows; see emulator.h. */
#include "backend.h"
#include "emulator.h"
#include "x86/insn.h"
#include "x86/soft/guest_fpu.h"

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
