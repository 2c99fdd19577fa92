/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions that the backend itself looks at. Pure. */
#ifndef NPTB_X86_INSN_H
#define NPTB_X86_INSN_H

#include "cpu.h"

/**
 * enum nptb_mask - where a gather or scatter keeps its progress
 * @NPTB_MASK_NONE: it is neither
 * @NPTB_MASK_VECTOR: in a vector register (VEX gathers)
 * @NPTB_MASK_OPMASK: in a mask register (EVEX gathers and scatters)
 */
enum nptb_mask {
	NPTB_MASK_NONE,
	NPTB_MASK_VECTOR,
	NPTB_MASK_OPMASK,
};

struct nptb_opcode nptb_insn_opcode(const u8 *insn, u32 len, bool long_mode);
enum nptb_mask nptb_insn_mask(const u8 *insn, u32 len, bool long_mode, u32 *reg);

#endif /* NPTB_X86_INSN_H */
