/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of an x86 vCPU as the core keeps it. Pure; part of cpu.h. */
#ifndef NPTB_X86_ARCH_STATE_H
#define NPTB_X86_ARCH_STATE_H

#include <linux/types.h>
#include <nptbudget.h>

#define NPTB_GPRS	16

/* Of nptb_places(): two for code, four for the stack, six for tables, the registers. */
#define NPTB_PLACES_MAX	(12 + NPTB_GPRS)

/**
 * struct nptb_state - what changes when a vCPU makes progress
 * @rip: of the instruction, as an offset in its code segment
 * @gpr: general registers, numbered as in ModRM
 * @rflags: flags
 * @cr0: mode
 * @cr3: address space
 * @cr4: mode
 * @efer: mode
 * @vector: of the event being delivered, or -1
 * @event: enum nptb_event, what kind of event
 */
struct nptb_state {
	u64 rip;
	u64 gpr[NPTB_GPRS];
	u64 rflags;
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	s64 vector;
	u64 event;
};

/**
 * struct nptb_segment - a segment register, or a descriptor table's
 * @base: linear address
 * @limit: last byte, from @base
 * @selector: 0 for a descriptor table
 * @attr: AMD64 APM volume 2, section 15.5.1: type 3:0, S 4, DPL 6:5, P 7,
 *	AVL 8, L 9, D/B 10, G 11
 */
struct nptb_segment {
	u64 base;
	u32 limit;
	u16 selector;
	u16 attr;
};

/* In the order of NPTB_SEGMENT_NAMES. */
enum nptb_segment_nr {
	NPTB_SEG_ES,
	NPTB_SEG_CS,
	NPTB_SEG_SS,
	NPTB_SEG_DS,
	NPTB_SEG_FS,
	NPTB_SEG_GS,
	NPTB_SEG_LDTR,
	NPTB_SEG_TR,
	NPTB_SEG_IDTR,
	NPTB_SEG_GDTR,
	NPTB_SEG_NR,
};

/**
 * struct nptb_machine - what explaining a loop takes beyond the state
 * @cpl: the guest's privilege level
 * @seg: segment registers and descriptor tables
 */
struct nptb_machine {
	u8 cpl;
	struct nptb_segment seg[NPTB_SEG_NR];
};

static inline u64 nptb_state_pc(const struct nptb_state *state)
{
	return state->rip;
}

static inline u64 nptb_state_space(const struct nptb_state *state)
{
	return state->cr3;
}

static inline s64 nptb_state_event(const struct nptb_state *state)
{
	return state->vector;
}

static inline u32 nptb_state_event_kind(const struct nptb_state *state)
{
	return state->event;
}

static inline bool nptb_state_same_place(const struct nptb_state *a,
					 const struct nptb_state *b)
{
	return a->rip == b->rip && a->cr3 == b->cr3 &&
	       a->vector == b->vector && a->event == b->event;
}

#endif /* NPTB_X86_ARCH_STATE_H */
