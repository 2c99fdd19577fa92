// SPDX-License-Identifier: GPL-2.0-only
/*
 * XSAVE and its kin, carried out; see x86/soft/xsave.h. SDM volume 1, chapter 13; AMD64 APM
 * volume 2, section 11.5, and volume 4. Each is run on this CPU, on a buffer, with the
 * guest's registers loaded, and with a mask that the guest's XCR0 allows: in KVM_RUN, but
 * for the guest itself, XCR0 is the host's, which has all that the guest's can have.
 *
 * XSAVEOPT and XSAVES leave out what has not changed since it was restored from the same
 * address. So what is saved and what is restored never have the same address here.
 */
#include <linux/gfp.h>
#include <asm/cpufeature.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/processor.h>

#include "backend.h"
#include "x86/soft/fx.h"
#include "x86/guest_memory.h"
#include "x86/soft/guest_cpuid.h"
#include "x86/soft/step.h"
#include "x86/soft/xsave.h"
#include "x86/soft/xsave_cpu.h"

/* An area: what FXSAVE has, the header, and one component behind the other. */
#define HEADER		NPTB_FX_SIZE
#define STATE_BV	HEADER
#define COMP_BV		(HEADER + 8)
#define COMPONENTS	(HEADER + 64)
#define COMPACTED	BIT_ULL(63)

/* Two areas, the first to restore from, the second to save to. */
#define AREA_ORDER	1

/* Components that are carried out: all that fit in a page, and are not the system's. */
#define KNOWN		(XFEATURE_MASK_FP | XFEATURE_MASK_SSE | XFEATURE_MASK_YMM | \
			 XFEATURE_MASK_BNDREGS | XFEATURE_MASK_BNDCSR | \
			 XFEATURE_MASK_AVX512 | XFEATURE_MASK_PKRU)
/* Those that are not whole outside of 64-bit mode, and which of these we can do there. */
#define PARTED		(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM | XFEATURE_MASK_AVX512)
#define PARTED_KNOWN	(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM)
#define KNOWN_NR	10

/* Registers 8 to 15. */
#define XMM_HIGH	(NPTB_FX_X87 + 8 * NPTB_FX_XMM)
#define HIGH_BYTES	(8 * NPTB_FX_XMM)

/* Error code of a #PF, bit 1: it was a write. APM volume 2, section 8.4.2. */
#define PF_WRITE	BIT(1)

/* Leaf of CPUID that tells where components are. */
#define LEAF_XSTATE		0xd
#define EAX_XSAVES	BIT(3)

/**
 * struct component - a part of the state
 * @size: bytes of it
 * @offset: in an area that is not compacted
 * @aligned: in one that is
 */
struct component {
	u32 size;
	u32 offset;
	bool aligned;
};

static struct component components[KNOWN_NR] __ro_after_init;

/**
 * struct xsave - an instruction, on its way
 * @soft: the vCPU
 * @insn: the instruction
 * @how: which
 * @mask: components that are asked for, and that the guest has
 * @area: two pages: see above
 */
struct xsave {
	struct nptb_soft *soft;
	const struct nptb_insn *insn;
	enum nptb_xsave_how how;
	u64 mask;
	u8 *area;
};

/* Once, at load. */
void nptb_xsave_init(void)
{
	u32 i, eax, ecx, edx;

	if (!boot_cpu_has(X86_FEATURE_XSAVE))
		return;
	for (i = XFEATURE_YMM; i < KNOWN_NR; i++) {
		eax = LEAF_XSTATE;
		ecx = i;
		asm volatile("cpuid" : "+a"(eax), "=b"(components[i].offset), "+c"(ecx),
			     "=d"(edx));
		components[i].size = eax;
		components[i].aligned = ecx & BIT(1);
	}
}

static u8 *to_restore(const struct xsave *x)
{
	return x->area;
}

static u8 *to_save(const struct xsave *x)
{
	return x->area + PAGE_SIZE;
}

static u64 word_at(const u8 *area, u32 at)
{
	u64 value;

	memcpy(&value, area + at, sizeof(value));
	return value;
}

/* Bytes of an area, up to the last of @mask; @format is what it is compacted to, or 0. */
static u32 extent(u64 mask, u64 format)
{
	u32 end = COMPONENTS, at = COMPONENTS, i;

	for (i = XFEATURE_YMM; i < KNOWN_NR; i++) {
		const struct component *c = &components[i];

		if (format && !(format & BIT_ULL(i)))
			continue;
		at = !format ? c->offset : c->aligned ? ALIGN(at, 64) : at;
		if (mask & BIT_ULL(i))
			end = max(end, at + c->size);
		at += c->size;
	}
	return end;
}

static void save(const struct xsave *x, enum nptb_xsave_how how, u8 *area)
{
	nptb_xsave_save(x->soft->ctx, how, nptb_insn_wide(x->insn), area, x->mask);
}

static bool restore(const struct xsave *x, enum nptb_xsave_how how, const u8 *area, u64 mask)
{
	return nptb_xsave_restore(x->soft->ctx, how, nptb_insn_wide(x->insn), area, mask);
}

/* Which of the components are not as they are initially. */
static u64 in_use(const struct xsave *x)
{
	u8 *area = to_save(x);

	memset(area + HEADER, 0, COMPONENTS - HEADER);
	save(x, NPTB_XSAVE, area);
	return word_at(area, STATE_BV);
}

static enum nptb_soft_end linear_of(const struct xsave *x, u32 bytes, bool write, u64 *linear)
{
	enum nptb_soft_end end = nptb_step_linear(x->soft, x->insn, bytes, write, linear);

	if (end == NPTB_SOFT_DONE && *linear & 63)
		return nptb_soft_raise_code(x->soft, NPTB_VECTOR_GP, 0);
	return end;
}

/* Outside of 64-bit mode registers 8 to 15 are left alone: what is there is @from's. */
static void keep_high(const struct xsave *x, u8 *area, const u8 *from, u64 format)
{
	u32 ymm = format ? COMPONENTS : components[XFEATURE_YMM].offset;

	if (nptb_soft_64(x->soft))
		return;
	memcpy(area + XMM_HIGH, from + XMM_HIGH, HIGH_BYTES);
	if (x->mask & XFEATURE_MASK_YMM)
		memcpy(area + ymm + HIGH_BYTES, from + ymm + HIGH_BYTES, HIGH_BYTES);
}

/* What it leaves as it is, is read before, and written back. */
static enum nptb_soft_end do_save(struct xsave *x)
{
	u64 format = x->how == NPTB_XSAVEC || x->how == NPTB_XSAVES ? x->mask : 0, linear;
	u32 bytes = extent(x->how == NPTB_XSAVE ? x->mask : in_use(x), format);
	struct nptb_soft *soft = x->soft;
	u8 *area = to_save(x), *was = to_restore(x);
	enum nptb_soft_end end = linear_of(x, bytes, true, &linear);

	if (end == NPTB_SOFT_DONE)
		end = nptb_kvm_may_write_linear(soft->ctx, linear, bytes, &soft->raised);
	if (end == NPTB_SOFT_UNABLE)
		soft->reason = NPTB_REASON_MEMORY;
	if (end == NPTB_SOFT_DONE)
		end = nptb_soft_read(soft, linear, area, bytes, false);
	if (end == NPTB_SOFT_RAISED && soft->raised.vector == NPTB_VECTOR_PF)
		soft->raised.code |= PF_WRITE;
	if (end != NPTB_SOFT_DONE)
		return end;
	memcpy(was, area, bytes);
	save(x, x->how, area);
	keep_high(x, area, was, format);
	return nptb_soft_write(soft, linear, area, bytes, false);
}

/*
 * What the CPU checks by the guest's XCR0: SDM volume 1, section 13.8.1 and 13.12. The
 * rest it checks here as well.
 */
static bool is_right(const struct xsave *x, u64 state, u64 format)
{
	u64 have = x->soft->xcr0;

	if (!(format & COMPACTED))
		return x->how == NPTB_XRSTOR && !format && !(state & ~have);
	return boot_cpu_has(X86_FEATURE_XSAVEC) && !(format & ~COMPACTED & ~have) &&
	       !(state & ~format);
}

/*
 * In an area that is not compacted, outside of 64-bit mode: what registers 8 to 15 hold
 * comes back after it.
 */
static bool restore_low(struct xsave *x)
{
	u8 *area = to_save(x), *now = to_restore(x);
	u64 parted = x->mask & PARTED_KNOWN, before, after;

	/* XSAVE writes these, whether in use or not. */
	memset(area + HEADER, 0, COMPONENTS - HEADER);
	save(x, NPTB_XSAVE, area);
	before = word_at(area, STATE_BV);
	if (!restore(x, x->how, now, x->mask))
		return false;
	memset(now + HEADER, 0, COMPONENTS - HEADER);
	save(x, NPTB_XSAVE, now);
	after = word_at(now, STATE_BV);
	keep_high(x, now, area, 0);
	after |= before & parted;
	memcpy(now + STATE_BV, &after, sizeof(after));
	return restore(x, NPTB_XRSTOR, now, parted);
}

/* The header comes first: it tells what else is read. */
static enum nptb_soft_end do_restore(struct xsave *x)
{
	struct nptb_soft *soft = x->soft;
	u8 *area = to_restore(x);
	enum nptb_soft_end end;
	u64 linear, state, format;
	u32 bytes;
	bool ok;

	end = linear_of(x, COMPONENTS, false, &linear);
	if (end == NPTB_SOFT_DONE)
		end = nptb_soft_read(soft, linear, area, COMPONENTS, false);
	if (end != NPTB_SOFT_DONE)
		return end;
	state = word_at(area, STATE_BV);
	format = word_at(area, COMP_BV);
	if (!is_right(x, state, format))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	bytes = extent(state & x->mask, format & ~COMPACTED);
	end = linear_of(x, bytes, false, &linear);
	if (end == NPTB_SOFT_DONE && bytes > COMPONENTS)
		end = nptb_soft_read(soft, linear + COMPONENTS, area + COMPONENTS,
				     bytes - COMPONENTS, false);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (!nptb_soft_64(soft) && x->mask & PARTED)
		ok = restore_low(x);
	else
		ok = restore(x, x->how, area, x->mask);
	return ok ? NPTB_SOFT_DONE : nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
}

/* XGETBV with ECX 1. */
static enum nptb_soft_end do_xgetbv(struct xsave *x)
{
	struct nptb_soft *soft = x->soft;
	u64 value = nptb_xsave_in_use(soft->ctx, soft->xcr0);

	soft->state.gpr[0] = (u32)value;
	soft->state.gpr[2] = value >> 32;
	return NPTB_SOFT_DONE;
}

/* Which one: by group 15 and group 9 of opcodes, with no prefix. APM volume 3, table A-6. */
static bool how_of(const struct nptb_insn *insn, enum nptb_xsave_how *how)
{
	static const struct {
		u8 op;
		u8 reg;
		enum nptb_xsave_how how;
	} known[] = {
		{ 0xae, 4, NPTB_XSAVE }, { 0xae, 5, NPTB_XRSTOR }, { 0xae, 6, NPTB_XSAVEOPT },
		{ 0xc7, 3, NPTB_XRSTORS }, { 0xc7, 4, NPTB_XSAVEC }, { 0xc7, 5, NPTB_XSAVES },
	};
	u32 i;

	if (insn->map != 1 || insn->rep || insn->opsize)
		return false;
	if (insn->op == 0x01 && insn->modrm == 0xd0) {
		*how = NPTB_XGETBV;
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(known) && insn->is_memory; i++) {
		if (known[i].op != insn->op || known[i].reg != (insn->modrm >> 3 & 7))
			continue;
		*how = known[i].how;
		return true;
	}
	return false;
}

/* Where the guest's CPUID has it not, KVM has VT-x make it undefined. */
static bool is_hidden(const struct kvm_vcpu *vcpu, enum nptb_xsave_how how)
{
	const struct kvm_cpuid_entry2 *entry;

	if ((how != NPTB_XSAVES && how != NPTB_XRSTORS) || !boot_cpu_has(X86_FEATURE_VMX))
		return false;
	entry = nptb_guest_cpuid(vcpu, LEAF_XSTATE, 1);
	return !entry || !(entry->eax & EAX_XSAVES);
}

static bool is_there(enum nptb_xsave_how how)
{
	static const u16 feature[] = {
		[NPTB_XSAVE] = X86_FEATURE_XSAVE, [NPTB_XSAVEOPT] = X86_FEATURE_XSAVEOPT,
		[NPTB_XSAVEC] = X86_FEATURE_XSAVEC, [NPTB_XSAVES] = X86_FEATURE_XSAVES,
		[NPTB_XRSTOR] = X86_FEATURE_XSAVE, [NPTB_XRSTORS] = X86_FEATURE_XSAVES,
		[NPTB_XGETBV] = X86_FEATURE_XGETBV1,
	};

	return boot_cpu_has(feature[how]);
}

static enum nptb_soft_end allowed(const struct xsave *x)
{
	const struct kvm_vcpu *vcpu = x->soft->ctx;
	struct nptb_soft *soft = x->soft;
	u64 asked = (u32)soft->state.gpr[0] | soft->state.gpr[2] << 32;
	bool system = x->how == NPTB_XSAVES || x->how == NPTB_XRSTORS;

	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (x->insn->lock || !(soft->state.cr4 & NPTB_CR4_OSXSAVE) ||
	    (x->how != NPTB_XGETBV && !is_there(x->how)) || is_hidden(vcpu, x->how))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (x->how == NPTB_XGETBV)
		return is_there(NPTB_XGETBV) ? NPTB_SOFT_DONE :
					  nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if (soft->state.cr0 & X86_CR0_TS)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	if (system && soft->machine.cpl)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if ((system && vcpu->arch.ia32_xss & asked) ||
	    (!nptb_soft_64(soft) && (x->how == NPTB_XSAVEC || x->how == NPTB_XSAVES || system ||
				     x->mask & PARTED & ~PARTED_KNOWN)))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end carry_out(struct xsave *x)
{
	enum nptb_soft_end end;

	if (x->how == NPTB_XGETBV)
		return do_xgetbv(x);
	x->area = (u8 *)__get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO, AREA_ORDER);
	if (!x->area)
		return nptb_soft_unable(x->soft, NPTB_REASON_MEMORY);
	end = x->how == NPTB_XRSTOR || x->how == NPTB_XRSTORS ? do_restore(x) : do_save(x);
	free_pages((unsigned long)x->area, AREA_ORDER);
	return end;
}

/**
 * nptb_xsave_is() - is it one of these?
 * @insn: decoded
 */
bool nptb_xsave_is(const struct nptb_insn *insn)
{
	enum nptb_xsave_how unused;

	return how_of(insn, &unused);
}

/**
 * nptb_xsave_step() - carry out XSAVE or one of its kin
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, and nptb_xsave_is() one
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_xsave_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	struct xsave x = { .soft = soft, .insn = insn };
	enum nptb_soft_end end;

	if (!how_of(insn, &x.how) || soft->xcr0 & ~KNOWN)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	x.mask = ((u32)soft->state.gpr[0] | soft->state.gpr[2] << 32) & soft->xcr0;
	end = allowed(&x);
	/* All that the guest's XCR0 has, the host's has: KVM sees to that. */
	if (end == NPTB_SOFT_DONE && soft->xcr0 & ~xgetbv(0))
		end = nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (end == NPTB_SOFT_DONE)
		end = carry_out(&x);
	if (end == NPTB_SOFT_DONE)
		nptb_step_advance(soft, insn);
	return end;
}
