// SPDX-License-Identifier: GPL-2.0-only
/* IRETQ within the kernel of a guest. Pure; see x86/iret.h. */
#include "lib/pure.h"
#include "x86/iret.h"

/* RFLAGS: AMD64 APM volume 2, section 3.1.6. */
#define RFLAGS_FIXED	(1ULL << 1)
#define RFLAGS_TF	(1ULL << 8)
#define RFLAGS_NT	(1ULL << 14)
/* What a return to level 0 may set: CF PF AF ZF SF IF DF OF IOPL AC ID. */
#define RFLAGS_POPPED	0x243ed5ULL

/* CR4: APM volume 2, section 3.1.3. */
#define CR4_LA57	(1ULL << 12)
#define CR4_CET		(1ULL << 23)

static bool is_canonical(u64 address, u64 cr4)
{
	u32 unused = cr4 & CR4_LA57 ? 64 - 57 : 64 - 48;

	return (u64)((s64)(address << unused) >> unused) == address;
}

/**
 * nptb_iret_simple() - is this IRETQ simple and certain?
 * @cpu: in 64-bit mode, at the instruction
 * @frame: on its stack
 *
 * From level 0 to level 0 in the same segments, to a canonical address, without
 * a task switch, a single step, a shadow stack, or a flag that the CPU treats
 * in a way of its own. The descriptors are those in use: a guest that changed
 * them under its own selectors would get the old ones.
 *
 * Return: true where nptb_iret_rflags() and the frame are the result.
 */
bool nptb_iret_simple(const struct nptb_iret_cpu *cpu,
		      const struct nptb_iret_frame *frame)
{
	return cpu->cpl == 0 && !(cpu->cr4 & CR4_CET) &&
	       !(cpu->rflags & (RFLAGS_NT | RFLAGS_TF)) &&
	       (frame->cs & 0xffff) == cpu->cs &&
	       (frame->ss & 0xffff) == cpu->ss &&
	       !(frame->rflags & ~(RFLAGS_POPPED | RFLAGS_FIXED)) &&
	       is_canonical(frame->rip, cpu->cr4);
}

/**
 * nptb_iret_rflags() - the flags after a simple IRETQ
 * @cpu: at the instruction
 * @frame: on its stack
 *
 * Level 0 changes every flag that can be popped. RF goes. What cannot be popped
 * stays as it is.
 *
 * Return: RFLAGS.
 */
u64 nptb_iret_rflags(const struct nptb_iret_cpu *cpu,
		     const struct nptb_iret_frame *frame)
{
	u64 kept = cpu->rflags & ~(RFLAGS_POPPED | (1ULL << 16));

	return kept | (frame->rflags & RFLAGS_POPPED) | RFLAGS_FIXED;
}
