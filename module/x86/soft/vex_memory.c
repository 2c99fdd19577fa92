// SPDX-License-Identifier: GPL-2.0-only
/* AVX's accesses to single elements in memory; see x86/soft/vex_memory.h. */
#include "backend.h"
#include "x86/soft/guest_fpu.h"
#include "x86/guest_memory.h"
#include "x86/soft/step.h"
#include "x86/soft/vex_cpu.h"
#include "x86/soft/vex_memory.h"

#define HALF	NPTB_VECTOR_BYTES
#define ALL	NPTB_WIDE_BYTES

struct vector {
	u8 bytes[ALL];
};

static void get(u32 nr, struct vector *v)
{
	nptb_guest_fpu_begin();
	nptb_vex_get(nr, v);
	nptb_guest_fpu_end();
}

static void put(u32 nr, const struct vector *v)
{
	nptb_guest_fpu_begin();
	nptb_vex_put(nr, v);
	nptb_guest_fpu_end();
}

/* The sign of an element is its mask. */
static bool is_set(const struct vector *mask, u32 i, u32 size)
{
	return mask->bytes[(i + 1) * size - 1] >> 7;
}

static enum nptb_soft_end element_at(struct nptb_soft *soft, const struct nptb_insn *insn,
				     u64 offset, u32 size, bool write, u64 *linear)
{
	struct nptb_insn one = *insn;
	enum nptb_soft_end end;

	one.ea += offset;
	if (insn->address == 4)
		one.ea = (u32)one.ea;
	end = nptb_step_linear(soft, &one, size, write, linear);
	if (end == NPTB_SOFT_DONE && *linear & (size - 1) && nptb_kvm_checks_alignment(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	return end;
}

static enum nptb_soft_end load(struct nptb_soft *soft, const struct nptb_insn *insn, u32 size,
			       const struct vector *mask)
{
	u32 n = (insn->l ? ALL : HALF) / size, i;
	struct vector to = { };
	enum nptb_soft_end end;
	u64 linear;

	for (i = 0; i < n; i++) {
		if (!is_set(mask, i, size))
			continue;
		end = element_at(soft, insn, i * size, size, false, &linear);
		if (end == NPTB_SOFT_DONE)
			end = nptb_soft_read(soft, linear, to.bytes + i * size, size, false);
		if (end != NPTB_SOFT_DONE)
			return end;
	}
	put(nptb_insn_reg(insn), &to);
	return NPTB_SOFT_DONE;
}

/* All of them may be written before the first one is. */
static enum nptb_soft_end store(struct nptb_soft *soft, const struct nptb_insn *insn, u32 size,
				const struct vector *mask)
{
	u32 n = (insn->l ? ALL : HALF) / size, i;
	u64 linear[ALL / 4];
	enum nptb_soft_end end;
	struct vector from;

	for (i = 0; i < n; i++) {
		if (!is_set(mask, i, size))
			continue;
		end = element_at(soft, insn, i * size, size, true, &linear[i]);
		if (end != NPTB_SOFT_DONE)
			return end;
		end = nptb_kvm_may_write_linear(soft->ctx, linear[i], size, &soft->raised);
		if (end == NPTB_SOFT_UNABLE)
			return nptb_soft_unable(soft, NPTB_REASON_MEMORY);
		if (end != NPTB_SOFT_DONE)
			return end;
	}
	get(nptb_insn_reg(insn), &from);
	for (i = 0; i < n; i++) {
		if (!is_set(mask, i, size))
			continue;
		end = nptb_soft_write(soft, linear[i], from.bytes + i * size, size, false);
		if (end != NPTB_SOFT_DONE)
			return end;
	}
	return NPTB_SOFT_DONE;
}

/**
 * nptb_vex_masked() - move those elements whose mask is set
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, with an operand in memory; VEX.vvvv names the mask
 * @size: of an element
 * @to_memory: to memory; else from there, and the others become 0
 *
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_vex_masked(struct nptb_soft *soft, const struct nptb_insn *insn,
				   u32 size, bool to_memory)
{
	struct vector mask;

	get(insn->vvvv, &mask);
	return to_memory ? store(soft, insn, size, &mask) : load(soft, insn, size, &mask);
}

static u32 index_of(const struct nptb_insn *insn)
{
	return (insn->sib >> 3 & 7) | (insn->rex & 2) << 2;
}

/*
 * Three registers, of which no two may be the same; and their indexes are in a SIB byte,
 * which addresses of 16 bits have not.
 */
bool nptb_vex_may_gather(const struct nptb_insn *insn)
{
	u32 reg = nptb_insn_reg(insn), index = index_of(insn);

	return insn->is_memory && insn->address != 2 && (insn->modrm & 7) == NPTB_RSP &&
	       reg != index && reg != insn->vvvv && index != insn->vvvv;
}

static u64 offset_of(const struct nptb_insn *insn, const struct vector *index, u32 i)
{
	s64 value = 0;

	/* With an odd opcode they have 8 bytes. */
	if (insn->op & 1) {
		memcpy(&value, index->bytes + 8 * i, 8);
	} else {
		s32 narrow;

		memcpy(&narrow, index->bytes + 4 * i, 4);
		value = narrow;
	}
	return (u64)value << (insn->sib >> 6);
}

/**
 * nptb_vex_gather() - read elements from where indexes say
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, and nptb_vex_may_gather()
 *
 * What has been read before an exception stays, and its mask is clear: the instruction
 * goes on from there when it is begun again. So it does where it cannot be done here.
 *
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_vex_gather(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	u32 size = nptb_insn_wide(insn) ? 8 : 4, step = insn->op & 1 ? 8 : size;
	u32 n = (insn->l ? ALL : HALF) / step, i;
	enum nptb_soft_end end = NPTB_SOFT_DONE;
	struct vector to, mask, index;
	u64 linear;

	get(nptb_insn_reg(insn), &to);
	get(insn->vvvv, &mask);
	get(index_of(insn), &index);
	for (i = 0; i < n; i++) {
		if (is_set(&mask, i, size)) {
			end = element_at(soft, insn, offset_of(insn, &index, i), size, false,
					 &linear);
			if (end == NPTB_SOFT_DONE)
				end = nptb_soft_read(soft, linear, to.bytes + i * size, size,
						     false);
			if (end != NPTB_SOFT_DONE)
				break;
		}
		memset(mask.bytes + i * size, 0, size);
	}
	if (end == NPTB_SOFT_DONE) {
		memset(to.bytes + n * size, 0, ALL - n * size);
		memset(&mask, 0, sizeof(mask));
	}
	put(nptb_insn_reg(insn), &to);
	put(insn->vvvv, &mask);
	return end;
}
