// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mode rules: AMD64 APM volume 2, sections 1.3 and 14.6 (EFER.LMA, CR0.PE), 4.7.2
 * (the code segment's L and D bits) and 5.1 (paging). Where the record has no code
 * segment, long mode is taken for 64-bit mode, and protected mode for 32 bits.
 */
#include <stdio.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "explain/disas.h"
#include "base/util.h"

#define CR0_PE		BIT_ULL(0)
#define CR0_PG		BIT_ULL(31)
#define CR4_PAE		BIT_ULL(5)
#define CR4_LA57	BIT_ULL(12)
#define EFER_LMA	BIT_ULL(10)
#define RFLAGS_VM	BIT_ULL(17)
#define ATTR_L		BIT_ULL(9)
#define ATTR_DB		BIT_ULL(10)

static ZydisMachineMode long_machine(const struct loop *l, const char **name)
{
	bool five = l->cr4 & CR4_LA57;

	if (l->has_machine && !(l->seg[LOOP_CS].attr & ATTR_L)) {
		*name = five ? "compatibility mode, 5 levels" : "compatibility mode";
		return l->seg[LOOP_CS].attr & ATTR_DB ? ZYDIS_MACHINE_MODE_LONG_COMPAT_32 :
							ZYDIS_MACHINE_MODE_LONG_COMPAT_16;
	}
	*name = five ? "long mode, 5 levels" : "long mode";
	return ZYDIS_MACHINE_MODE_LONG_64;
}

static ZydisMachineMode machine_mode(const struct loop *l, const char **name)
{
	if (!l->has_mode) {
		*name = "mode unknown, taken for 64-bit";
		return ZYDIS_MACHINE_MODE_LONG_64;
	}
	if (!(l->cr0 & CR0_PE)) {
		*name = "real mode";
		return ZYDIS_MACHINE_MODE_REAL_16;
	}
	if (l->efer & EFER_LMA)
		return long_machine(l, name);
	if (l->rflags & RFLAGS_VM) {
		*name = "virtual-8086 mode";
		return ZYDIS_MACHINE_MODE_REAL_16;
	}
	*name = !(l->cr0 & CR0_PG) ? "protected mode" :
		l->cr4 & CR4_PAE ? "protected mode, PAE paging" : "protected mode, paging";
	if (l->has_machine && !(l->seg[LOOP_CS].attr & ATTR_DB))
		return ZYDIS_MACHINE_MODE_LEGACY_16;
	return ZYDIS_MACHINE_MODE_LEGACY_32;
}

/* As ZydisDisassembleIntel() does, but "[bx+si]" and not "[bx+si*1]". */
static void format(const ZydisDisassembledInstruction *in, char *text, size_t size)
{
	ZydisFormatter f;

	*text = '\0';
	if (ZYAN_FAILED(ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_INTEL)) ||
	    ZYAN_FAILED(ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_FORCE_SCALE_ONE,
						  ZYAN_FALSE)) ||
	    ZYAN_FAILED(ZydisFormatterFormatInstruction(&f, &in->info, in->operands,
							in->info.operand_count_visible, text,
							size, in->runtime_address, NULL)))
		snprintf(text, size, "%s", in->text);
}

/**
 * disas_decode() - decode the instruction of a fault loop
 * @l: the fault loop
 * @in: where to put it
 * @mode: where to put the name of the CPU's mode
 *
 * Return: false where its bytes are unknown, or no instruction.
 */
bool disas_decode(const struct loop *l, struct ZydisDisassembledInstruction_ *in,
		  const char **mode)
{
	ZydisMachineMode machine = machine_mode(l, mode);

	return l->insn_len &&
	       ZYAN_SUCCESS(ZydisDisassembleIntel(machine, l->rip, l->insn, l->insn_len, in));
}

/**
 * disas_loop() - take the instruction of a fault loop apart
 * @l: the fault loop
 * @d: where to put the parts
 */
void disas_loop(const struct loop *l, struct disas *d)
{
	ZydisDisassembledInstruction in;

	memset(d, 0, sizeof(*d));
	if (!disas_decode(l, &in, &d->mode))
		return;
	d->len = in.info.length;
	format(&in, d->text, sizeof(d->text));
}

/**
 * disas_bytes() - an instruction as text
 * @rip: where it is
 * @insn: its bytes
 * @len: how many
 * @bits: 16, 32 or 64
 * @text: where to put it, Intel syntax; "" where the bytes are no instruction
 * @size: room there, bytes
 *
 * Return: whether they are one.
 */
bool disas_bytes(uint64_t rip, const uint8_t *insn, size_t len, unsigned int bits, char *text,
		 size_t size)
{
	ZydisMachineMode machine = bits == 64 ? ZYDIS_MACHINE_MODE_LONG_64 :
				   bits == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32 :
						ZYDIS_MACHINE_MODE_LEGACY_16;
	ZydisDisassembledInstruction in;

	*text = '\0';
	if (!len || ZYAN_FAILED(ZydisDisassembleIntel(machine, rip, insn, len, &in)))
		return false;
	format(&in, text, size);
	return true;
}
