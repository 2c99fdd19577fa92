// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mode rules: AMD64 APM volume 2, section 14.6 (EFER.LMA, CR0.PE) and 1.3. The
 * code segment's L and D bits are not in a loop record, so long mode is taken
 * for 64-bit mode, and protected mode for a 32-bit segment.
 */
#include <stdio.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "disas.h"
#include "util.h"

#define CR0_PE		BIT_ULL(0)
#define EFER_LMA	BIT_ULL(10)
#define RFLAGS_VM	BIT_ULL(17)

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
	if (l->efer & EFER_LMA) {
		*name = "long mode";
		return ZYDIS_MACHINE_MODE_LONG_64;
	}
	if (l->rflags & RFLAGS_VM) {
		*name = "virtual-8086 mode";
		return ZYDIS_MACHINE_MODE_REAL_16;
	}
	*name = "protected mode";
	return ZYDIS_MACHINE_MODE_LEGACY_32;
}

/*
 * Is there a memory operand with action @a, and none that has @a without @b?
 * These are sets of ZYDIS_OPERAND_ACTION_*.
 */
static bool only_with(const ZydisDisassembledInstruction *in, unsigned int a, unsigned int b)
{
	const ZydisDecodedOperand *op;
	bool found = false;
	ZyanU8 i;

	for (i = 0; i < in->info.operand_count; i++) {
		op = &in->operands[i];
		if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || !(op->actions & a))
			continue;
		if (!(op->actions & b))
			return false;
		found = true;
	}
	return found;
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
 * disas_loop() - take the instruction of a fault loop apart
 * @l: the fault loop
 * @d: where to put the parts
 */
void disas_loop(const struct loop *l, struct disas *d)
{
	ZydisDisassembledInstruction in;
	ZydisMachineMode mode;

	memset(d, 0, sizeof(*d));
	mode = machine_mode(l, &d->mode);
	if (!l->insn_len ||
	    ZYAN_FAILED(ZydisDisassembleIntel(mode, l->rip, l->insn, l->insn_len, &in)))
		return;
	d->len = in.info.length;
	format(&in, d->text, sizeof(d->text));
	d->reads_written = only_with(&in, ZYDIS_OPERAND_ACTION_MASK_READ,
				     ZYDIS_OPERAND_ACTION_MASK_WRITE);
	d->writes_read = only_with(&in, ZYDIS_OPERAND_ACTION_MASK_WRITE,
				   ZYDIS_OPERAND_ACTION_MASK_READ);
}
