/* SPDX-License-Identifier: GPL-2.0-only */
/* What is to be known of each instruction with a VEX prefix on vectors. */
#ifndef NPTB_X86_SOFT_VEX_ROWS_H
#define NPTB_X86_SOFT_VEX_ROWS_H

#include "x86/soft/decode.h"

/* What else is to be known of an instruction. */
#define NPTB_VEX_MEMORY		BIT(0)	/* ModRM.rm has to name memory */
#define NPTB_VEX_REGISTER	BIT(1)	/* it has to name a register */
#define NPTB_VEX_ALIGNED	BIT(2)	/* memory has to be aligned */
#define NPTB_VEX_GPR_REG	BIT(3)	/* ModRM.reg names a general register */
#define NPTB_VEX_GPR_RM		BIT(4)	/* ModRM.rm names a general register, or memory */
#define NPTB_VEX_WIDENS		BIT(5)	/* with VEX.W its general register has 8 bytes */
#define NPTB_VEX_TO_RM		BIT(6)	/* what ModRM.rm names is the destination */
#define NPTB_VEX_TO_FIRST	BIT(7)	/* what VEX.vvvv names is */
#define NPTB_VEX_NO_RESULT	BIT(8)	/* no vector register is */
#define NPTB_VEX_FIRST		BIT(9)	/* VEX.vvvv names a source */
#define NPTB_VEX_FIRST_REG	BIT(10)	/* where ModRM.rm names a register */
#define NPTB_VEX_FULL		BIT(11)	/* memory has as many bytes as a vector */
#define NPTB_VEX_DOUBLE		BIT(12)	/* it has twice as many with vectors of 32 bytes */
#define NPTB_VEX_L0		BIT(13)	/* vectors have 16 bytes */
#define NPTB_VEX_L1		BIT(14)	/* they have 32 */
#define NPTB_VEX_ANY_L		BIT(15)	/* VEX.L says nothing: they have 16 */
#define NPTB_VEX_W_0		BIT(16)	/* VEX.W has to be 0 */
#define NPTB_VEX_W_1		BIT(17)	/* it has to be 1 */
#define NPTB_VEX_WITH_W		BIT(18)	/* it is part of what names the instruction */
#define NPTB_VEX_BY_4		BIT(19)	/* the immediate names a register */

/* Which features it belongs to, with vectors of 16 and of 32 bytes. */
enum nptb_vex_family {
	NPTB_FAMILY_AVX,
	NPTB_FAMILY_INTEGER,
	NPTB_FAMILY_AVX2,
	NPTB_FAMILY_FMA,
	NPTB_FAMILY_AES,
	NPTB_FAMILY_CLMUL,
	NPTB_FAMILY_F16C,
};

/**
 * struct nptb_vex_row - an instruction
 * @how: what it does; enum nptb_vector_how
 * @bytes: of its operand in memory, or of an element
 * @family: its features
 * @flags: NPTB_VEX_*
 */
struct nptb_vex_row {
	u8 how;
	u8 bytes;
	u8 family;
	u32 flags;
};

u32 nptb_vex_key(const struct nptb_insn *insn);
const struct nptb_vex_row *nptb_vex_row(const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_VEX_ROWS_H */
