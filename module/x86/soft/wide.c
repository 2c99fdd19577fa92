// SPDX-License-Identifier: GPL-2.0-only
/* Moves of vectors of 16 or 32 bytes. Pure; see x86/soft/wide.h. */
#include "lib/pure.h"
#include "x86/soft/wide.h"

#define ALL	NPTB_WIDE_BYTES
#define HALF	NPTB_VECTOR_BYTES

/* The upper half of the destination is 0, but for what has 32 bytes. */
static void set(u8 *to, const void *from, u32 bytes)
{
	u8 value[ALL] = { };

	memcpy(value, from, bytes);
	memcpy(to, value, ALL);
}

/* Each half by itself, most with the same immediate; others have bits for each element. */
static u8 imm_of(enum nptb_vector_how how, const struct nptb_wide *w, u32 half)
{
	if (how == NPTB_VECTOR_SHUFPD || how == NPTB_VECTOR_PERMILPD)
		return w->imm >> (2 * half);
	if (how == NPTB_VECTOR_BLEND && w->bytes > 2)
		return w->imm >> (HALF / w->bytes * half);
	return w->imm;
}

static void half(enum nptb_vector_how how, struct nptb_wide *w, u32 at, struct nptb_vector *v)
{
	*v = (struct nptb_vector){
		.gpr = w->gpr, .bytes = w->bytes, .imm = imm_of(how, w, at),
		.is_memory = w->is_memory, .left = w->left,
	};
	memcpy(v->reg, w->first + at * HALF, HALF);
	memcpy(v->rm, w->rm + at * HALF, HALF);
	memcpy(v->xmm0, w->by + at * HALF, HALF);
	if (how == NPTB_VECTOR_PERMILPD) {
		memcpy(v->reg, v->rm, HALF);
		how = NPTB_VECTOR_SHUFPD;
	}
	nptb_shuffle(how, v);
}

static void halves(enum nptb_vector_how how, struct nptb_wide *w)
{
	struct nptb_vector v;
	u8 to[ALL] = { };
	u32 i;

	for (i = 0; i <= w->l; i++) {
		half(how, w, i, &v);
		memcpy(to + i * HALF, how == NPTB_VECTOR_BYTE_SHIFT ? v.rm : v.reg, HALF);
	}
	memcpy(w->reg, to, ALL);
}

/* Of the lower half alone. */
static void lower(enum nptb_vector_how how, struct nptb_wide *w)
{
	struct nptb_vector v;

	half(how, w, 0, &v);
	set(w->reg, v.reg, HALF);
}

static void mask(struct nptb_wide *w)
{
	struct nptb_vector v;
	u64 bits = 0;
	u32 i;

	for (i = 0; i <= w->l; i++) {
		half(NPTB_VECTOR_MASK, w, i, &v);
		bits |= v.gpr << (i * HALF / w->bytes);
	}
	w->gpr = bits;
}

static void broadcast(struct nptb_wide *w)
{
	u8 to[ALL];
	u32 i;

	for (i = 0; i < ALL; i += w->bytes)
		memcpy(to + i, w->rm, w->bytes);
	set(w->reg, to, w->l ? ALL : HALF);
}

/* Quarters, each by two bits of the immediate. */
static void permute_quarters(struct nptb_wide *w)
{
	u8 to[ALL];
	u32 i;

	for (i = 0; i < 4; i++)
		memcpy(to + 8 * i, w->rm + 8 * (w->imm >> (2 * i) & 3), 8);
	memcpy(w->reg, to, ALL);
}

/* Halves of both operands, each by four bits of the immediate; bit 3 makes it 0. */
static void permute_halves(struct nptb_wide *w)
{
	u8 to[ALL] = { };
	u32 i;

	for (i = 0; i < 2; i++) {
		u32 by = w->imm >> (4 * i);
		const u8 *from = by & 2 ? w->rm : w->first;

		if (!(by & 8))
			memcpy(to + i * HALF, from + (by & 1) * HALF, HALF);
	}
	memcpy(w->reg, to, ALL);
}

static void insert_half(struct nptb_wide *w)
{
	memcpy(w->reg, w->first, ALL);
	memcpy(w->reg + (w->imm & 1) * HALF, w->rm, HALF);
}

/* To a register, or to a memory operand of as many bytes. */
static void store(enum nptb_vector_how how, struct nptb_wide *w)
{
	switch (how) {
	case NPTB_VECTOR_STORE:
		return set(w->rm, w->reg, w->bytes);
	case NPTB_VECTOR_STORE_MERGE:
		memcpy(w->first, w->reg, w->bytes);
		return set(w->rm, w->is_memory ? w->reg : w->first, HALF);
	case NPTB_VECTOR_STORE_HIGH:
		return set(w->rm, w->reg + HALF / 2, HALF / 2);
	case NPTB_VECTOR_EXTRACT_HALF:
		return set(w->rm, w->reg + (w->imm & 1) * HALF, HALF);
	default:
		w->gpr = 0;
		memcpy(&w->gpr, w->reg, w->bytes);
	}
}

static void extract(struct nptb_wide *w, const u8 *from)
{
	u32 at = (w->imm & (HALF / w->bytes - 1)) * w->bytes;

	w->gpr = 0;
	memcpy(&w->gpr, from + at, w->bytes);
}

/**
 * nptb_wide_shuffle() - carry out an instruction that moves, and does not calculate
 * @how: from NPTB_VECTOR_LOAD on
 * @w: its operands
 */
void nptb_wide_shuffle(enum nptb_vector_how how, struct nptb_wide *w)
{
	switch (how) {
	case NPTB_VECTOR_LOAD:
		return set(w->reg, w->rm, w->bytes);
	case NPTB_VECTOR_LOAD_GPR:
		return set(w->reg, &w->gpr, w->bytes);
	case NPTB_VECTOR_STORE:
	case NPTB_VECTOR_STORE_MERGE:
	case NPTB_VECTOR_STORE_HIGH:
	case NPTB_VECTOR_STORE_GPR:
	case NPTB_VECTOR_EXTRACT_HALF:
		return store(how, w);
	case NPTB_VECTOR_MERGE:
	case NPTB_VECTOR_LOAD_LOW:
	case NPTB_VECTOR_LOAD_HIGH:
	case NPTB_VECTOR_INSERTPS:
	case NPTB_VECTOR_INSERT:
		return lower(how, w);
	case NPTB_VECTOR_EXTRACT:
		return extract(w, w->reg);
	case NPTB_VECTOR_EXTRACT_RM:
		return extract(w, w->rm);
	case NPTB_VECTOR_MASK:
		return mask(w);
	case NPTB_VECTOR_BROADCAST:
		return broadcast(w);
	case NPTB_VECTOR_PERMUTE_QUARTERS:
		return permute_quarters(w);
	case NPTB_VECTOR_PERMUTE_HALVES:
		return permute_halves(w);
	case NPTB_VECTOR_INSERT_HALF:
		return insert_half(w);
	default:
		return halves(how, w);
	}
}
