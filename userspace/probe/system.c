// SPDX-License-Identifier: GPL-2.0-only
/* Descriptor tables and task state. AMD64 APM volume 2, chapters 4, 8 and 12. */
#include "layout.h"

#define TYPE_LDT	0x82
#define TYPE_TSS	0x89	/* available */
#define TYPE_CALL	0x8c
#define TYPE_INT	0x8e
#define DPL3		0x60
/* Accessed, so that loading them writes nothing. */
#define CODE0		0x9b
#define DATA0		0x93
#define FLAT32		0xcf	/* 4 KiB granular, 32 bits, limit 4 GiB */
#define FLAT64		0xaf	/* L instead of D */

static bool is_long(const struct probe_layout *l)
{
	return l->m->bits == 64;
}

static void segment(struct probe_layout *l, enum probe_part part, uint8_t type, uint8_t flags)
{
	probe_poke(l, l->part[part].lin,
		   0xffff | (uint64_t)type << 40 | (uint64_t)flags << 48, 8);
}

static void system_segment(struct probe_layout *l, enum probe_part part, uint8_t type,
			   uint64_t base, uint32_t limit)
{
	probe_poke(l, l->part[part].lin,
		   (limit & 0xffff) | (base & 0xffffff) << 16 | (uint64_t)type << 40 |
		   (base >> 24 & 0xff) << 56, 8);
	if (is_long(l))
		probe_poke(l, l->part[part].lin + 8, base >> 32, 8);
}

static void gate(struct probe_layout *l, enum probe_part part, uint8_t type, uint64_t to,
		 uint8_t ist)
{
	uint64_t lin = l->part[part].lin;
	uint64_t words = type == TYPE_CALL ? l->c->params : ist;

	probe_poke(l, lin, (to & 0xffff) | (uint64_t)probe_selector(l, P_CS0) << 16 |
		   words << 32 | (uint64_t)(type | DPL3) << 40 | (to >> 16 & 0xffff) << 48, 8);
	if (is_long(l))
		probe_poke(l, lin + 8, to >> 32, 8);
}

static void gdt(struct probe_layout *l)
{
	uint8_t code = is_long(l) ? FLAT64 : FLAT32;

	segment(l, P_CS0, CODE0, code);
	segment(l, P_SS0, DATA0, FLAT32);
	segment(l, P_CS3, CODE0 | DPL3, code);
	segment(l, P_SS3, DATA0 | DPL3, FLAT32);
	system_segment(l, P_TSSD, TYPE_TSS, l->tss, 0x67);
	system_segment(l, P_TSS2D, TYPE_TSS, l->part[P_BX].lin, 0x67);
	system_segment(l, P_LDTD, TYPE_LDT, l->ldt, 0xff);
	gate(l, P_GATE, TYPE_CALL, l->part[P_TARGET].lin, 0);
	if (l->c->ldt_gate)
		gate(l, P_LDT, TYPE_CALL, l->part[P_TARGET].lin, 0);
	else
		segment(l, P_LDT, DATA0 | DPL3, FLAT32);
}

static void idt(struct probe_layout *l)
{
	uint64_t to = l->part[P_HANDLER].lin;

	if (l->m->bits == 16)
		probe_poke(l, l->part[P_IDT].lin,
			   to % PROBE_PAGE | (to / PROBE_PAGE << 8) << 16, 4);
	else
		gate(l, P_IDT, TYPE_INT, to, l->c->ist);
}

/* Stack pointer and, before long mode, stack segment. */
static void tss(struct probe_layout *l)
{
	probe_poke(l, l->part[P_TSS].lin, l->sp0, is_long(l) ? 8 : 4);
	if (!is_long(l))
		probe_poke(l, l->part[P_TSS].lin + 4, probe_selector(l, P_SS0), 2);
}

/**
 * probe_system() - write the descriptor tables and the TSS
 * @l: the layout; its frames have memory
 */
void probe_system(struct probe_layout *l)
{
	if (l->m->bits != 16)
		gdt(l);
	if (l->part[P_IDT].size)
		idt(l);
	if (l->part[P_TSS].size && !l->c->task)
		tss(l);
}
