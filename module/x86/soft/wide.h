/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moves of vectors of 16 or 32 bytes, and of their elements, as instructions with a VEX
 * prefix have them. Pure. AMD64 APM volume 4, at each instruction's name.
 */
#ifndef NPTB_X86_SOFT_WIDE_H
#define NPTB_X86_SOFT_WIDE_H

#include "x86/soft/shuffle.h"

#define NPTB_WIDE_BYTES		32

/**
 * struct nptb_wide - the operands of an instruction, before and after it
 * @reg: the register that ModRM.reg names; or what becomes of the destination, where that
 *	is not @rm
 * @first: the register that VEX.vvvv names, the first source
 * @rm: the register or memory that ModRM.rm names; of memory, zero-extended
 * @by: the register that the immediate names
 * @gpr: the general register, or as many bytes of memory
 * @bytes: of the operand in memory, or of an element
 * @imm: the immediate
 * @is_memory: ModRM.rm names memory
 * @left: of a BYTE_SHIFT, its direction
 * @l: vectors have 32 bytes
 */
struct nptb_wide {
	u8 reg[NPTB_WIDE_BYTES];
	u8 first[NPTB_WIDE_BYTES];
	u8 rm[NPTB_WIDE_BYTES];
	u8 by[NPTB_WIDE_BYTES];
	u64 gpr;
	u8 bytes;
	u8 imm;
	bool is_memory;
	bool left;
	bool l;
};

void nptb_wide_shuffle(enum nptb_vector_how how, struct nptb_wide *w);

#endif /* NPTB_X86_SOFT_WIDE_H */
