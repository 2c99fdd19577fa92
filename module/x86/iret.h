/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IRETQ from and to the same place in the kernel of a 64-bit guest: the one
 * instruction that KVM's emulator lacks and that every such guest needs. Pure.
 *
 * AMD64 APM volume 3, IRET; volume 2, section 8.9.3. Only what is simple and
 * certain is done, all else is left to the CPU.
 */
#ifndef NPTB_X86_IRET_H
#define NPTB_X86_IRET_H

#include <linux/types.h>

/**
 * struct nptb_iret_frame - what IRETQ pops, from the top of the stack
 * @rip: where to go on
 * @cs: code segment
 * @rflags: flags
 * @rsp: stack pointer
 * @ss: stack segment
 */
struct nptb_iret_frame {
	u64 rip;
	u64 cs;
	u64 rflags;
	u64 rsp;
	u64 ss;
};

/**
 * struct nptb_iret_cpu - the vCPU that is at an IRETQ
 * @rflags: its flags
 * @cr4: control register 4
 * @cs: selector in use
 * @ss: selector in use
 * @cpl: privilege level
 */
struct nptb_iret_cpu {
	u64 rflags;
	u64 cr4;
	u16 cs;
	u16 ss;
	u8 cpl;
};

bool nptb_iret_simple(const struct nptb_iret_cpu *cpu,
		      const struct nptb_iret_frame *frame);
u64 nptb_iret_rflags(const struct nptb_iret_cpu *cpu,
		     const struct nptb_iret_frame *frame);

#endif /* NPTB_X86_IRET_H */
