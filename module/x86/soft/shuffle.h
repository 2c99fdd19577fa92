/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moves of vectors and of their elements: what takes no arithmetic is done here, by
 * bytes. Pure. AMD64 APM volume 4, at each instruction's name.
 */
#ifndef NPTB_X86_SOFT_SHUFFLE_H
#define NPTB_X86_SOFT_SHUFFLE_H

#include "cpu.h"

#define NPTB_VECTOR_BYTES	16

/**
 * enum nptb_vector_how - what an instruction does with its operands
 * @NPTB_VECTOR_NONE: it is none of ours
 * @NPTB_VECTOR_STUB: run on this CPU; and those after it, up to NPTB_VECTOR_SHIFT
 * @NPTB_VECTOR_LOAD: all of it, or zero-extended from memory
 * @NPTB_VECTOR_MERGE: the lowest bytes of a register, or zero-extended from memory
 * @NPTB_VECTOR_LOAD_LOW: the lower half, from memory or from the other's upper half
 * @NPTB_VECTOR_LOAD_HIGH: the upper half
 * @NPTB_VECTOR_LOAD_GPR: from a general register, zero-extended
 * @NPTB_VECTOR_STORE: all of it, or its lowest bytes
 * @NPTB_VECTOR_STORE_MERGE: its lowest bytes, which alone change in a register
 * @NPTB_VECTOR_STORE_HIGH: the upper half, to memory
 * @NPTB_VECTOR_STORE_GPR: its lowest bytes, to a general register or to memory
 * @NPTB_VECTOR_PSHUFD: and others: by the immediate
 * @NPTB_VECTOR_BYTE_SHIFT: PSLLDQ and PSRLDQ
 * @NPTB_VECTOR_SHIFT: shifts by an immediate
 * @NPTB_VECTOR_MASK: the sign of each element, to a general register
 * @NPTB_VECTOR_PERMILPD: and those after it: with VEX alone
 * @NPTB_VECTOR_MASKED_BYTES: MASKMOVDQU, with VEX and without
 */
enum nptb_vector_how {
	NPTB_VECTOR_NONE,
	NPTB_VECTOR_STUB,
	NPTB_VECTOR_FLAGS,
	NPTB_VECTOR_AS_FLAGS,
	NPTB_VECTOR_TO_GPR,
	NPTB_VECTOR_FROM_GPR,
	NPTB_VECTOR_BITS_3,
	NPTB_VECTOR_BITS_4,
	NPTB_VECTOR_BITS_8,
	NPTB_VECTOR_KEYGEN,
	NPTB_VECTOR_RNDS2,
	NPTB_VECTOR_STRINGS,
	NPTB_VECTOR_SHIFT,
	NPTB_VECTOR_LOAD,
	NPTB_VECTOR_MERGE,
	NPTB_VECTOR_LOAD_LOW,
	NPTB_VECTOR_LOAD_HIGH,
	NPTB_VECTOR_LOAD_GPR,
	NPTB_VECTOR_STORE,
	NPTB_VECTOR_STORE_MERGE,
	NPTB_VECTOR_STORE_HIGH,
	NPTB_VECTOR_STORE_GPR,
	NPTB_VECTOR_PSHUFD,
	NPTB_VECTOR_PSHUFLW,
	NPTB_VECTOR_PSHUFHW,
	NPTB_VECTOR_SHUFPS,
	NPTB_VECTOR_SHUFPD,
	NPTB_VECTOR_BYTE_SHIFT,
	NPTB_VECTOR_ALIGN,
	NPTB_VECTOR_BLEND,
	NPTB_VECTOR_BLEND_BY_0,
	NPTB_VECTOR_INSERTPS,
	NPTB_VECTOR_INSERT,
	NPTB_VECTOR_EXTRACT,
	NPTB_VECTOR_EXTRACT_RM,
	NPTB_VECTOR_MASK,
	NPTB_VECTOR_PERMILPD,
	NPTB_VECTOR_BROADCAST,
	NPTB_VECTOR_PERMUTE_QUARTERS,
	NPTB_VECTOR_PERMUTE_HALVES,
	NPTB_VECTOR_INSERT_HALF,
	NPTB_VECTOR_EXTRACT_HALF,
	NPTB_VECTOR_MASKED,
	NPTB_VECTOR_GATHER,
	NPTB_VECTOR_MASKED_BYTES,
};

/**
 * struct nptb_vector - the operands of an instruction, before and after it
 * @reg: the register that ModRM.reg names
 * @rm: the register or memory that ModRM.rm names; of memory, zero-extended
 * @xmm0: of a BLEND_BY_0, and of RNDS2, XMM0
 * @gpr: the general register, or as many bytes of memory
 * @bytes: of the operand in memory, or of an element
 * @imm: the immediate
 * @is_memory: ModRM.rm names memory
 * @left: of a BYTE_SHIFT, its direction
 * @has_lengths: STRINGS have lengths
 * @length: those
 */
struct nptb_vector {
	u8 reg[NPTB_VECTOR_BYTES];
	u8 rm[NPTB_VECTOR_BYTES];
	u8 xmm0[NPTB_VECTOR_BYTES];
	u64 gpr;
	u8 bytes;
	u8 imm;
	bool is_memory;
	bool left;
	bool has_lengths;
	s64 length[2];
};

void nptb_shuffle(enum nptb_vector_how how, struct nptb_vector *v);

#endif /* NPTB_X86_SOFT_SHUFFLE_H */
