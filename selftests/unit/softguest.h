/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest without paging tables for tests of what the module carries out in software. */
#ifndef NPTB_UNIT_SOFTGUEST_H
#define NPTB_UNIT_SOFTGUEST_H

#include "x86/soft/soft.h"

#define SOFT_SIZE	0x10000
#define SOFT_GDT	0x1000
#define SOFT_IDT	0x2000
#define SOFT_TSS	0x3000
#define SOFT_STACK	0x8000	/* of the code that is interrupted */
#define SOFT_RSP0	0x9000
#define SOFT_IST1	0xa000
#define SOFT_HANDLER	0x12345678

/* Selectors: code and data of 64 and 32 bits, of level 0 and 3. */
#define SOFT_CODE64	0x08
#define SOFT_DATA	0x10
#define SOFT_CODE32	0x18
#define SOFT_USER64	0x23
#define SOFT_USERDATA	0x2b
#define SOFT_USER32	0x33
#define SOFT_CONFORM	0x38
#define SOFT_ABSENT	0x40
#define SOFT_TSS_SEL	0x48

enum soft_mode { SOFT_LONG, SOFT_COMPAT, SOFT_PROT, SOFT_REAL };

struct soft_guest {
	u8 mem[SOFT_SIZE];
	u64 no_page;		/* accesses to this page raise #PF; 0: none */
	u64 no_write;		/* likewise, but for writing alone */
	u64 no_memory;		/* the host has none */
	u64 msr_value;
	bool msr;
};

extern struct soft_guest soft_guest;

/* All as it should be: in @mode at level @cpl, RIP 0x7000, RSP SOFT_STACK. */
void soft_guest_begin(struct nptb_soft *soft, enum soft_mode mode, u8 cpl);
void soft_guest_gate(enum soft_mode mode, u8 vector, u8 type, u8 dpl, u16 selector, u8 ist);
u64 soft_guest_word(u64 at, u32 width);
void soft_guest_put(u64 at, u32 width, u64 value);

#endif
