// SPDX-License-Identifier: GPL-2.0-only
/* Descriptor tables of a guest in long mode; see level.h. */
#include <string.h>

#include "level.h"
#include "util.h"

static uint64_t descriptor(unsigned int type, unsigned int dpl, bool code64)
{
	uint64_t access = type | 1 << 4 | dpl << 5 | 1 << 7;

	return 0xffff | access << 40 | (code64 ? 0xaULL : 0xcULL) << 52 | 0xfULL << 48;
}

void level_gate(struct vmm *vm, unsigned int vector, unsigned int type, unsigned int selector,
		unsigned int ist)
{
	uint64_t at = LEVEL_HANDLERS + 16 * vector, gate[2] = {
		(at & 0xffff) | (uint64_t)selector << 16 | (uint64_t)ist << 32 |
		(uint64_t)type << 40 | (at >> 16 & 0xffff) << 48,
	};

	vmm_load(vm, LEVEL_IDT + 16 * vector, gate, sizeof(gate));
}

void level_load(struct vmm *vm, uint64_t stack, uint64_t ist)
{
	uint64_t gdt[LEVEL_GDT_NR] = {
		[1] = descriptor(11, 0, true), [2] = descriptor(3, 0, false),
		[3] = descriptor(11, 0, true), [4] = descriptor(11, 0, false),
		[5] = descriptor(3, 3, false), [6] = descriptor(11, 3, true),
	};
	uint32_t tss[26] = { [1] = stack, [9] = ist };
	uint8_t page[PAGE_SIZE];
	int i;

	vmm_load(vm, LEVEL_GDT, gdt, sizeof(gdt));
	vmm_load(vm, LEVEL_TSS, tss, sizeof(tss));
	memset(page, 0xf4, sizeof(page));
	vmm_load(vm, LEVEL_HANDLERS, page, sizeof(page));
	for (i = 0; i < LEVEL_VECTORS; i++)
		level_gate(vm, i, 0x8e, LEVEL_CODE0, 0);
}

void level_tables(struct kvm_sregs *sregs)
{
	sregs->gdt.base = LEVEL_GDT;
	sregs->gdt.limit = 7 * 8 - 1;
	sregs->idt.base = LEVEL_IDT;
	sregs->idt.limit = LEVEL_VECTORS * 16 - 1;
	sregs->tr = (struct kvm_segment){
		.base = LEVEL_TSS, .limit = 103, .selector = LEVEL_TASK, .type = 11, .present = 1,
	};
}

void level_set(struct kvm_sregs *sregs, bool level_3)
{
	sregs->cs.selector = level_3 ? LEVEL_CODE3 : LEVEL_CODE0;
	sregs->ss.selector = level_3 ? LEVEL_DATA3 : LEVEL_DATA0;
	if (level_3)
		sregs->cs.dpl = sregs->ss.dpl = 3;
}
