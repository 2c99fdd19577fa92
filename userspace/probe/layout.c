// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

const char *const probe_part_names[P_NR] = {
	[P_NONE] = "-", [P_CODE] = "code", [P_BX] = "bx", [P_SI] = "si",
	[P_DI] = "di", [P_BP] = "bp", [P_STACK] = "stack",
	[P_STACK0] = "stack0", [P_IDT] = "idt", [P_TSS] = "tss",
	[P_CS0] = "cs0", [P_SS0] = "ss0", [P_CS3] = "cs3", [P_SS3] = "ss3",
	[P_GATE] = "gate", [P_TSSD] = "tssd", [P_LDTD] = "ldtd",
	[P_TSS2D] = "tss2d", [P_LDT] = "ldt", [P_HANDLER] = "handler",
	[P_TARGET] = "target", [P_KVM_TSS] = "kvmtss",
};

/* Areas, from 1: every part at its own boundary; the GDT is one area. */
static const uint8_t areas[P_NR] = {
	[P_CODE] = 1, [P_BX] = 2, [P_SI] = 3, [P_DI] = 4, [P_BP] = 5,
	[P_STACK] = 6, [P_STACK0] = 7,
	[P_CS0] = 8, [P_SS0] = 8, [P_CS3] = 8, [P_SS3] = 8, [P_GATE] = 8,
	[P_TSSD] = 8, [P_LDTD] = 8, [P_TSS2D] = 8,
	[P_IDT] = 9, [P_TSS] = 10, [P_LDT] = 11, [P_HANDLER] = 12,
	[P_TARGET] = 13,
};

/* Offsets in the page of what is not split. */
#define CODE_OFFSET	0x100
#define OTHER_OFFSET	0x200
#define IN_CODE_OFFSET	0x800
#define IN_TABLE_OFFSET	0xa00
#define STACK_OFFSET	0x800

#define TSS_SIZE	104

/* Real mode's segments begin half of their size, or a page, below the boundary. */
#define REAL_BELOW	0x8000
#define SMALL_BELOW	0x1000

const struct probe_text *probe_text(const struct probe_text *t,
				    const struct probe_mode *m)
{
	return &t[m->bits == 16 ? 0 : m->bits == 32 ? 1 : 2];
}

/**
 * probe_fits() - is a case meant for a mode?
 * @c: the case
 * @m: the mode
 *
 * Return: whether it is.
 */
bool probe_fits(const struct probe_case *c, const struct probe_mode *m)
{
	return c->modes & BIT_M(m->id);
}

/**
 * probe_bytes() - a size of a case, in bytes
 * @l: the layout
 * @size: bytes, or words of the mode where negative
 *
 * Return: bytes.
 */
unsigned int probe_bytes(const struct probe_layout *l, int size)
{
	return size < 0 ? (unsigned int)-size * probe_mode_word(l->m) : (unsigned int)size;
}

/* The boundary of a part; the order of use matters to PAE alone. */
static uint64_t boundary(const struct probe_layout *l, enum probe_part part)
{
	unsigned int use = 1, area, p;
	bool seen[16] = { false };

	for (p = 1; p < part; p++) {
		area = areas[p];
		if (area == areas[part] || seen[area] || !l->part[p].size)
			continue;
		seen[area] = true;
		use++;
	}
	return probe_boundary(l->m, areas[part], use);
}

static void place(struct probe_layout *l, enum probe_part part, unsigned int size,
		  unsigned int before, unsigned int offset)
{
	uint64_t b;

	l->part[part].size = size;
	l->home[part] = part;
	b = boundary(l, part);
	l->part[part].lin = before ? b - before : b + offset;
}

static uint64_t real_base(const struct probe_layout *l, enum probe_part part)
{
	return boundary(l, part) - (l->m->small ? SMALL_BELOW : REAL_BELOW);
}

static unsigned int split_before(const struct probe_layout *l, enum probe_part part,
				 unsigned int size)
{
	return l->c->split & BIT_P(part) ? size / 2 : 0;
}

static void place_code(struct probe_layout *l)
{
	const struct probe_text *t = probe_text(l->c->text, l->m);
	unsigned int offset = l->c->code_in_table ? IN_TABLE_OFFSET : CODE_OFFSET;

	l->code_len = (unsigned int)(t->end - t->code);
	l->insn_len = (unsigned int)(t->insn_end - t->code);
	/* What follows the instruction is there, but no part of the part. */
	place(l, P_CODE, l->insn_len, (unsigned int)l->c->code_before, offset);
	l->cs_base = l->m->bits == 16 ? real_base(l, P_CODE) : 0;
}

static void place_operand(struct probe_layout *l, const struct probe_op *op)
{
	unsigned int size = probe_bytes(l, op->size), before = 0, offset;
	uint64_t code_page = l->part[P_CODE].lin & ~(uint64_t)(PROBE_PAGE - 1);

	if (op->in == P_CODE) {
		l->home[op->part] = P_CODE;
		l->part[op->part].size = size;
		l->part[op->part].lin = code_page + (uint64_t)(op->offset ? op->offset :
			l->c->code_in_table ? IN_TABLE_OFFSET + 0x100 : IN_CODE_OFFSET);
		return;
	}
	if (op->before == HALF)
		before = size / 2;
	else
		before = (unsigned int)op->before;
	offset = op->offset ? (unsigned int)op->offset : OTHER_OFFSET;
	place(l, op->part, size, before, offset);
}

/* SP is such that what is pushed, or popped, is the part. */
static void place_stack(struct probe_layout *l)
{
	const struct probe_case *c = l->c;
	unsigned int size = probe_bytes(l, c->push ? c->push : c->pop), before;

	before = split_before(l, P_STACK, size);
	if (before && c->align16 && l->m->bits == 64)
		before = size - 16;
	if (size)
		place(l, P_STACK, size, before,
		      c->push ? STACK_OFFSET - size : STACK_OFFSET);
	l->ss_base = l->m->bits == 16 && size ? real_base(l, P_STACK) : 0;
	l->sp = l->part[P_STACK].lin + (c->push ? size : 0);
}

static void place_stack0(struct probe_layout *l)
{
	unsigned int size = l->c->push0 * probe_mode_word(l->m), before;

	if (!size)
		return;
	before = split_before(l, P_STACK0, size);
	if (before && l->m->bits == 64)
		before = size - 16;
	place(l, P_STACK0, size, before, STACK_OFFSET - size);
	l->sp0 = l->part[P_STACK0].lin + size;
}

static unsigned int gate_size(const struct probe_mode *m)
{
	return m->bits == 16 ? 4 : m->bits == 32 ? 8 : 16;
}

static void place_idt(struct probe_layout *l)
{
	unsigned int size = gate_size(l->m);

	if (!l->c->event)
		return;
	/* As it is after a reset; virtual-8086 mode knows no other place. */
	if (l->m->small) {
		l->home[P_IDT] = P_IDT;
		l->part[P_IDT].size = size;
		l->part[P_IDT].lin = l->c->vector * size;
		return;
	}
	place(l, P_IDT, size, split_before(l, P_IDT, size), OTHER_OFFSET);
	l->idt = l->part[P_IDT].lin - l->c->vector * size;
}

/* The field of the stack pointer: AMD64 APM volume 2, section 12.2.5. */
static void place_tss(struct probe_layout *l)
{
	unsigned int field = l->c->ist ? 36 : 4, size = l->m->bits == 64 ? 8 : 6;

	if (l->c->task) {
		field = 0;
		size = TSS_SIZE;
	} else if (!l->c->push0) {
		return;
	}
	place(l, P_TSS, size, split_before(l, P_TSS, size), OTHER_OFFSET + field);
	l->tss = l->part[P_TSS].lin - field;
}

static unsigned int descriptor_size(const struct probe_layout *l, enum probe_part part)
{
	bool system = part == P_GATE || part == P_TSSD || part == P_LDTD || part == P_TSS2D;

	return l->m->bits == 64 && system ? 16 : 8;
}

/**
 * probe_selector() - selector of a descriptor in the GDT
 * @l: the layout
 * @part: the descriptor
 *
 * Return: the selector, with an RPL of 0.
 */
uint16_t probe_selector(const struct probe_layout *l, enum probe_part part)
{
	unsigned int n = part - P_GDT_FIRST;

	/* The first of the LDT: bit 2 says which table. */
	if (part == P_LDT)
		return 4;

	/* Two pages apart, so that no two share one even where they are split. */
	return (uint16_t)(l->c->gdt == GDT_PACKED ? 16 + n * 16 : 8 + n * 2 * PROBE_PAGE);
}

static void place_gdt(struct probe_layout *l)
{
	unsigned int p;
	uint64_t b;

	/* Nothing reads it unless the formula says so; it costs no page then. */
	for (p = P_GDT_FIRST; p <= P_GDT_LAST; p++) {
		l->part[p].size = descriptor_size(l, p);
		l->home[p] = p;
	}
	b = boundary(l, P_GDT_FIRST);
	/* Split: 4 bytes below the boundary. */
	l->gdt = l->c->gdt == GDT_SPLIT ? b - 4 - 8 : b;
	for (p = P_GDT_FIRST; p <= P_GDT_LAST; p++)
		l->part[p].lin = l->gdt + probe_selector(l, p);
}

static bool has_target(const struct probe_case *c)
{
	unsigned int i;

	if (c->target[0].code)
		return true;
	for (i = 0; i < PROBE_SETS; i++)
		if (c->set[i].val.part == P_TARGET)
			return true;
	for (i = 0; i < PROBE_PUTS; i++)
		if (c->put[i].val.part == P_TARGET)
			return true;
	for (i = 0; i < 4; i++)
		if (c->msr[i].val.part == P_TARGET)
			return true;
	return false;
}

static unsigned int target_size(const struct probe_layout *l)
{
	const struct probe_text *t = probe_text(l->c->target, l->m);

	return t->code ? (unsigned int)(t->insn_end - t->code) : 1;
}

/* In the order of the parts: boundary() counts those before. */
static void place_parts(struct probe_layout *l)
{
	unsigned int p, i, size;

	place_code(l);
	for (p = P_BX; p <= P_BP; p++)
		for (i = 0; i < PROBE_OPS; i++)
			if (l->c->op[i].size && l->c->op[i].part == p)
				place_operand(l, &l->c->op[i]);
	place_stack(l);
	place_stack0(l);
	place_idt(l);
	place_tss(l);
	if (l->m->bits != 16) {
		place_gdt(l);
		size = l->c->ldt_gate ? gate_size(l->m) : 8;
		place(l, P_LDT, size, split_before(l, P_LDT, size), OTHER_OFFSET);
		l->ldt = l->part[P_LDT].lin;
	}
	if (l->part[P_IDT].size)
		place(l, P_HANDLER, 1, 0, OTHER_OFFSET);
	if (has_target(l->c))
		place(l, P_TARGET, target_size(l), 0, OTHER_OFFSET);
}

/* The frame of a page: the same as near, or as its large page has it. */
static uint64_t frame_of(struct probe_layout *l, enum probe_part part, uint64_t lin)
{
	unsigned int shift = probe_page_shift(l->m), i;
	uint64_t offset = lin & ((1ULL << shift) - 1);

	if (!l->m->far)
		return lin;
	if (shift == 12)
		return ((uint64_t)areas[part] << 16) + (lin - boundary(l, part));
	for (i = 0; i < l->nunits; i++)
		if (l->unit[i] == lin >> shift)
			break;
	if (i == l->nunits)
		l->unit[l->nunits++] = lin >> shift;
	/* The first holds what is near, and the tables. */
	return ((uint64_t)(i + 1) << shift) + offset;
}

const struct probe_page *probe_page_at(const struct probe_layout *l, uint64_t lin)
{
	unsigned int i;

	for (i = 0; i < l->npages; i++)
		if (l->page[i].lin == (lin & ~(uint64_t)(PROBE_PAGE - 1)))
			return &l->page[i];
	return NULL;
}

static int add_pages(struct probe_layout *l, enum probe_part part, uint64_t lin,
		     unsigned int size)
{
	uint64_t at = lin & ~(uint64_t)(PROBE_PAGE - 1);
	unsigned int index = 0;

	for (; at < lin + size; at += PROBE_PAGE, index++) {
		if (probe_page_at(l, at))
			continue;
		if (l->npages == PROBE_PAGES)
			return -E2BIG;
		l->page[l->npages++] = (struct probe_page) {
			.lin = at, .gpa = frame_of(l, l->home[part], at),
			.part = part, .index = index,
		};
	}
	return 0;
}

static int map_parts(struct probe_layout *l)
{
	unsigned int p;
	int err = 0;

	/* The HLT behind the instruction may lie in the next page. */
	for (p = 1; p < P_NR && !err; p++)
		if (l->part[p].size)
			err = add_pages(l, p, l->part[p].lin,
					p == P_CODE ? l->code_len : l->part[p].size);
	return err;
}

/**
 * probe_value() - what a number of a case is in this layout
 * @l: the layout
 * @v: the number
 *
 * Return: it.
 */
uint64_t probe_value(const struct probe_layout *l, const struct probe_val *v)
{
	uint64_t base = 0;

	switch (v->kind) {
	case V_ADDR:
		return l->part[v->part].lin + (uint64_t)v->k;
	case V_OFFSET:
		if (v->part == P_STACK)
			base = l->ss_base;
		else if (l->m->bits == 16)
			base = (l->part[v->part].lin & ~0xfffULL);
		return l->part[v->part].lin - base + (uint64_t)v->k;
	case V_SEL:
		if (l->m->bits == 16)
			return (l->part[v->part].lin & ~0xfffULL) >> 4;
		return probe_selector(l, v->part) | (uint64_t)v->k;
	case V_CR3:
		return l->cr3;
	default:
		return (uint64_t)v->k;
	}
}

/**
 * probe_layout() - place a case in a mode
 * @l: to fill in
 * @c: the case; fits
 * @m: the mode
 *
 * Return: 0, -E2BIG where it has too many pages, or -ENOMEM.
 */
int probe_layout(struct probe_layout *l, const struct probe_case *c,
		 const struct probe_mode *m)
{
	int err;

	memset(l, 0, sizeof(*l));
	l->c = c;
	l->m = m;
	place_parts(l);
	err = map_parts(l);
	if (!err)
		err = probe_tables(l);
	if (!err)
		err = probe_frames(l);
	if (err)
		return err;
	probe_fill(l);
	return 0;
}

/**
 * probe_layout_free() - drop a layout's memory
 * @l: the layout
 */
void probe_layout_free(struct probe_layout *l)
{
	free(l->memory);
	l->memory = NULL;
}
