// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decode the instructions that the module carries out, and no others. Pure; see
 * x86/soft/decode.h. AMD64 APM volume 3, chapter 1.
 */
#include "lib/pure.h"
#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

#define RBX	3
#define RBP	5
#define RSI	6
#define RDI	7
#define NO_SEGMENT	0xff

/**
 * struct reader - a place in an instruction
 * @bytes: of the instruction
 * @len: how many are known
 * @at: next byte
 * @short_of: there were too few
 */
struct reader {
	const u8 *bytes;
	u32 len;
	u32 at;
	bool short_of;
};

static u8 next(struct reader *r)
{
	if (r->at < r->len)
		return r->bytes[r->at++];
	r->short_of = true;
	return 0;
}

/* Signed, of 1, 2 or 4 bytes. */
static s64 next_signed(struct reader *r, u32 size)
{
	u64 value = 0;
	u32 i;

	for (i = 0; i < size; i++)
		value |= (u64)next(r) << (8 * i);
	return (s64)(value << (64 - 8 * size)) >> (64 - 8 * size);
}

struct prefixes {
	bool code64;
	bool addrsize;
	u8 segment;
};

static bool take_prefix(u8 byte, struct nptb_insn *insn, struct prefixes *p)
{
	static const u8 segments[] = {
		[0x26 >> 3 & 3] = NPTB_SEG_ES, [0x2e >> 3 & 3] = NPTB_SEG_CS,
		[0x36 >> 3 & 3] = NPTB_SEG_SS, [0x3e >> 3 & 3] = NPTB_SEG_DS,
	};

	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:
		/* In 64-bit mode these are ignored: section 1.2.4. */
		if (!p->code64)
			p->segment = segments[byte >> 3 & 3];
		return true;
	case 0x64: case 0x65:
		p->segment = byte == 0x64 ? NPTB_SEG_FS : NPTB_SEG_GS;
		return true;
	case 0x66:
		insn->opsize = true;
		return true;
	case 0x67:
		p->addrsize = true;
		return true;
	case 0xf0:
		insn->lock = true;
		return true;
	case 0xf2: case 0xf3:
		insn->rep = byte;
		return true;
	}
	return false;
}

static u64 gpr(const struct nptb_state *state, u32 nr)
{
	return state->gpr[nr & 15];
}

/* ModRM with 16-bit addresses: APM volume 3, table A-33. */
static void operand_16(struct reader *r, const struct nptb_state *state,
		       struct nptb_insn *insn, u8 *segment)
{
	static const u8 base[] = { RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX };
	static const u8 index[] = { RSI, RDI, RSI, RDI };
	u32 mod = insn->modrm >> 6, rm = insn->modrm & 7;
	u64 ea = 0;

	if (mod == 0 && rm == 6) {
		ea = next_signed(r, 2);
	} else {
		ea = gpr(state, base[rm]);
		if (rm < 4)
			ea += gpr(state, index[rm]);
		if (base[rm] == RBP)
			*segment = NPTB_SEG_SS;
		if (mod)
			ea += next_signed(r, mod == 1 ? 1 : 2);
	}
	insn->ea = (u16)ea;
}

static bool is_gather(const struct nptb_insn *insn)
{
	return insn->vex && insn->map == 2 && insn->op >= 0x90 && insn->op <= 0x93;
}

/* SIB: APM volume 3, section 1.4.3. */
static u64 take_sib(struct reader *r, const struct nptb_state *state,
		    struct nptb_insn *insn, u8 *segment)
{
	u8 sib = insn->sib = next(r);
	u32 index = (sib >> 3 & 7) | (insn->rex & 2) << 2;
	u32 base = (sib & 7) | (insn->rex & 1) << 3;
	bool none = index == NPTB_RSP || is_gather(insn);
	u64 ea = none ? 0 : gpr(state, index) << (sib >> 6);

	if ((sib & 7) == RBP && !(insn->modrm >> 6))
		return ea + next_signed(r, 4);
	if (base == NPTB_RSP || base == RBP)
		*segment = NPTB_SEG_SS;
	return ea + gpr(state, base);
}

static void operand_32(struct reader *r, const struct nptb_state *state, bool code64,
		       struct nptb_insn *insn, u8 *segment, bool *relative)
{
	u32 mod = insn->modrm >> 6, rm = insn->modrm & 7;

	if (rm == NPTB_RSP) {
		insn->ea = take_sib(r, state, insn, segment);
	} else if (mod == 0 && rm == RBP) {
		insn->ea = next_signed(r, 4);
		*relative = code64;
	} else {
		insn->ea = gpr(state, nptb_insn_rm(insn));
		if (nptb_insn_rm(insn) == RBP)
			*segment = NPTB_SEG_SS;
	}
	if (mod == 1 || mod == 2)
		insn->ea += next_signed(r, mod == 1 ? 1 : 4);
}

/* What works on vectors has an immediate of a byte, or none: volume 3, appendix A. */
static bool has_imm(const struct nptb_insn *insn)
{
	if (insn->map == 0)
		return insn->op == 0xcd;
	if (insn->map == 1)
		return (insn->op >= 0x70 && insn->op <= 0x73) || insn->op == 0xc2 ||
		       (insn->op >= 0xc4 && insn->op <= 0xc6);
	return insn->map == 3;
}

/* MASKMOVQ and MASKMOVDQU write to where RDI points. */
static void operand_at_rdi(const struct nptb_state *state, const struct prefixes *p,
			   struct nptb_insn *insn)
{
	insn->ea = gpr(state, RDI);
	if (insn->address != 8)
		insn->ea &= insn->address == 4 ? 0xffffffff : 0xffff;
	insn->segment = p->segment == NO_SEGMENT ? NPTB_SEG_DS : p->segment;
}

static void take_modrm(struct reader *r, const struct nptb_state *state, u32 address,
		       const struct prefixes *p, struct nptb_insn *insn)
{
	u8 segment = NPTB_SEG_DS;
	bool relative = false;

	insn->has_modrm = true;
	insn->address = address;
	insn->modrm = next(r);
	insn->is_memory = insn->modrm >> 6 != 3;
	if (!insn->is_memory) {
		if (insn->map == 1 && insn->op == 0xf7)
			operand_at_rdi(state, p, insn);
		return;
	}
	if (address == 2)
		operand_16(r, state, insn, &segment);
	else
		operand_32(r, state, p->code64, insn, &segment, &relative);
	/* From the next instruction on. */
	if (relative)
		insn->ea += state->rip + r->at + has_imm(insn);
	if (address == 4)
		insn->ea = (u32)insn->ea;
	insn->segment = p->segment == NO_SEGMENT ? segment : p->segment;
}

/* Those of 0F that work on vectors. */
static bool is_vector(u8 op)
{
	return (op >= 0x10 && op <= 0x17) || (op >= 0x28 && op <= 0x2f) ||
	       (op >= 0x50 && op <= 0x76) || (op >= 0x7c && op <= 0x7f) || op == 0xc2 ||
	       (op >= 0xc4 && op <= 0xc6) || (op >= 0xd0 && op <= 0xfe);
}

/**
 * nptb_decode_is_vex() - do these two begin an instruction with a VEX prefix?
 * @first: byte behind other prefixes
 * @second: the next
 * @code64: it is of 64-bit mode
 *
 * Else C4 and C5 are LES and LDS, whose operand is in memory. APM volume 3, section 1.2.7.
 */
bool nptb_decode_is_vex(u8 first, u8 second, bool code64)
{
	return (first == 0xc4 || first == 0xc5) && (code64 || second >= 0xc0);
}

/* The rest of one: most of it is there inverted. Some bits are ignored in 32-bit code. */
static void take_vex(struct reader *r, u8 first, bool code64, struct nptb_insn *insn)
{
	static const u8 reps[] = { 0, 0, 0xf3, 0xf2 };
	u8 byte = next(r), rxb = ~byte >> 5 & 7;

	insn->lock |= insn->opsize || insn->rep || insn->rex;
	insn->vex = true;
	insn->map = 1;
	if (first == 0xc4) {
		insn->map = byte & 0x1f;
		byte = next(r);
		insn->rex = rxb | (byte >> 4 & 8);
	} else {
		insn->rex = rxb & 4;
	}
	insn->vvvv = ~byte >> 3 & 0xf;
	if (!code64) {
		insn->rex &= 8;
		insn->vvvv &= 7;
	}
	insn->l = byte & 4;
	insn->rep = reps[byte & 3];
	insn->opsize = (byte & 3) == 1;
}

/* Opcodes that are decoded, and whether they have a ModRM byte. */
static bool is_known(const struct nptb_insn *insn, bool *modrm)
{
	u8 map = insn->map, op = insn->op;

	*modrm = map > 1 || (insn->vex && op != 0x77);
	if (map > 1 || insn->vex)
		return map && map <= 3;
	if (map == 0) {
		*modrm = op >= 0xd8 && op <= 0xdf;
		return *modrm || (op >= 0xcc && op <= 0xcf) || op == 0x90 || op == 0x9b;
	}
	*modrm = op <= 0x03 || op == 0xae || op == 0xc7 || (op >= 0x19 && op <= 0x1f) ||
		 op == 0xb8 || op == 0xbc || op == 0xbd || is_vector(op);
	return *modrm || op == 0x07 || op == 0x0b || op == 0x77;
}

/**
 * nptb_decode() - decode an instruction
 * @bytes: from RIP on
 * @len: how many are known
 * @state: of the vCPU, for addresses
 * @machine: of the vCPU, for its mode
 * @insn: filled in
 *
 * Return: false where it is none of those that the module carries out, or not all of
 * it is known.
 */
bool nptb_decode(const u8 *bytes, u32 len, const struct nptb_state *state,
		 const struct nptb_machine *machine, struct nptb_insn *insn)
{
	bool code64 = state->efer & NPTB_EFER_LMA &&
		      machine->seg[NPTB_SEG_CS].attr & NPTB_ATTR_L;
	bool wide = machine->seg[NPTB_SEG_CS].attr & NPTB_ATTR_DB;
	struct prefixes p = { .code64 = code64, .segment = NO_SEGMENT };
	struct reader r = { bytes, len, 0, false };
	u32 address;
	bool modrm;
	u8 byte;

	*insn = (struct nptb_insn){ };
	do
		byte = next(&r);
	while (!r.short_of && take_prefix(byte, insn, &p));
	if (code64 && (byte & 0xf0) == 0x40) {
		insn->rex = byte;
		byte = next(&r);
	}
	if (nptb_decode_is_vex(byte, r.at < len ? bytes[r.at] : 0, code64)) {
		take_vex(&r, byte, code64, insn);
		byte = next(&r);
	} else if (byte == 0x0f) {
		insn->map = 1;
		byte = next(&r);
		if (byte == 0x38 || byte == 0x3a) {
			insn->map = byte == 0x38 ? 2 : 3;
			byte = next(&r);
		}
	}
	insn->op = byte;
	if (r.short_of || !is_known(insn, &modrm))
		return false;
	address = code64 ? (p.addrsize ? 4 : 8) : wide != p.addrsize ? 4 : 2;
	if (modrm)
		take_modrm(&r, state, address, &p, insn);
	if (has_imm(insn))
		insn->imm = next(&r);
	insn->len = r.at;
	return !r.short_of && r.at <= NPTB_INSN_MAX;
}
