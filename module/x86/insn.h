/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of x86's instruction encoding as the module has to know: which
 * instruction it is, not what it does. Pure. Disassembly is the command's work.
 */
#ifndef NPTB_INSN_H
#define NPTB_INSN_H

#include <linux/types.h>

/* Bytes of an opcode as nptb_insn_opcode() gives it. */
#define NPTB_OPCODE_MAX	6

/**
 * struct nptb_opcode - what names an instruction
 * @len: bytes used, 0 where the instruction could not be read
 * @bytes: mandatory or operand-size prefix, REX, opcode; for VEX and EVEX the
 *	first byte, the opcode map and the opcode; where the opcode names a group,
 *	the ModRM byte's reg field, alone, follows
 */
struct nptb_opcode {
	u8 len;
	u8 bytes[NPTB_OPCODE_MAX];
};

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

/**
 * struct nptb_mask_bits - a mask register's contents
 * @word: as in the register, lowest first; what it has not is 0
 */
struct nptb_mask_bits {
	u64 word[4];
};

struct nptb_opcode nptb_insn_opcode(const u8 *insn, u32 len, bool long_mode);
enum nptb_mask nptb_insn_mask(const u8 *insn, u32 len, bool long_mode, u32 *reg);
bool nptb_insn_is_iretq(const u8 *insn, u32 len);

#endif /* NPTB_INSN_H */
