// SPDX-License-Identifier: GPL-2.0-only
/* Moves of vectors and of their elements. Pure; see x86/soft/shuffle.h. */
#include "lib/pure.h"
#include "x86/soft/shuffle.h"

#define BYTES	NPTB_VECTOR_BYTES
#define HALF	(BYTES / 2)

/* @to = the elements of @from that two bits each of the immediate name. */
static void pick(u8 *to, const u8 *from, u32 size, u8 imm)
{
	u8 picked[BYTES];
	u32 i;

	for (i = 0; i < 4; i++)
		memcpy(picked + i * size, from + (imm >> (2 * i) & 3) * size, size);
	memcpy(to, picked, 4 * size);
}

/* Two from the first operand, two from the second. */
static void shufps(struct nptb_vector *v)
{
	u8 low[BYTES], high[BYTES];

	pick(low, v->reg, 4, v->imm);
	pick(high, v->rm, 4, v->imm);
	memcpy(v->reg, low, HALF);
	memcpy(v->reg + HALF, high + HALF, HALF);
}

static void shufpd(struct nptb_vector *v)
{
	u8 to[BYTES];

	memcpy(to, v->reg + (v->imm & 1) * HALF, HALF);
	memcpy(to + HALF, v->rm + (v->imm >> 1 & 1) * HALF, HALF);
	memcpy(v->reg, to, BYTES);
}

/* 16 bytes, from byte @at of the 32 that @low and @high are; zeros behind them. */
static void window(u8 *to, const u8 *low, const u8 *high, u32 at)
{
	u8 all[3 * BYTES] = { };

	memcpy(all, low, BYTES);
	memcpy(all + BYTES, high, BYTES);
	memcpy(to, all + (at < 2 * BYTES ? at : 2 * BYTES), BYTES);
}

static void byte_shift(struct nptb_vector *v)
{
	static const u8 zero[BYTES];
	u32 by = v->imm < BYTES ? v->imm : BYTES;

	if (v->left)
		window(v->rm, zero, v->rm, BYTES - by);
	else
		window(v->rm, v->rm, zero, by);
}

static void blend(struct nptb_vector *v)
{
	u32 i;

	for (i = 0; i < BYTES / v->bytes; i++)
		if (v->imm >> i & 1)
			memcpy(v->reg + i * v->bytes, v->rm + i * v->bytes, v->bytes);
}

/* By the sign of each element of XMM0. */
static void blend_by_0(struct nptb_vector *v)
{
	u32 i;

	for (i = 0; i < BYTES; i += v->bytes)
		if (v->xmm0[i + v->bytes - 1] >> 7)
			memcpy(v->reg + i, v->rm + i, v->bytes);
}

/* The immediate: from where, to where, and which are zeros then. */
static void insertps(struct nptb_vector *v)
{
	u8 from[4];
	u32 i;

	memcpy(from, v->rm + (v->is_memory ? 0 : v->imm >> 6) * 4, 4);
	memcpy(v->reg + (v->imm >> 4 & 3) * 4, from, 4);
	for (i = 0; i < 4; i++)
		if (v->imm >> i & 1)
			memset(v->reg + i * 4, 0, 4);
}

static u32 element(const struct nptb_vector *v)
{
	return (v->imm & (BYTES / v->bytes - 1)) * v->bytes;
}

static u64 mask(const struct nptb_vector *v)
{
	u64 bits = 0;
	u32 i;

	for (i = 0; i < BYTES / v->bytes; i++)
		bits |= (u64)(v->rm[(i + 1) * v->bytes - 1] >> 7) << i;
	return bits;
}

static void load(enum nptb_vector_how how, struct nptb_vector *v)
{
	switch (how) {
	case NPTB_VECTOR_LOAD:
		memset(v->reg, 0, BYTES);
		memcpy(v->reg, v->rm, v->bytes);
		break;
	case NPTB_VECTOR_MERGE:
		memcpy(v->reg, v->rm, v->is_memory ? BYTES : v->bytes);
		break;
	case NPTB_VECTOR_LOAD_LOW:
		memcpy(v->reg, v->rm + (v->is_memory ? 0 : HALF), HALF);
		break;
	case NPTB_VECTOR_LOAD_HIGH:
		memcpy(v->reg + HALF, v->rm, HALF);
		break;
	default:
		memset(v->reg, 0, BYTES);
		memcpy(v->reg, &v->gpr, v->bytes);
		break;
	}
}

static void store(enum nptb_vector_how how, struct nptb_vector *v)
{
	switch (how) {
	case NPTB_VECTOR_STORE:
		memset(v->rm, 0, BYTES);
		memcpy(v->rm, v->reg, v->bytes);
		break;
	case NPTB_VECTOR_STORE_MERGE:
		memcpy(v->rm, v->reg, v->bytes);
		break;
	case NPTB_VECTOR_STORE_HIGH:
		memcpy(v->rm, v->reg + HALF, HALF);
		break;
	default:
		v->gpr = 0;
		memcpy(&v->gpr, v->reg, v->bytes);
		break;
	}
}

/**
 * nptb_shuffle() - carry out an instruction that moves, and does not calculate
 * @how: from NPTB_VECTOR_LOAD on
 * @v: its operands
 */
void nptb_shuffle(enum nptb_vector_how how, struct nptb_vector *v)
{
	if (how >= NPTB_VECTOR_LOAD && how <= NPTB_VECTOR_LOAD_GPR)
		return load(how, v);
	if (how >= NPTB_VECTOR_STORE && how <= NPTB_VECTOR_STORE_GPR)
		return store(how, v);
	switch (how) {
	case NPTB_VECTOR_PSHUFD:
		pick(v->reg, v->rm, 4, v->imm);
		break;
	case NPTB_VECTOR_PSHUFLW:
		memcpy(v->reg + HALF, v->rm + HALF, HALF);
		pick(v->reg, v->rm, 2, v->imm);
		break;
	case NPTB_VECTOR_PSHUFHW:
		memcpy(v->reg, v->rm, HALF);
		pick(v->reg + HALF, v->rm + HALF, 2, v->imm);
		break;
	case NPTB_VECTOR_SHUFPS:
		shufps(v);
		break;
	case NPTB_VECTOR_SHUFPD:
		shufpd(v);
		break;
	case NPTB_VECTOR_BYTE_SHIFT:
		byte_shift(v);
		break;
	case NPTB_VECTOR_ALIGN:
		window(v->reg, v->rm, v->reg, v->imm);
		break;
	case NPTB_VECTOR_BLEND:
		blend(v);
		break;
	case NPTB_VECTOR_BLEND_BY_0:
		blend_by_0(v);
		break;
	case NPTB_VECTOR_INSERTPS:
		insertps(v);
		break;
	case NPTB_VECTOR_INSERT:
		memcpy(v->reg + element(v), &v->gpr, v->bytes);
		break;
	case NPTB_VECTOR_EXTRACT:
		v->gpr = 0;
		memcpy(&v->gpr, v->reg + element(v), v->bytes);
		break;
	case NPTB_VECTOR_EXTRACT_RM:
		v->gpr = 0;
		memcpy(&v->gpr, v->rm + element(v), v->bytes);
		break;
	case NPTB_VECTOR_MASK:
		v->gpr = mask(v);
		break;
	default:
		break;
	}
}
