// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments, descriptors and gates: AMD64 APM volume 2, sections 4.7 and 4.8
 * (descriptors), 8.6 to 8.9 (interrupts), 12.2 (TSS).
 */
#include <stdio.h>
#include <string.h>

#include "../lib/util.h"
#include "corpus.h"

#define CR0_PE		(1UL << 0)
#define CR0_ET		(1UL << 4)
#define CR0_NE		(1UL << 5)
#define CR0_PG		(1UL << 31)
#define CR4_PAE		(1UL << 5)
#define CR4_OSFXSR	(1UL << 9)
#define EFER_LME	(1UL << 8)
#define EFER_LMA	(1UL << 10)

#define SEL_TSS		0x28

const char *const corpus_mode_names[CORPUS_MODES] = {
	"real", "prot", "legacy", "pae", "long",
};

bool corpus_long(const struct corpus_case *c)
{
	return c->mode == CORPUS_LONG;
}

/* Bytes that a push takes. */
unsigned int corpus_word(const struct corpus_case *c)
{
	return c->mode == CORPUS_REAL ? 2 : corpus_long(c) ? 8 : 4;
}

static void flat(struct corpus_case *c, struct kvm_segment *seg, bool code,
		 unsigned int cpl)
{
	bool real = c->mode == CORPUS_REAL;

	*seg = (struct kvm_segment) {
		.limit = real ? 0xffff : 0xffffffff,
		.type = code ? 11 : 3,
		.present = 1,
		.dpl = cpl,
		.s = 1,
		.g = !real,
		.selector = real ? 0 : (code ? 8 : 16) | cpl,
		.db = !real && !(code && corpus_long(c)),
		.l = corpus_long(c) && code,
	};
}

void corpus_mode_state(struct corpus_case *c, unsigned int cpl)
{
	struct kvm_sregs *s = &c->sregs;

	flat(c, &s->cs, true, cpl);
	flat(c, &s->ds, false, cpl);
	s->es = s->ss = s->fs = s->gs = s->ds;
	s->cr0 = CR0_ET | (c->mode == CORPUS_REAL ? 0 : CR0_PE | CR0_NE) |
		(c->mode >= CORPUS_LEGACY ? CR0_PG : 0);
	s->cr3 = c->root;
	s->cr4 = CR4_OSFXSR | (c->mode >= CORPUS_PAE ? CR4_PAE : 0);
	s->efer = corpus_long(c) ? EFER_LME | EFER_LMA : 0;
	c->regs.rflags = 2;
}

uint64_t corpus_reach(struct corpus_case *c, struct kvm_segment *seg,
		      uint64_t linear)
{
	if (c->mode != CORPUS_REAL)
		return linear;
	/* The page before is in reach too, for what lies below an address. */
	seg->base = (linear & ~0xfffULL) - PAGE_SIZE;
	seg->selector = seg->base >> 4;
	return linear - seg->base;
}

void corpus_gdt(struct corpus_case *c, bool split)
{
	/* Sometimes not accessed yet: loading one then writes to it. */
	uint64_t seen = corpus_random(c, 2);
	const uint64_t desc[2] = {
		(corpus_long(c) ? 0x00af9a000000ffffULL : 0x00cf9a000000ffffULL) |
			seen << 40,
		0x00cf92000000ffffULL | seen << 40,
	};

	c->gdt_at = corpus_place(c, sizeof(desc), split) - CORPUS_SEL_CODE;
	corpus_poke(c, c->gdt_at + CORPUS_SEL_CODE, desc, sizeof(desc));
	c->sregs.gdt.base = c->gdt_at;
	c->sregs.gdt.limit = 0x2f;
}

/* The top of a stack, with @len bytes below it that may cross a page. */
static uint64_t stack_top(struct corpus_case *c, unsigned int len, bool split)
{
	uint64_t top;

	if (!corpus_long(c))
		return corpus_place(c, len, split) + len;
	/* In long mode a delivery aligns the stack to 16 bytes first. */
	if (split)
		top = corpus_place(c, 2, true) + 1 + 16 * (1 + corpus_random(c, 2));
	else
		top = (corpus_place(c, len + 16, false) + len + 15) & ~15ULL;
	return top;
}

static void touch_descriptor(struct corpus_case *c, struct corpus_step *step,
			     unsigned int selector)
{
	corpus_touch(step, c->gdt_at + selector, 8);
}

/* A stack from the TSS: its pointer there, and it as far as it is used. */
static void tss_stack(struct corpus_case *c, struct corpus_step *step,
		      unsigned int ist, uint64_t top)
{
	unsigned int offset = ist ? 0x24 + 8 * (ist - 1) : 4;
	unsigned int len = corpus_long(c) ? 8 : 6;
	uint64_t at = corpus_place(c, len, !corpus_random(c, 4));
	uint16_t ss = CORPUS_SEL_DATA;

	c->sregs.tr = (struct kvm_segment) {
		.base = at - offset, .limit = 0x67, .selector = SEL_TSS,
		/* QEMU 7.2 knows no busy 32-bit TSS, and ends; VT-x takes no other. */
		.type = corpus_long(c) || corpus_vtx ? 11 : 9, .present = 1,
	};
	corpus_poke(c, at, &top, corpus_long(c) ? 8 : 4);
	if (!corpus_long(c)) {
		corpus_poke(c, at + 4, &ss, sizeof(ss));
		touch_descriptor(c, step, CORPUS_SEL_DATA);
	}
	corpus_touch(step, at, len);
}

static void real_event(struct corpus_case *c, struct corpus_step *step,
		       int vector, uint64_t handler)
{
	uint64_t gate = corpus_place(c, 4, !corpus_random(c, 3));
	uint64_t stack = corpus_place(c, 6, !corpus_random(c, 3));
	uint16_t to[2] = { handler & 0xfff, (handler & ~0xfffULL) >> 4 };

	corpus_poke(c, gate, to, sizeof(to));
	c->sregs.idt.base = gate - 4 * vector;
	c->sregs.idt.limit = 0x3ff;
	c->regs.rsp = corpus_reach(c, &c->sregs.ss, stack) + 6;
	corpus_touch(step, gate, 4);
	corpus_touch(step, stack, 6);
	c->end_rip = to[0] + 1;
}

static void protected_event(struct corpus_case *c, struct corpus_step *step,
			    int vector, unsigned int cpl, uint64_t handler)
{
	bool wide = corpus_long(c), split = !corpus_random(c, 3);
	unsigned int ist = wide && !corpus_random(c, 3) ? 1 + corpus_random(c, 7) : 0;
	unsigned int len = wide ? 40 : cpl ? 20 : 12;
	/* The last word of a 64-bit gate is reserved: none on a page of its own. */
	uint64_t gate = corpus_place(c, wide ? split ? 12 : 16 : 8, split);
	uint64_t top;
	uint16_t to[8] = {
		handler & 0xffff, CORPUS_SEL_CODE, 0xee00 | ist, handler >> 16,
		handler >> 32, handler >> 48,
	};

	corpus_poke(c, gate, to, wide ? 16 : 8);
	c->sregs.idt.base = gate - (wide ? 16 : 8) * vector;
	c->sregs.idt.limit = 0xfff;
	corpus_touch(step, gate, wide ? 12 : 8);
	corpus_gdt(c, !corpus_random(c, 4));
	touch_descriptor(c, step, CORPUS_SEL_CODE);
	top = stack_top(c, len, !corpus_random(c, 3));
	if (ist || cpl)
		tss_stack(c, step, ist, top);
	else
		c->regs.rsp = top + (wide ? corpus_random(c, 16) : 0);
	corpus_touch(step, top - len, len);
	c->end_rip = handler + 1;
}

/* Vector @vector is delivered from @cpl; its handler is a HLT. */
void corpus_event(struct corpus_case *c, int vector, unsigned int cpl,
		  uint64_t rip)
{
	struct corpus_step *step = corpus_begin(c, rip, vector);
	uint64_t handler = corpus_place(c, 1, false);
	uint8_t hlt = 0xf4;

	corpus_poke(c, handler, &hlt, 1);
	if (c->mode == CORPUS_REAL)
		real_event(c, step, vector, handler);
	else
		protected_event(c, step, vector, cpl, handler);
	step = corpus_begin(c, c->end_rip - 1, -1);
	corpus_touch(step, handler, 1);
}
