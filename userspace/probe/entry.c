// SPDX-License-Identifier: GPL-2.0-only
/* The state in which a vCPU enters a case. */
#include <stddef.h>
#include <string.h>

#include "base/util.h"
#include "host.h"
#include "vmm.h"

#define CR0_PE		BIT_ULL(0)
#define CR0_MP		BIT_ULL(1)
#define CR0_ET		BIT_ULL(4)
#define CR0_NE		BIT_ULL(5)
#define CR0_PG		BIT_ULL(31)
#define CR4_PSE		BIT_ULL(4)
#define CR4_PAE		BIT_ULL(5)
#define CR4_OSFXSR	BIT_ULL(9)
#define CR4_OSXMMEXCPT	BIT_ULL(10)
#define CR4_LA57	BIT_ULL(12)
#define CR4_OSXSAVE	BIT_ULL(18)
#define EFER_SCE	BIT_ULL(0)
#define EFER_LME	BIT_ULL(8)
#define EFER_LMA	BIT_ULL(10)
#define RFLAGS_ONE	BIT_ULL(1)
#define RFLAGS_IF	BIT_ULL(9)
#define RFLAGS_IOPL3	(BIT_ULL(12) | BIT_ULL(13))

static void flat(const struct probe_layout *l, struct kvm_segment *seg, bool code)
{
	uint8_t cpl = l->c->cpl;

	*seg = (struct kvm_segment) {
		.limit = 0xffffffff,
		.type = code ? 11 : 3,
		.present = 1, .s = 1, .g = 1, .dpl = cpl,
		.db = l->m->bits == 32 || (l->m->bits == 64 && !code),
		.l = l->m->bits == 64 && code,
	};
	if (l->m->bits == 16)
		return;
	if (code)
		seg->selector = probe_selector(l, cpl ? P_CS3 : P_CS0) | cpl;
	else
		seg->selector = probe_selector(l, cpl ? P_SS3 : P_SS0) | cpl;
}

/* Real mode's segments have limits of 4 GiB, so that one text fits all, or 64 KiB. */
static void segments(const struct probe_layout *l, struct kvm_sregs *s)
{
	struct kvm_segment *all[] = { &s->cs, &s->ds, &s->es, &s->fs, &s->gs, &s->ss };
	size_t i;

	flat(l, &s->cs, true);
	flat(l, &s->ds, false);
	s->es = s->fs = s->gs = s->ss = s->ds;
	s->cs.base = l->cs_base;
	s->ss.base = l->ss_base;
	if (l->m->bits == 16) {
		s->cs.selector = (uint16_t)(l->cs_base >> 4);
		s->ss.selector = (uint16_t)(l->ss_base >> 4);
	}
	if (!l->m->small)
		return;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		all[i]->limit = 0xffff;
		all[i]->g = 0;
	}
}

static void tables(const struct probe_layout *l, struct kvm_sregs *s)
{
	s->gdt.base = l->gdt;
	s->gdt.limit = l->m->bits == 16 ? 0 : 0xffff;
	/* Without a vector of the case's own, an exception is a shutdown. */
	s->idt.base = l->idt;
	s->idt.limit = l->part[P_IDT].size ? 0xfff : 0;
	s->tr = (struct kvm_segment) {
		.base = l->c->ltr ? 0 : l->tss, .limit = 0x67, .present = 1,
		/*
		 * Busy, and VT-x takes no other (SDM, volume 3C, section 26.3.1.2); but on
		 * AMD's CPUs QEMU 7.2 takes none but an available one before long mode.
		 */
		.type = l->m->bits == 64 || host_intel() ? 11 : 9,
		.selector = l->m->bits == 16 ? 0 : probe_selector(l, P_TSSD),
	};
	s->ldt = (struct kvm_segment) {
		.base = l->ldt, .limit = 0xff, .type = 2, .present = l->ldt != 0,
		.unusable = !l->ldt,
		.selector = l->ldt ? probe_selector(l, P_LDTD) : 0,
	};
}

/**
 * vmm_entry_sregs() - segments, tables and control registers of the mode
 * @l: the case in its mode
 * @s: as the vCPU has them; changed
 */
void vmm_entry_sregs(const struct probe_layout *l, struct kvm_sregs *s)
{
	segments(l, s);
	tables(l, s);
	s->cr0 = CR0_ET | CR0_NE | CR0_MP;
	s->cr3 = l->cr3;
	s->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT | l->c->cr4;
	if (l->c->feature == F_AVX || l->c->feature == F_AVX2)
		s->cr4 |= CR4_OSXSAVE;
	s->efer = EFER_SCE;
	if (l->m->bits != 16)
		s->cr0 |= CR0_PE;
	if (l->m->nlevels)
		s->cr0 |= CR0_PG;
	if (l->m->entry == 8)
		s->cr4 |= CR4_PAE;
	else if (l->m->nlevels == 1)
		s->cr4 |= CR4_PSE;
	if (l->m->nlevels && l->m->levels[0].shift == 48)
		s->cr4 |= CR4_LA57;
	if (l->m->bits == 64)
		s->efer |= EFER_LME | EFER_LMA;
	memset(s->interrupt_bitmap, 0, sizeof(s->interrupt_bitmap));
}

static const size_t reg_offsets[R_NR] = {
	[R_AX] = offsetof(struct kvm_regs, rax), [R_BX] = offsetof(struct kvm_regs, rbx),
	[R_CX] = offsetof(struct kvm_regs, rcx), [R_DX] = offsetof(struct kvm_regs, rdx),
	[R_SI] = offsetof(struct kvm_regs, rsi), [R_DI] = offsetof(struct kvm_regs, rdi),
	[R_BP] = offsetof(struct kvm_regs, rbp), [R_SP] = offsetof(struct kvm_regs, rsp),
	[R_R8] = offsetof(struct kvm_regs, r8), [R_R9] = offsetof(struct kvm_regs, r9),
	[R_R10] = offsetof(struct kvm_regs, r10), [R_R11] = offsetof(struct kvm_regs, r11),
};

/**
 * vmm_reg() - a general register
 * @r: all of them
 * @reg: which
 *
 * Return: its value.
 */
uint64_t vmm_reg(const struct kvm_regs *r, enum probe_reg reg)
{
	uint64_t value;

	memcpy(&value, (const char *)r + reg_offsets[reg], sizeof(value));
	return value;
}

static void set_reg(struct kvm_regs *r, enum probe_reg reg, uint64_t value)
{
	memcpy((char *)r + reg_offsets[reg], &value, sizeof(value));
}

static enum probe_reg pointer_to(enum probe_part part)
{
	switch (part) {
	case P_BX:
		return R_BX;
	case P_SI:
		return R_SI;
	case P_DI:
		return R_DI;
	case P_BP:
		return R_BP;
	default:
		return R_NONE;
	}
}

/**
 * vmm_entry_regs() - general registers at the case's entry
 * @l: the case in its mode
 * @r: to fill in
 *
 * An operand's register points to it; what the case sets comes after that.
 */
void vmm_entry_regs(const struct probe_layout *l, struct kvm_regs *r)
{
	const struct probe_case *c = l->c;
	unsigned int i;

	*r = (struct kvm_regs) {
		.rip = l->part[P_CODE].lin - l->cs_base,
		.rsp = l->sp ? l->sp - l->ss_base : 0,
		/* A case that ends in ring 3 ends with OUT. */
		.rflags = RFLAGS_ONE | RFLAGS_IOPL3 | (c->inject == INJECT_IRQ ? RFLAGS_IF : 0),
	};
	for (i = 0; i < PROBE_OPS; i++)
		if (c->op[i].size)
			set_reg(r, pointer_to(c->op[i].part),
				l->part[c->op[i].part].lin + (uint64_t)c->op[i].adjust);
	for (i = 0; i < PROBE_SETS && c->set[i].reg; i++)
		set_reg(r, c->set[i].reg, probe_value(l, &c->set[i].val));
	/* A 32-bit guest cannot have more. */
	if (l->m->bits == 64)
		return;
	for (i = R_AX; i <= R_SP; i++)
		set_reg(r, i, (uint32_t)vmm_reg(r, i));
}

/* Offsets of the XSAVE area: AMD64 APM volume 2, section 11.5.2, volume 4. */
#define FCW		0
#define MXCSR		24
#define XMM(n)		(160 + (n) * 16)
#define XSTATE_BV	512
#define YMM_HIGH(n)	(576 + (n) * 16)

/**
 * vmm_entry_xsave() - vector registers at the case's entry
 * @x: to fill in
 * @avx: the guest has AVX
 *
 * (x/y)mm1 and 3 are all ones, masks; mm2 counts pages, 0, 4096, 8192, ...;
 * mm0 is zero; the others hold a pattern.
 */
void vmm_entry_xsave(struct kvm_xsave *x, bool avx)
{
	uint8_t *area = (uint8_t *)x->region;
	uint16_t fcw = 0x37f;
	uint32_t mxcsr = 0x1f80, lane, i;
	uint64_t bv = avx ? 7 : 3;

	memset(area, 0, sizeof(x->region));
	memcpy(area + FCW, &fcw, sizeof(fcw));
	memcpy(area + MXCSR, &mxcsr, sizeof(mxcsr));
	memcpy(area + XSTATE_BV, &bv, sizeof(bv));
	for (i = 0; i < 16 * 8; i++)
		area[XMM(4) + i] = (uint8_t)(i * 13 + 5);
	memset(area + XMM(1), 0xff, 16);
	memset(area + XMM(3), 0xff, 16);
	if (avx) {
		memset(area + YMM_HIGH(1), 0xff, 16);
		memset(area + YMM_HIGH(3), 0xff, 16);
	}
	for (i = 0; i < 8; i++) {
		lane = i * PROBE_PAGE;
		if (i < 4)
			memcpy(area + XMM(2) + i * 4, &lane, 4);
		else if (avx)
			memcpy(area + YMM_HIGH(2) + (i - 4) * 4, &lane, 4);
	}
}
