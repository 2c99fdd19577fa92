/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptor tables for a guest in long mode that runs one instruction, at level 0 or 3:
 * each exception has a handler, which halts.
 */
#ifndef NPTB_ST_LEVEL_H
#define NPTB_ST_LEVEL_H

#include <linux/kvm.h>

#include "../vmm/vmm.h"

#define LEVEL_GDT	0x8000UL
#define LEVEL_GDT_NR	9
#define LEVEL_IDT	0x9000UL
#define LEVEL_TSS	0xa000UL
#define LEVEL_HANDLERS	0xb000UL	/* 16 bytes each, HLT */
#define LEVEL_VECTORS	0x30
#define LEVEL_CODE0	0x08
#define LEVEL_DATA0	0x10
#define LEVEL_CODE0_2	0x18	/* as the first */
#define LEVEL_CODE32	0x20
#define LEVEL_DATA3	0x2b
#define LEVEL_TASK	0x38	/* its descriptor is not there */
#define LEVEL_CODE3	0x33

/* Loads them; @stack is for handlers that come from level 3, @ist the first IST. */
void level_load(struct vmm *vm, uint64_t stack, uint64_t ist);
void level_gate(struct vmm *vm, unsigned int vector, unsigned int type, unsigned int selector,
		unsigned int ist);
/* Has a vCPU's registers refer to them. */
void level_tables(struct kvm_sregs *sregs);
/* Has it run at level 0 or 3. */
void level_set(struct kvm_sregs *sregs, bool level_3);

#endif
