// SPDX-License-Identifier: GPL-2.0-only
/* Instructions that KVM's emulator lacks. Pure; see x86/soft/step.h. */
#include "lib/pure.h"
#include "x86/soft/event.h"
#include "x86/soft/iret.h"
#include "x86/soft/step.h"

#define RAX	0
#define RCX	1
#define RDX	2
#define R11	11

#define MSR_TSC			0x10
#define MSR_STAR		0xc0000081
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103

/* In XCR0: bounds registers, and their configuration. */
#define XCR0_MPX		0x18

/* RIP, cut to the width of the mode: APM volume 1, section 2.5. */
void nptb_step_advance(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	soft->state.rip += insn->len;
	if (!nptb_soft_64(soft))
		soft->state.rip &= 0xffffffff;
	soft->state.rflags &= ~NPTB_RFLAGS_RF;
}

/* Fences and hints: that all before them is done is seen to when a step is committed. */
static enum nptb_soft_end nothing(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	nptb_step_advance(soft, insn);
	return NPTB_SOFT_DONE;
}

/* Those of MPX are hints where XCR0 does not have it: Intel's SDM, volume 2, BNDMK. */
static enum nptb_soft_end hint(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	if (soft->xcr0 & XCR0_MPX && (insn->op == 0x1a || insn->op == 0x1b))
		return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
	return nothing(soft, insn);
}

static enum nptb_soft_end undefined(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	(void)insn;
	return nptb_soft_raise(soft, NPTB_VECTOR_UD);
}

static enum nptb_soft_end swapgs(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	u64 *base = &soft->machine.seg[NPTB_SEG_GS].base, kernel;

	if (!nptb_soft_64(soft))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->machine.cpl)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if (!soft->ops->msr(soft->ctx, MSR_KERNEL_GS_BASE, &kernel))
		return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
	soft->kernel_gs = *base;
	soft->has_kernel_gs = true;
	*base = kernel;
	return nothing(soft, insn);
}

static enum nptb_soft_end rdtscp(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	u64 tsc, aux;

	if (soft->state.cr4 & NPTB_CR4_TSD && soft->machine.cpl)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if (!soft->ops->msr(soft->ctx, MSR_TSC_AUX, &aux))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (!soft->ops->msr(soft->ctx, MSR_TSC, &tsc))
		return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
	soft->state.gpr[RAX] = (u32)tsc;
	soft->state.gpr[RDX] = tsc >> 32;
	soft->state.gpr[RCX] = (u32)aux;
	return nothing(soft, insn);
}

static enum nptb_soft_end xgetbv(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	if (!(soft->state.cr4 & NPTB_CR4_OSXSAVE))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	/* What is in use is known to the CPU alone: see x86/xsave.c. */
	if ((u32)soft->state.gpr[RCX] == 1)
		return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
	if ((u32)soft->state.gpr[RCX])
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	soft->state.gpr[RAX] = (u32)soft->xcr0;
	soft->state.gpr[RDX] = soft->xcr0 >> 32;
	return nothing(soft, insn);
}

static enum nptb_soft_end clac_stac(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	/* Whether a CPU without SMAP knows them is for that CPU to say. */
	if (!(soft->state.cr4 & NPTB_CR4_SMAP))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (soft->machine.cpl)
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	soft->state.rflags &= ~NPTB_RFLAGS_AC;
	if (insn->modrm & 1)
		soft->state.rflags |= NPTB_RFLAGS_AC;
	return nothing(soft, insn);
}

/* INT n, INT3, INTO: to return behind it. */
static enum nptb_soft_end interrupt(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	struct nptb_delivery event = {
		.vector = insn->op == 0xcd ? insn->imm :
			  insn->op == 0xcc ? NPTB_VECTOR_BP : NPTB_VECTOR_OF,
		.soft = true, .rip = soft->state.rip + insn->len,
	};

	if (insn->op == 0xce && nptb_soft_64(soft))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (insn->op == 0xce && !(soft->state.rflags & NPTB_RFLAGS_OF))
		return nothing(soft, insn);
	return nptb_event_deliver(soft, &event);
}

static enum nptb_soft_end iret(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	bool wide = soft->machine.seg[NPTB_SEG_CS].attr & NPTB_ATTR_DB;

	/* KVM's emulator has those of real mode. */
	if (nptb_soft_real(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (nptb_soft_64(soft))
		return nptb_iret(soft, nptb_insn_wide(insn) ? 8 : insn->opsize ? 2 : 4);
	return nptb_iret(soft, wide != insn->opsize ? 4 : 2);
}

/* The segments of SYSRET have no descriptors: they are flat. */
static enum nptb_soft_end sysret(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	bool wide = nptb_insn_wide(insn);
	struct nptb_segment *cs = &soft->machine.seg[NPTB_SEG_CS];
	struct nptb_segment *ss = &soft->machine.seg[NPTB_SEG_SS];
	u64 changed = wide ? ~0ULL : 0xffffffffULL, star;
	u64 gone = NPTB_RFLAGS_RF | NPTB_RFLAGS_VM;

	if (!(soft->state.efer & NPTB_EFER_SCE) || nptb_soft_real(soft))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->machine.cpl)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if (soft->state.cr4 & NPTB_CR4_CET || !soft->ops->msr(soft->ctx, MSR_STAR, &star))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	star >>= 48;
	/* Outside of long mode RFLAGS.IF alone changes. */
	if (!nptb_soft_long(soft))
		soft->state.rflags |= NPTB_RFLAGS_IF;
	else
		soft->state.rflags = (soft->state.gpr[R11] & 0x3f7fd5 & ~gone) |
				     NPTB_RFLAGS_FIXED;
	soft->state.rip = soft->state.gpr[RCX] & changed;
	*cs = (struct nptb_segment){
		.selector = (star + (wide ? 16 : 0)) | 3, .limit = 0xffffffff,
		.attr = NPTB_ATTR_CODE | NPTB_ATTR_WRITABLE | NPTB_ATTR_ACCESSED |
			NPTB_ATTR_S | 3 << NPTB_ATTR_DPL_SHIFT | NPTB_ATTR_P | NPTB_ATTR_G |
			(wide ? NPTB_ATTR_L : NPTB_ATTR_DB),
	};
	/* The rest of SS stays as it is: volume 3, SYSRET. */
	ss->selector = (star + 8) | 3;
	ss->attr |= 3 << NPTB_ATTR_DPL_SHIFT;
	soft->machine.cpl = 3;
	return NPTB_SOFT_DONE;
}

/*
 * An instruction.
 * @map: see &nptb_insn.map
 * @op: opcode
 * @mask: bits of ModRM that tell it from others; 0 where it has none
 * @modrm: their values
 * @rep: it needs F3; or else it must have none
 * @run: carries it out
 */
static const struct known {
	u8 map;
	u8 op;
	u8 mask;
	u8 modrm;
	bool rep;
	enum nptb_soft_end (*run)(struct nptb_soft *soft, const struct nptb_insn *insn);
} known[] = {
	{ 0, 0x90, .rep = true, .run = nothing },			/* PAUSE */
	{ 0, 0xcc, .run = interrupt },
	{ 0, 0xcd, .run = interrupt },
	{ 0, 0xce, .run = interrupt },
	{ 0, 0xcf, .run = iret },
	{ 1, 0x01, 0xff, 0xca, .run = clac_stac },
	{ 1, 0x01, 0xff, 0xcb, .run = clac_stac },
	{ 1, 0x01, 0xff, 0xd0, .run = xgetbv },
	{ 1, 0x01, 0xff, 0xf8, .run = swapgs },
	{ 1, 0x01, 0xff, 0xf9, .run = rdtscp },
	{ 1, 0x07, .run = sysret },
	{ 1, 0x0b, .run = undefined },					/* UD2 */
	{ 1, 0x19, .rep = true, .run = hint },
	{ 1, 0x19, .run = hint },
	{ 1, 0x1a, .rep = true, .run = hint },
	{ 1, 0x1a, .run = hint },
	{ 1, 0x1b, .rep = true, .run = hint },
	{ 1, 0x1b, .run = hint },
	{ 1, 0x1c, .rep = true, .run = hint },
	{ 1, 0x1c, .run = hint },
	{ 1, 0x1d, .rep = true, .run = hint },
	{ 1, 0x1d, .run = hint },
	{ 1, 0x1e, .rep = true, .run = hint },				/* ENDBR is among them */
	{ 1, 0x1e, .run = hint },
	{ 1, 0x1f, .rep = true, .run = hint },				/* NOP */
	{ 1, 0x1f, .run = hint },
	{ 1, 0xae, 0xf8, 0xe8, .run = nothing },			/* LFENCE */
	{ 1, 0xae, 0xf8, 0xf0, .run = nothing },			/* MFENCE */
	{ 1, 0xae, 0xf8, 0xf8, .run = nothing },			/* SFENCE */
	{ }
};

static bool is(const struct known *k, const struct nptb_insn *insn)
{
	bool rep = insn->rep == 0xf3;

	if (k->map != insn->map || k->op != insn->op || k->rep != rep)
		return false;
	/* A group's other prefixes are other instructions. */
	if (k->mask && (insn->opsize || insn->rep))
		return false;
	return (insn->modrm & k->mask) == k->modrm;
}

/**
 * nptb_step_insn() - carry out an instruction
 * @soft: the vCPU, at the instruction
 * @insn: decoded
 *
 * An exception that it raises is delivered.
 *
 * Return: %NPTB_SOFT_DONE, or %NPTB_SOFT_UNABLE.
 */
enum nptb_soft_end nptb_step_insn(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	const struct known *k;
	enum nptb_soft_end end;

	for (k = known; k->run; k++) {
		if (!is(k, insn))
			continue;
		end = insn->lock ? nptb_soft_raise(soft, NPTB_VECTOR_UD) : k->run(soft, insn);
		return end == NPTB_SOFT_RAISED ? nptb_event_raise(soft) : end;
	}
	return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
}

bool nptb_step_is_iret(const struct nptb_insn *insn)
{
	return !insn->map && insn->op == 0xcf;
}

/* It is CMPXCHG8B without REX.W, which KVM's emulator has. */
bool nptb_step_is_cmpxchg16b(const struct nptb_insn *insn)
{
	return insn->map == 1 && insn->op == 0xc7 && (insn->modrm >> 3 & 7) == 1 &&
	       insn->is_memory && nptb_insn_wide(insn);
}

/**
 * nptb_step_linear() - the linear address of an instruction's operand
 * @soft: the vCPU
 * @insn: with an operand in memory
 * @len: bytes of it
 * @write: it is written
 * @linear: set
 *
 * AMD64 APM volume 2, sections 4.5.3 and 4.12, and 1.1.3 for what is canonical.
 *
 * Return: see &enum nptb_soft_end.
 */
enum nptb_soft_end nptb_step_linear(struct nptb_soft *soft, const struct nptb_insn *insn,
				    u32 len, bool write, u64 *linear)
{
	const struct nptb_segment *seg = &soft->machine.seg[insn->segment];
	u8 vector = insn->segment == NPTB_SEG_SS ? NPTB_VECTOR_SS : NPTB_VECTOR_GP;
	bool code = seg->attr & NPTB_ATTR_CODE;

	if (nptb_soft_64(soft)) {
		*linear = insn->ea;
		if (insn->segment == NPTB_SEG_FS || insn->segment == NPTB_SEG_GS)
			*linear += seg->base;
		if (nptb_soft_canonical(soft, *linear) &&
		    nptb_soft_canonical(soft, *linear + len - 1))
			return NPTB_SOFT_DONE;
		return nptb_soft_raise_code(soft, vector, 0);
	}
	*linear = (u32)(seg->base + insn->ea);
	/* For code, bit 1 tells whether it may be read: table 4-3. */
	if (!nptb_soft_real(soft) &&
	    (!(seg->attr & NPTB_ATTR_P) || (write && (code || !(seg->attr & NPTB_ATTR_WRITABLE))) ||
	     (code && !(seg->attr & NPTB_ATTR_WRITABLE))))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	if (!nptb_soft_in_limit(seg, insn->ea, len))
		return nptb_soft_raise_code(soft, vector, 0);
	return NPTB_SOFT_DONE;
}
