/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the core asks of a CPU's architecture: its state, its page tables, its
 * instructions. Pure: the unit tests and the command build it, too.
 *
 * arch/state.h and arch/access.h, of the architecture that is built for, give:
 *   struct nptb_state        all that changes when a vCPU makes progress; compared
 *                            and kept by nptb_kvm_same_state(), nptb_kvm_keep_state()
 *   struct nptb_machine      what explaining a loop takes beyond that
 *   nptb_state_pc()          address of the instruction, for people and for records
 *   nptb_state_space()       what tells address spaces of a guest apart
 *   nptb_state_event()       number of the event being delivered, or -1
 *   nptb_state_event_kind()  enum nptb_event: of which kind that is
 *   nptb_state_same_place()  the same instruction, address space and event?
 *   nptb_roles()             what a page was wanted for: one NPTB_ROLE_* bit
 *   nptb_code_is_mmio()      KVM takes the address for one without memory
 *   nptb_code_is_write()     the access, or a walk for it, would write
 *   nptb_code_has_leaf()     the leaf was there, and did not allow the access
 * An error code is what the backend hands to a fault; nobody else looks into it.
 */
#ifndef NPTB_CPU_H
#define NPTB_CPU_H

#include "arch/access.h"
#include "arch/state.h"

/* Levels of the largest tables (x86: CR4.LA57). */
#define NPTB_WALK_LEVELS	5

/**
 * nptb_walk_read_fn - read guest memory
 * @ctx: the caller's
 * @gpa: guest-physical address; the bytes do not cross a page
 * @buf: for the bytes
 * @len: how many
 *
 * Return: false where they cannot be had now.
 */
typedef bool (*nptb_walk_read_fn)(void *ctx, u64 gpa, void *buf, u32 len);

/**
 * struct nptb_walk - one linear address and the way to its page
 * @gpa: guest-physical address, where @end is NPTB_WALK_MAPPED
 * @table: frame of the table of level i + 1, for those that were read
 * @top: level of the first table, 0 without paging
 * @level: level of the table whose entry ended the walk, 0 without paging
 * @end: enum nptb_walk_end
 */
struct nptb_walk {
	u64 gpa;
	u64 table[NPTB_WALK_LEVELS];
	u8 top;
	u8 level;
	u8 end;
};

void nptb_walk(const struct nptb_state *state, u64 linear,
	       nptb_walk_read_fn read, void *ctx, struct nptb_walk *walk);

/**
 * nptb_walk_level() - the level of a frame among the tables of a walk
 * @walk: done
 * @gfn: the frame
 *
 * Return: the lowest level whose table lies there, 0 where none does.
 */
static inline u32 nptb_walk_level(const struct nptb_walk *walk, u64 gfn)
{
	u32 level;

	if (!walk->top)
		return 0;
	/* The entry of the last level was looked for, if not read. */
	for (level = walk->level; level <= walk->top; level++)
		if (walk->table[level - 1] == gfn)
			return level;
	return 0;
}

/**
 * struct nptb_place - a linear address at hand
 * @linear: the address
 * @what: an NPTB_FOR_* bit
 */
struct nptb_place {
	u64 linear;
	u32 what;
};

u32 nptb_places(const struct nptb_state *state, const struct nptb_machine *machine,
		nptb_walk_read_fn read, void *ctx, struct nptb_place *places);

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
 * struct nptb_mask_bits - progress within an instruction, outside the state
 * @word: a mask register as it is, lowest first; what it has not is 0
 */
struct nptb_mask_bits {
	u64 word[4];
};

/**
 * nptb_opcode_of() - what names an instruction
 * @state: of the vCPU, for the mode that it is in
 * @insn: its bytes
 * @len: how many, 0 where they could not be read
 */
struct nptb_opcode nptb_opcode_of(const struct nptb_state *state, const u8 *insn,
				  u32 len);

#endif /* NPTB_CPU_H */
