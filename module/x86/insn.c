// SPDX-License-Identifier: GPL-2.0-only
/* Which instruction is it? Pure; see x86/insn.h. */
#include "lib/pure.h"
#include "x86/insn.h"

/**
 * struct cursor - a place in an instruction
 * @at: next byte
 * @left: bytes from there on
 */
struct cursor {
	const u8 *at;
	u32 left;
};

/* The next byte, or 0 behind the end: no prefix, and no harm as an opcode. */
static u8 peek(const struct cursor *c)
{
	return c->left ? *c->at : 0;
}

static u8 next(struct cursor *c)
{
	u8 byte = peek(c);

	if (c->left) {
		c->at++;
		c->left--;
	}
	return byte;
}

static void put(struct nptb_opcode *op, u8 byte)
{
	if (op->len < NPTB_OPCODE_MAX)
		op->bytes[op->len++] = byte;
}

/*
 * Legacy prefixes: AMD64 APM volume 3, section 1.2.1. Of these 66, F2 and F3
 * may be part of the opcode.
 */
static bool is_prefix(u8 byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
	case 0x66: case 0x67: case 0xf0: case 0xf2: case 0xf3:
		return true;
	}
	return false;
}

/* The last of 66, F2 and F3, or 0. */
static u8 skip_prefixes(struct cursor *c)
{
	u8 last = 0;

	while (c->left && is_prefix(peek(c))) {
		u8 byte = next(c);

		if (byte == 0x66 || byte == 0xf2 || byte == 0xf3)
			last = byte;
	}
	return last;
}

/*
 * Outside of long mode C4, C5 and 62 are LES, LDS and BOUND unless the two top
 * bits of the byte behind say that the operand is a register.
 */
static bool is_vex(const struct cursor *c, bool long_mode)
{
	u8 byte = peek(c);

	if ((byte != 0xc4 && byte != 0xc5 && byte != 0x62) || c->left < 2)
		return false;
	return long_mode || (c->at[1] & 0xc0) == 0xc0;
}

/* Opcodes that the reg field of ModRM tells apart: APM volume 3, appendix A.2. */
static bool is_group(u8 byte)
{
	switch (byte) {
	case 0x80: case 0x81: case 0x82: case 0x83: case 0x8f:
	case 0xc0: case 0xc1: case 0xc6: case 0xc7:
	case 0xd0 ... 0xd3: case 0xd8 ... 0xdf:
	case 0xf6: case 0xf7: case 0xfe: case 0xff:
		return true;
	}
	return false;
}

static bool is_group_0f(u8 byte)
{
	switch (byte) {
	case 0x00: case 0x01: case 0x0d: case 0x18:
	case 0x71: case 0x72: case 0x73:
	case 0xae: case 0xb9: case 0xba: case 0xc7:
		return true;
	}
	return false;
}

static void put_reg(struct nptb_opcode *op, const struct cursor *c)
{
	put(op, (peek(c) >> 3) & 7);
}

static void opcode_0f(struct nptb_opcode *op, struct cursor *c)
{
	u8 byte = next(c);

	put(op, byte);
	if (byte == 0x38 || byte == 0x3a)
		put(op, next(c));
	else if (is_group_0f(byte))
		put_reg(op, c);
}

/**
 * struct vex - a VEX or EVEX prefix: APM volume 3, section 1.2.7 and on
 * @first: C4, C5 or 62
 * @map: opcode map: 1 is 0F, 2 is 0F 38, 3 is 0F 3A
 * @vvvv: its register operand
 * @aaa: EVEX: the mask register
 */
struct vex {
	u8 first;
	u8 map;
	u8 vvvv;
	u8 aaa;
};

static struct vex take_vex(struct cursor *c)
{
	struct vex vex = { .first = next(c), .map = 1 };
	u8 byte = next(c);

	if (vex.first == 0xc5) {
		vex.vvvv = ~(byte >> 3) & 0xf;
		return vex;
	}
	vex.map = byte & (vex.first == 0x62 ? 0x7 : 0x1f);
	byte = next(c);
	vex.vvvv = ~(byte >> 3) & 0xf;
	if (vex.first == 0x62)
		vex.aaa = next(c) & 7;
	return vex;
}

/**
 * nptb_insn_opcode() - what to call an instruction
 * @insn: its bytes, as far as they are known
 * @len: how many
 * @long_mode: it is 64-bit code
 *
 * Return: enough of the instruction to tell it from others.
 */
struct nptb_opcode nptb_insn_opcode(const u8 *insn, u32 len, bool long_mode)
{
	struct nptb_opcode op = { };
	struct cursor c = { insn, len };
	u8 prefix = skip_prefixes(&c);
	u8 byte;

	if (!c.left)
		return op;
	if (is_vex(&c, long_mode)) {
		struct vex vex = take_vex(&c);

		put(&op, vex.first);
		put(&op, vex.map);
		put(&op, next(&c));
		return op;
	}
	if (prefix)
		put(&op, prefix);
	if (long_mode && (peek(&c) & 0xf0) == 0x40)
		put(&op, next(&c));
	byte = next(&c);
	put(&op, byte);
	if (byte == 0x0f)
		opcode_0f(&op, &c);
	else if (is_group(byte))
		put_reg(&op, &c);
	return op;
}

/**
 * nptb_insn_mask() - does an instruction keep progress in a mask?
 * @insn: its bytes
 * @len: how many
 * @long_mode: it is 64-bit code
 * @reg: number of the register, where it does
 *
 * Gathers are VEX or EVEX 0F38 90 to 93, scatters EVEX 0F38 A0 to A3: APM
 * volume 4, VPGATHERDD and on.
 *
 * Return: which kind of register.
 */
enum nptb_mask nptb_insn_mask(const u8 *insn, u32 len, bool long_mode, u32 *reg)
{
	struct cursor c = { insn, len };
	struct vex vex;
	u8 op;

	skip_prefixes(&c);
	if (!is_vex(&c, long_mode))
		return NPTB_MASK_NONE;
	vex = take_vex(&c);
	op = next(&c);
	if (vex.map != 2)
		return NPTB_MASK_NONE;
	if (vex.first == 0xc4 && op >= 0x90 && op <= 0x93) {
		*reg = vex.vvvv;
		return NPTB_MASK_VECTOR;
	}
	if (vex.first == 0x62 &&
	    ((op >= 0x90 && op <= 0x93) || (op >= 0xa0 && op <= 0xa3))) {
		*reg = vex.aaa;
		return NPTB_MASK_OPMASK;
	}
	return NPTB_MASK_NONE;
}

struct nptb_opcode nptb_opcode_of(const struct nptb_state *state, const u8 *insn,
				  u32 len)
{
	/* EFER.LMA: AMD64 APM volume 2, section 3.1.7. */
	return nptb_insn_opcode(insn, len, state->efer & (1 << 10));
}
