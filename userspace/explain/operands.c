// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory operands by Zydis, with the registers and segments of the record; where
 * their pages lie, by the walks that were asked for, or what the record says.
 */
#include <stdio.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "explain/disas.h"
#include "explain/operands.h"
#include "base/util.h"

#define CR0_PE		BIT_ULL(0)
#define CR0_PG		BIT_ULL(31)
#define EFER_LMA	BIT_ULL(10)

static bool is_long(const struct loop *l)
{
	return l->efer & EFER_LMA;
}

static struct operand *add(const struct loop *l, struct operands *ops, const char *text,
			   unsigned long long linear, unsigned int size)
{
	struct operand *op = &ops->op[ops->nr];

	if (ops->nr == OPERANDS_MAX)
		return NULL;
	ops->nr++;
	memset(op, 0, sizeof(*op));
	strscpy(op->text, text, sizeof(op->text));
	op->linear = is_long(l) ? linear : linear & 0xffffffff;
	op->size = size;
	return op;
}

static void fill_registers(const struct loop *l, ZydisRegisterContext *regs)
{
	unsigned int i;

	memset(regs, 0, sizeof(*regs));
	for (i = 0; i < LOOP_GPRS; i++) {
		regs->values[ZYDIS_REGISTER_RAX + i] = l->gpr[i];
		regs->values[ZYDIS_REGISTER_EAX + i] = l->gpr[i] & 0xffffffff;
		regs->values[ZYDIS_REGISTER_AX + i] = l->gpr[i] & 0xffff;
	}
}

/* In 64-bit mode FS and GS alone have a base. */
static unsigned long long segment_base(const struct loop *l, const ZydisDecodedInstruction *info,
				       ZydisRegister seg)
{
	static const struct {
		ZydisRegister reg;
		enum loop_segment_nr nr;
	} segments[] = {
		{ ZYDIS_REGISTER_ES, LOOP_ES }, { ZYDIS_REGISTER_CS, LOOP_CS },
		{ ZYDIS_REGISTER_SS, LOOP_SS }, { ZYDIS_REGISTER_DS, LOOP_DS },
		{ ZYDIS_REGISTER_FS, LOOP_FS }, { ZYDIS_REGISTER_GS, LOOP_GS },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(segments); i++)
		if (segments[i].reg == seg &&
		    (info->machine_mode != ZYDIS_MACHINE_MODE_LONG_64 ||
		     seg == ZYDIS_REGISTER_FS || seg == ZYDIS_REGISTER_GS))
			return l->seg[segments[i].nr].base;
	return 0;
}

/* A bit string's bit may be far from its address: its offset is signed. */
static long long bit_offset(const struct loop *l, const ZydisDisassembledInstruction *in)
{
	const ZydisDecodedOperand *bit = &in->operands[1];
	unsigned int width = in->operands[0].size;
	long long offset;

	switch (in->info.mnemonic) {
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTC:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTS:
		break;
	default:
		return 0;
	}
	if (bit->type != ZYDIS_OPERAND_TYPE_REGISTER || !width)
		return 0;
	offset = (long long)l->gpr[ZydisRegisterGetId(bit->reg.value) & 15];
	if (width < 64)
		offset = (long long)((unsigned long long)offset << (64 - width)) >> (64 - width);
	/* Rounded down, also below zero. */
	return (offset - (offset % (int)width + (int)width) % (int)width) / 8;
}

static bool is_stack(const ZydisDecodedOperand *op)
{
	return op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
	       (op->mem.base == ZYDIS_REGISTER_RSP || op->mem.base == ZYDIS_REGISTER_ESP ||
		op->mem.base == ZYDIS_REGISTER_SP);
}

/* The operands of string instructions are not written in their text. */
static void operand_text(const ZydisDisassembledInstruction *in, const ZydisDecodedOperand *op,
			 char *text, size_t size)
{
	ZydisFormatter f;

	if (is_stack(op)) {
		snprintf(text, size, "stack");
		return;
	}
	if (op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN) {
		snprintf(text, size, "[%s]", ZydisRegisterGetString(op->mem.base));
		return;
	}
	ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_INTEL);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_FORCE_SCALE_ONE, ZYAN_FALSE);
	if (ZYAN_FAILED(ZydisFormatterFormatOperand(&f, &in->info, op, text, size,
						    in->runtime_address, NULL)))
		snprintf(text, size, "operand %u", op->id);
}

/* The bit of a record for what a register points to, where that is all. */
static unsigned int what_of(const ZydisDecodedOperand *op)
{
	if (op->mem.index != ZYDIS_REGISTER_NONE || op->mem.disp.value)
		return 0;
	if (ZydisRegisterGetClass(op->mem.base) == ZYDIS_REGCLASS_INVALID)
		return 0;
	return NPTB_FOR_REG((unsigned int)ZydisRegisterGetId(op->mem.base) & 15);
}

static void add_operand(const struct loop *l, struct operands *ops,
			const ZydisDisassembledInstruction *in, const ZydisDecodedOperand *op,
			const ZydisRegisterContext *regs)
{
	unsigned int size = op->size / 8;
	char text[OPERAND_TEXT];
	struct operand *to;
	ZyanU64 address;

	if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || op->mem.type != ZYDIS_MEMOP_TYPE_MEM || !size)
		return;
	if (ZYAN_FAILED(ZydisCalcAbsoluteAddressEx(&in->info, op, in->runtime_address, regs,
						   &address)))
		return;
	/* What is pushed goes below the stack pointer that the operand names. */
	if (is_stack(op) && op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
		address -= size;
	if (!op->id)
		address += (unsigned long long)bit_offset(l, in);
	operand_text(in, op, text, sizeof(text));
	to = add(l, ops, text, address + segment_base(l, &in->info, op->mem.segment), size);
	if (!to)
		return;
	if (op->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
		to->roles |= NPTB_ROLE_READ;
	if (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
		to->roles |= NPTB_ROLE_WRITE;
	to->what = is_stack(op) ? NPTB_FOR_STACK : what_of(op);
}

static void add_delivery(const struct loop *l, struct operands *ops)
{
	unsigned int size = is_long(l) ? 16 : l->cr0 & CR0_PE ? 8 : 4;
	struct operand *op;

	if (l->vector < 0)
		return;
	op = add(l, ops, "IDT", l->seg[LOOP_IDTR].base + (unsigned int)l->vector * size, size);
	if (op) {
		op->roles = NPTB_ROLE_READ;
		op->what = NPTB_FOR_IDT;
	}
}

/**
 * operands_of() - what does a fault loop touch?
 * @l: the fault loop
 * @ops: where to put it; empty where the record has no registers
 */
void operands_of(const struct loop *l, struct operands *ops)
{
	ZydisDisassembledInstruction in;
	ZydisRegisterContext regs;
	struct operand *code;
	const char *mode;
	bool decoded;
	ZyanU8 i;

	ops->nr = 0;
	if (!l->has_machine)
		return;
	decoded = disas_decode(l, &in, &mode);
	code = add(l, ops, "code", l->rip +
		   (is_long(l) && l->seg[LOOP_CS].attr & BIT(9) ? 0 : l->seg[LOOP_CS].base),
		   decoded ? in.info.length : 1);
	code->roles = NPTB_ROLE_FETCH;
	code->what = NPTB_FOR_CODE;
	if (loop_is(l, NPTB_LOOP_EVENT)) {
		add_delivery(l, ops);
		return;
	}
	if (!decoded)
		return;
	fill_registers(l, &regs);
	for (i = 0; i < in.info.operand_count; i++)
		add_operand(l, ops, &in, &in.operands[i], &regs);
}

/* The one page that a record knows for something. */
static bool only_page_for(const struct loop *l, unsigned int what, unsigned long long *gfn)
{
	unsigned int found = 0;
	size_t i;

	for (i = 0; i < l->nr; i++) {
		if (!(l->page[i].what & what) || l->page[i].level)
			continue;
		*gfn = l->page[i].gfn;
		found++;
	}
	return found == 1;
}

/**
 * operand_gfn() - where does a byte of an operand lie?
 * @l: the fault loop
 * @op: an operand of it
 * @linear: linear address of the byte
 * @gfn: where to put its frame
 *
 * Return: false where that is not known.
 */
bool operand_gfn(const struct loop *l, const struct operand *op, unsigned long long linear,
		 unsigned long long *gfn)
{
	size_t i;

	if (l->has_mode && !(l->cr0 & CR0_PG)) {
		*gfn = linear >> 12;
		return true;
	}
	for (i = 0; i < l->nr_walks; i++) {
		if (!l->walk[i].mapped || l->walk[i].addr >> 12 != linear >> 12)
			continue;
		*gfn = l->walk[i].gpa >> 12;
		return true;
	}
	/* On one page alone: then the record means this one. */
	return op->what && op->linear >> 12 == (op->linear + op->size - 1) >> 12 &&
	       only_page_for(l, op->what, gfn);
}
