/* SPDX-License-Identifier: GPL-2.0-only */
/* The instructions that the module carries out, decoded. Pure. */
#ifndef NPTB_X86_SOFT_DECODE_H
#define NPTB_X86_SOFT_DECODE_H

#include "cpu.h"

/**
 * struct nptb_insn - an instruction
 * @len: bytes
 * @map: opcode map: 0 for one byte, 1 for 0F, 2 for 0F 38, 3 for 0F 3A
 * @op: opcode, the last byte of it
 * @rep: the last of F2 and F3, or 0
 * @opsize: it has prefix 66
 * @lock: it has prefix F0, or one that may not come before VEX
 * @rex: REX prefix, or 0; of VEX, the same bits
 * @vex: it has a VEX prefix, which says @map, @rep, @opsize and @rex
 * @l: VEX.L
 * @vvvv: VEX.vvvv, the register; 0 where there is to be none
 * @modrm: ModRM, where @has_modrm
 * @has_modrm: it has one
 * @imm: of INT n, and of what works on vectors
 * @is_memory: ModRM names memory
 * @address: bytes of an address
 * @sib: SIB, or 0; of a gather, whose indexes are no general register, it is not in @ea
 * @segment: of its operand, and of that of MASKMOVDQU, enum nptb_segment_nr
 * @ea: of its operand, offset in @segment
 */
struct nptb_insn {
	u8 len;
	u8 map;
	u8 op;
	u8 rep;
	bool opsize;
	bool lock;
	u8 rex;
	bool vex;
	bool l;
	u8 vvvv;
	u8 modrm;
	bool has_modrm;
	u8 imm;
	bool is_memory;
	u8 address;
	u8 sib;
	u8 segment;
	u64 ea;
};

/* Fields of ModRM, with REX: AMD64 APM volume 3, section 1.4.1 and 1.4.2. */
static inline u32 nptb_insn_reg(const struct nptb_insn *insn)
{
	return (insn->modrm >> 3 & 7) | (insn->rex & 4) << 1;
}

static inline u32 nptb_insn_rm(const struct nptb_insn *insn)
{
	return (insn->modrm & 7) | (insn->rex & 1) << 3;
}

static inline bool nptb_insn_wide(const struct nptb_insn *insn)
{
	return insn->rex & 8;
}

/* The prefix that is part of an opcode, as VEX encodes it: none, 66, F3, F2. */
static inline u32 nptb_insn_prefix(const struct nptb_insn *insn)
{
	if (insn->rep)
		return insn->rep == 0xf3 ? 2 : 3;
	return insn->opsize;
}

bool nptb_decode_is_vex(u8 first, u8 second, bool code64);
bool nptb_decode(const u8 *bytes, u32 len, const struct nptb_state *state,
		 const struct nptb_machine *machine, struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_DECODE_H */
