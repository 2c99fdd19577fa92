/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest of one instruction at a time, in this process: its memory, its registers, and
 * its exceptions, of the CPU's own and of what x86/soft/ makes of it.
 */
#ifndef NPTB_ST_NATIVE_GUEST_H
#define NPTB_ST_NATIVE_GUEST_H

#include "backend.h"

#define PAGE		4096UL
#define CODE		0x10000000UL
#define DATA		0x10010000UL	/* two pages, then one to read, then none */
#define READ_ONLY	(DATA + 2 * PAGE)
#define ABSENT		(DATA + 3 * PAGE)

/* run.S knows where each is. */
struct guest_registers {
	u64 gpr[16];
	u64 rflags;
	u32 mxcsr;
	u32 unused;
	u8 ymm[16][32];
};

/* An exception, or 0. */
struct guest_end {
	u64 vector;
	u64 cr2;
};

/* The CPU's, and those of x86/soft/. */
extern struct guest_registers native, ours;

/* In run.S. */
extern u64 native_target;
extern char native_back[];
void native_run(void);
/* See host/asm/asm.h. */
extern const u64 __start_extable[], __stop_extable[];

void guest_begin(void);
/* Bytes from CODE on, and memory as it was. */
void guest_load(const u8 *code, u32 len);
/* By the CPU. */
struct guest_end guest_run(void);
/* By x86/soft/; 64-bit mode. @reason: where it is refused. */
struct guest_end guest_carry_out(u32 len, u64 *reason);
/* Of the two pages that may be written. */
u64 guest_hash(void);

#endif
