// SPDX-License-Identifier: GPL-2.0-only
/*
 * The linear addresses at hand, likely ones first. Which of them the
 * instruction uses is not decoded here. Pure; see cpu.h.
 */
#include "cpu.h"

#define CR0_PE		(1ULL << 0)
#define EFER_LMA	(1ULL << 10)
#define ATTR_L		(1u << 9)
#define ATTR_DB		(1u << 10)
#define SELECTOR_LDT	(1u << 2)
#define GPR_RSP		4

struct list {
	const struct nptb_state *state;
	const struct nptb_machine *machine;
	nptb_walk_read_fn read;
	void *ctx;
	struct nptb_place *places;
	u32 count;
};

static bool long_mode(const struct list *list)
{
	return list->state->efer & EFER_LMA;
}

static void add(struct list *list, u64 linear, u32 what)
{
	u32 i;

	if (!long_mode(list))
		linear &= 0xffffffffULL;
	for (i = 0; i < list->count; i++)
		if (list->places[i].what == what &&
		    list->places[i].linear >> 12 == linear >> 12)
			return;
	if (list->count == NPTB_PLACES_MAX)
		return;
	list->places[list->count++] = (struct nptb_place){ linear, what };
}

/* Read where a linear address leads; nothing that crosses a page. */
static bool read_linear(struct list *list, u64 linear, void *buf, u32 len)
{
	struct nptb_walk walk;

	if ((linear & 0xfff) + len > 0x1000)
		return false;
	nptb_walk(list->state, linear, list->read, list->ctx, &walk);
	return walk.end == NPTB_WALK_MAPPED &&
	       list->read(list->ctx, walk.gpa, buf, len);
}

static void add_code(struct list *list)
{
	u64 at = list->machine->seg[NPTB_SEG_CS].base + list->state->rip;

	add(list, at, NPTB_FOR_CODE);
	add(list, at + NPTB_INSN_MAX - 1, NPTB_FOR_CODE);
}

/* What is pushed lies below the pointer, what is popped above: IRETQ's frame. */
static void add_stack_at(struct list *list, u64 sp)
{
	add(list, sp - 1, NPTB_FOR_STACK);
	add(list, sp, NPTB_FOR_STACK);
	add(list, sp - 48, NPTB_FOR_STACK);
	add(list, sp + 39, NPTB_FOR_STACK);
}

static void add_stack(struct list *list)
{
	const struct nptb_segment *ss = &list->machine->seg[NPTB_SEG_SS];
	u64 sp = list->state->gpr[GPR_RSP];

	if (!(list->machine->seg[NPTB_SEG_CS].attr & ATTR_L && long_mode(list)))
		sp &= ss->attr & ATTR_DB ? 0xffffffffULL : 0xffffULL;
	add_stack_at(list, ss->base + sp);
}

/*
 * Where the stack pointer comes from on the way to privilege level 0: the TSS.
 * AMD64 APM volume 2, sections 12.2.5 (64-bit: RSP0 at 4, IST1 at 0x24) and
 * 12.2.4 (32-bit: ESP0 at 4).
 */
static void add_new_stack(struct list *list, u32 ist)
{
	u64 tss = list->machine->seg[NPTB_SEG_TR].base, sp = 0;
	u32 at = ist ? 0x24 + 8 * (ist - 1) : 4;
	u32 width = long_mode(list) ? 8 : 4;

	add(list, tss + at, NPTB_FOR_TSS);
	if (read_linear(list, tss + at, &sp, width) && sp)
		add_stack_at(list, sp);
}

static void add_descriptor(struct list *list, u32 selector)
{
	bool ldt = selector & SELECTOR_LDT;
	const struct nptb_segment *table =
		&list->machine->seg[ldt ? NPTB_SEG_LDTR : NPTB_SEG_GDTR];

	add(list, table->base + (selector & ~7u),
	    ldt ? NPTB_FOR_LDT : NPTB_FOR_GDT);
}

/*
 * The gate of an event: its code segment, and its stack. AMD64 APM volume 2,
 * sections 8.6.1 (real mode), 4.8.3 and 4.8.4 (gates), 8.9 (long mode).
 */
static void add_delivery(struct list *list)
{
	u32 width = long_mode(list) ? 16 : list->state->cr0 & CR0_PE ? 8 : 4;
	u64 at = list->machine->seg[NPTB_SEG_IDTR].base +
		 (u64)list->state->vector * width;
	u32 ist = 0;
	u8 gate[8];

	add(list, at, NPTB_FOR_IDT);
	if (width == 4)
		return;
	if (read_linear(list, at, gate, sizeof(gate))) {
		add_descriptor(list, gate[2] | gate[3] << 8);
		if (long_mode(list))
			ist = gate[4] & 7;
	}
	if (ist || list->machine->cpl)
		add_new_stack(list, ist);
}

static void add_tables(struct list *list)
{
	const struct nptb_segment *seg = list->machine->seg;

	if (!(list->state->cr0 & CR0_PE))
		return;
	add(list, seg[NPTB_SEG_GDTR].base, NPTB_FOR_GDT);
	add(list, seg[NPTB_SEG_GDTR].base + seg[NPTB_SEG_GDTR].limit, NPTB_FOR_GDT);
	if (seg[NPTB_SEG_LDTR].selector)
		add(list, seg[NPTB_SEG_LDTR].base, NPTB_FOR_LDT);
	if (seg[NPTB_SEG_TR].selector)
		add(list, seg[NPTB_SEG_TR].base, NPTB_FOR_TSS);
}

static void add_registers(struct list *list)
{
	u64 base = list->machine->seg[NPTB_SEG_DS].base;
	u32 i;

	for (i = 0; i < NPTB_GPRS; i++)
		if (i != GPR_RSP)
			add(list, base + list->state->gpr[i], NPTB_FOR_REG(i));
}

/**
 * nptb_places() - the linear addresses at hand
 * @state: of the vCPU
 * @machine: its segments
 * @read: how guest memory is read
 * @ctx: for @read
 * @places: NPTB_PLACES_MAX of them, filled in
 *
 * Return: how many, each page once for what it is wanted.
 */
u32 nptb_places(const struct nptb_state *state, const struct nptb_machine *machine,
		nptb_walk_read_fn read, void *ctx, struct nptb_place *places)
{
	struct list list = {
		.state = state, .machine = machine, .read = read, .ctx = ctx,
		.places = places,
	};

	if (state->vector >= 0) {
		add_delivery(&list);
		add_stack(&list);
		add_tables(&list);
		/* An INT's delivery that is dropped begins with its fetch. */
		add_code(&list);
		return list.count;
	}
	add_code(&list);
	add_stack(&list);
	add_tables(&list);
	add_registers(&list);
	return list.count;
}
