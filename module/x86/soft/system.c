// SPDX-License-Identifier: GPL-2.0-only
/* Instructions that ask the CPU or KVM for something; see x86/soft/system.h. */
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/guest_memory.h"
#include "x86/soft/guest_cpuid.h"
#include "x86/soft/step.h"
#include "x86/soft/system.h"

#define RAX	0
#define RCX	1
#define RDX	2

/* What RDRAND and RDSEED set and clear. */
#define ARITHMETIC	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | \
			 X86_EFLAGS_SF | X86_EFLAGS_OF)

/* INVPCID: an address, all of a PCID, all, all but what is global. */
#define INVPCID_ADDRESS	0
#define INVPCID_ONE	1
#define INVPCID_LAST	3
#define PCID_MASK	0xfffULL

/* CPUID: APM volume 3, appendix E. */
#define CPUID_1_ECX_RDRAND	BIT(30)
#define CPUID_7_EBX_INVPCID	BIT(10)
#define CPUID_7_EBX_RDSEED	BIT(18)

/**
 * struct known - an instruction
 * @map: see &nptb_insn.map
 * @op: opcode
 * @mask: bits of ModRM that tell it from others
 * @modrm: their values
 * @opsize: it needs 66; none has F2 or F3
 * @memory: ModRM.rm has to name memory; or else a register
 * @any_size: 66 makes it no other
 * @feature: of the CPU
 * @run: carries it out
 */
struct known {
	u8 map;
	u8 op;
	u8 mask;
	u8 modrm;
	bool opsize;
	bool memory;
	bool any_size;
	u16 feature;
	enum nptb_soft_end (*run)(struct nptb_soft *soft, const struct nptb_insn *insn);
};

static u32 random(bool seed, u64 *value)
{
	bool ok;

	if (seed)
		asm volatile("rdseed %0" : "=r"(*value), "=@ccc"(ok));
	else
		asm volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
	return ok ? X86_EFLAGS_CF : 0;
}

/* Whether there is one is what the CPU says at once, as to the guest. */
static enum nptb_soft_end rdrand(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	bool wide = soft->machine.seg[NPTB_SEG_CS].attr & NPTB_ATTR_DB || nptb_soft_64(soft);
	u64 *to = &soft->state.gpr[nptb_insn_rm(insn)], value;
	u32 carry = random((insn->modrm >> 3 & 7) == 7, &value);

	if (!carry)
		value = 0;
	if (nptb_insn_wide(insn))
		*to = value;
	else if (wide != insn->opsize)
		*to = (u32)value;
	else
		*to = (*to & ~0xffffULL) | (u16)value;
	soft->state.rflags = (soft->state.rflags & ~ARITHMETIC) | carry;
	return NPTB_SOFT_DONE;
}

/* In the guest alone it is in its register. */
static enum nptb_soft_end pkru(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	struct kvm_vcpu *vcpu = soft->ctx;
	u64 *gpr = soft->state.gpr;

	if (!(soft->state.cr4 & X86_CR4_PKE))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if ((u32)gpr[RCX] || (insn->modrm & 1 && (u32)gpr[RDX]))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if (insn->modrm & 1) {
		vcpu->arch.pkru = gpr[RAX];
	} else {
		gpr[RAX] = vcpu->arch.pkru;
		gpr[RDX] = 0;
	}
	return NPTB_SOFT_DONE;
}

static bool invpcid_right(const struct nptb_soft *soft, u64 type, const u64 *descriptor)
{
	if (type > INVPCID_LAST || descriptor[0] & ~PCID_MASK)
		return false;
	if (type <= INVPCID_ONE && descriptor[0] && !(soft->state.cr4 & X86_CR4_PCIDE))
		return false;
	return type != INVPCID_ADDRESS || nptb_soft_canonical(soft, descriptor[1]);
}

/* More than it says is invalidated. Under shadow paging KVM has to know what. */
static enum nptb_soft_end invpcid(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	u64 type = soft->state.gpr[nptb_insn_reg(insn)], descriptor[2], linear;
	enum nptb_soft_end end;

	if (!nptb_soft_64(soft))
		type = (u32)type;
	if (soft->machine.cpl)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if (!nptb_kvm_direct(soft->ctx))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	end = nptb_step_linear(soft, insn, sizeof(descriptor), false, &linear);
	if (end == NPTB_SOFT_DONE)
		end = nptb_soft_read(soft, linear, descriptor, sizeof(descriptor), false);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (!invpcid_right(soft, type, descriptor))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	kvm_make_request(KVM_REQ_TLB_FLUSH_GUEST, (struct kvm_vcpu *)soft->ctx);
	return NPTB_SOFT_DONE;
}

/* It may do nothing, but it faults as a load does. */
static enum nptb_soft_end write_back(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	enum nptb_soft_end end;
	u64 linear;
	u8 unused;

	end = nptb_step_linear(soft, insn, 1, false, &linear);
	if (end == NPTB_SOFT_DONE)
		end = nptb_soft_read(soft, linear, &unused, sizeof(unused), false);
	return end;
}

static const struct known known[] = {
	{ 1, 0x01, 0xff, 0xee, .feature = X86_FEATURE_PKU, .run = pkru },
	{ 1, 0x01, 0xff, 0xef, .feature = X86_FEATURE_PKU, .run = pkru },
	{ 1, 0xae, 0x38, 0x30, .opsize = true, .memory = true, .feature = X86_FEATURE_CLWB,
	  .run = write_back },
	{ 1, 0xc7, 0x38, 0x30, .any_size = true, .feature = X86_FEATURE_RDRAND, .run = rdrand },
	{ 1, 0xc7, 0x38, 0x38, .any_size = true, .feature = X86_FEATURE_RDSEED, .run = rdrand },
	{ 2, 0x82, .opsize = true, .memory = true, .feature = X86_FEATURE_INVPCID,
	  .run = invpcid },
};

static const struct known *known_of(const struct nptb_insn *insn)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		const struct known *k = &known[i];

		if (k->map == insn->map && k->op == insn->op && !insn->rep &&
		    (insn->modrm & k->mask) == k->modrm && k->memory == insn->is_memory &&
		    (k->any_size || k->opsize == insn->opsize))
			return k;
	}
	return NULL;
}

/*
 * Where the guest's CPUID has it not, KVM has VT-x make it undefined, and INVPCID on every
 * CPU. SDM volume 3C, section 24.6.2.
 */
static bool is_hidden(const struct kvm_vcpu *vcpu, u16 feature)
{
	const struct kvm_cpuid_entry2 *one = nptb_guest_cpuid(vcpu, 1, 0);
	const struct kvm_cpuid_entry2 *seven = nptb_guest_cpuid(vcpu, 7, 0);

	switch (feature) {
	case X86_FEATURE_INVPCID:
		return !seven || !(seven->ebx & CPUID_7_EBX_INVPCID);
	case X86_FEATURE_RDSEED:
		return boot_cpu_has(X86_FEATURE_VMX) &&
		       (!seven || !(seven->ebx & CPUID_7_EBX_RDSEED));
	case X86_FEATURE_RDRAND:
		return boot_cpu_has(X86_FEATURE_VMX) &&
		       (!one || !(one->ecx & CPUID_1_ECX_RDRAND));
	}
	return false;
}

/**
 * nptb_system_is() - is it one of these?
 * @insn: decoded
 */
bool nptb_system_is(const struct nptb_insn *insn)
{
	return known_of(insn);
}

/**
 * nptb_system_step() - carry out an instruction that asks the CPU or KVM for something
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, and nptb_system_is() one
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_system_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	const struct known *k = known_of(insn);
	enum nptb_soft_end end;

	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (insn->lock || !boot_cpu_has(k->feature) || is_hidden(soft->ctx, k->feature))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	end = k->run(soft, insn);
	if (end == NPTB_SOFT_DONE)
		nptb_step_advance(soft, insn);
	return end;
}
