// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real mode with segments of 64 KiB, as after a reset. On VT-x without "unrestricted
 * guest" KVM runs it as virtual-8086 mode, through an identity map of its own, which
 * counts in each of these: each fetch is a walk. What it intercepts there, all exceptions,
 * and what it injects, it delivers itself, by the host's addresses of the table and the
 * stack. INT n it does not intercept: the CPU looks the vector up in the TSS, which is
 * KVM's (SDM, volume 3B, section 20.3). Where a fault cuts that short, the CPU says that it
 * was delivering (SDM, volume 3C, section 24.9.3), and KVM does so in its stead, without
 * the instruction. OUT looks its port up there too, and is the instruction all the while.
 */
#define PROBE_FAMILY "real mode of 64 KiB"
#include "probe/case.h"

#define RMODE	.modes = BIT_M(M_REAL_64K)
/* Flags, CS and IP. */
#define FRAME	-3

CASE16(rm_nop, "nop",
	.what = "nop", RMODE,
	.needs = "code")

CASE16(rm_add, "addl %eax, (BX)",
	.what = "add [mem], reg", RMODE,
	.needs = "code + bx:m",
	.op = { { P_BX, 4 } })

CASE16(rm_add_split, "addl %eax, (BX)",
	.what = "add [mem], reg; all split", RMODE,
	.needs = "code + bx:m",
	.code_before = 1,
	.op = { { P_BX, 4, HALF } })

CASE16(rm_movs, "addr32 movsl",
	.what = "movs; each on its own page", RMODE,
	.needs = "code + si + di:w",
	.op = { { P_SI, 4 }, { P_DI, 4 } })

CASE16(rm_push, "pushw %ax",
	.what = "push reg", RMODE,
	.needs = "code + stack",
	.push = -1)

CASE16(rm_int, "int $0x20",
	.what = "int n: virtual-8086 mode reads the TSS as well", RMODE,
	.needs = "code | idt + stack",
	.needs_v86 = "code | kvmtss:r",
	.event = true, .vector = 0x20, .push = FRAME)

CASE16(rm_int3, "int3",
	.what = "int3: an exception, which KVM intercepts in virtual-8086 mode", RMODE,
	.needs = "code | idt + stack",
	.needs_v86 = "code",
	.event = true, .vector = 3, .push = FRAME)

CASE16(rm_ud, "ud2",
	.what = "invalid opcode", RMODE,
	.needs = "code | idt + stack",
	.needs_v86 = "code",
	.event = true, .vector = 6, .push = FRAME)

CASE16(rm_irq, "nop",
	.what = "external interrupt", RMODE,
	.needs = "idt + stack",
	/* Twice, as there is no loop of one page that would show which it is. */
	.needs_v86 = "handler | handler",
	.event = true, .vector = 0x21, .push = FRAME, .inject = INJECT_IRQ)

CASE16(rm_out, "outb %al, $0x80",
	.what = "out: virtual-8086 mode reads the TSS as well", RMODE,
	.needs = "code",
	.needs_v86 = "code + kvmtss:r")

CASE16(rm_iret, "iretw",
	.what = "iret", RMODE,
	.needs = "code + stack:r",
	.pop = -3,
	.put = { { P_STACK, 0, 2, OFFSET(P_TARGET, 0) }, { P_STACK, 2, 2, SEL(P_TARGET, 0) },
	      { P_STACK, 4, 2, CONST(2) } })
