// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software interrupts, exceptions, external interrupts and NMIs, and back. The
 * handler's page is no part of the delivery: its fetch comes when that is done.
 * Nor is the instruction's: where a nested page fault cuts a delivery short, the
 * CPU says which event it was (EXITINTINFO, AMD64 APM volume 2, section 15.7.2),
 * and KVM injects it again, without another fetch.
 */
#define PROBE_FAMILY "events"
#include "probe/case.h"

#define WHOLE_NEEDS(first)						\
	.needs_real = first "idt + stack", .needs_prot = first "idt + cs0 + stack", \
	.needs_long = first "idt + cs0 + stack"
#define INNER_NEEDS(first)						\
	.needs_prot = first "idt + cs0 + tss + ss0 + stack0",		\
	.needs_long = first "idt + cs0 + tss + stack0"
#define ALL_SPLIT \
	.split = BIT_P(P_IDT) | BIT_P(P_STACK) | BIT_P(P_STACK0) | BIT_P(P_TSS), \
	.gdt = GDT_SPLIT
/* Flags, CS and IP; long mode pushes SS and SP too. */
#define FRAME_32	-3
#define FRAME_64	-5

#define SAME_RING(id, text16, text, what_, first, before, ...)		\
CASE3(id, text16, text, "nop", .what = what_,				\
	.modes = BIT_M(M_REAL) | SOME_32, WHOLE_NEEDS(first),		\
	.code_before = before, .event = true, .push = FRAME_32, __VA_ARGS__) \
CASE3(id##_64, "nop", "nop", text, .what = what_ ", long mode",		\
	.modes = SOME_64, WHOLE_NEEDS(first),				\
	.code_before = before, .event = true, .push = FRAME_64, .align16 = true, __VA_ARGS__)

SAME_RING(int_same, "int $0x20", "int $0x20",
	  "int n, same ring; each on its own page", "code | ", 0,
	  .vector = 0x20, .gdt = GDT_OWN)
SAME_RING(int_same_split, "int $0x20", "int $0x20",
	  "int n, same ring; all split", "code | ", 1,
	  .vector = 0x20, ALL_SPLIT)
SAME_RING(int3, "int3", "int3",
	  "int3, same ring; all split but the instruction", "code | ", 0,
	  .vector = 3, ALL_SPLIT)
SAME_RING(div_own, "divl %ecx", "divl %ecx",
	  "divide error, same ring; each on its own page", "code | ", 0,
	  .vector = 0, .gdt = GDT_OWN)
SAME_RING(irq_own, "nop", "nop",
	  "external interrupt, same ring; each on its own page", "", 0,
	  .vector = 0x21, .inject = INJECT_IRQ, .gdt = GDT_OWN)
SAME_RING(nmi_own, "nop", "nop",
	  "NMI, same ring; each on its own page", "", 0,
	  .vector = 2, .inject = INJECT_NMI, .gdt = GDT_OWN)
SAME_RING(div, "divl %ecx", "divl %ecx",
	  "divide error, same ring; all split", "code | ", 1,
	  .vector = 0, ALL_SPLIT)
SAME_RING(irq_same, "nop", "nop",
	  "external interrupt, same ring; all split", "", 0,
	  .vector = 0x21, .inject = INJECT_IRQ, ALL_SPLIT)
SAME_RING(nmi_same, "nop", "nop",
	  "NMI, same ring; all split", "", 0,
	  .vector = 2, .inject = INJECT_NMI, ALL_SPLIT)

#define INNER(id, text, what_, first, before, ...)			\
CASE3(id, "nop", text, text, .what = what_, .modes = SOME_PROT, INNER_NEEDS(first), \
	.code_before = before, .event = true, .cpl = 3, .push0 = 5, __VA_ARGS__)

INNER(int_inner, "int $0x20", "int n from ring 3; each on its own page", "code | ", 0,
	.vector = 0x20, .gdt = GDT_OWN)
INNER(int_inner_split, "int $0x20", "int n from ring 3; all split", "code | ", 1,
	.vector = 0x20, ALL_SPLIT)
INNER(div_inner_own, "divl %ecx", "divide error from ring 3; each on its own page", "code | ", 0,
      .vector = 0, .gdt = GDT_OWN)
INNER(irq_inner_own, "nop", "external interrupt from ring 3; each on its own page", "", 0,
      .vector = 0x21, .inject = INJECT_IRQ, .gdt = GDT_OWN)
INNER(nmi_inner_own, "nop", "NMI from ring 3; each on its own page", "", 0,
      .vector = 2, .inject = INJECT_NMI, .gdt = GDT_OWN)
INNER(div_inner, "divl %ecx", "divide error from ring 3; all split", "code | ", 1,
	.vector = 0, ALL_SPLIT)
INNER(irq_inner, "nop", "external interrupt from ring 3; all split", "", 0,
	.vector = 0x21, .inject = INJECT_IRQ, ALL_SPLIT)
INNER(nmi_inner, "nop", "NMI from ring 3; all split", "", 0,
	.vector = 2, .inject = INJECT_NMI, ALL_SPLIT)

/* #GP pushes an error code too. */
CASE32(gp_32, "mov %ecx, %ss",
	.what = "general protection (a null SS), with an error code, same ring; all split",
	.modes = SOME_32, .needs = "code | idt + cs0 + stack",
	.code_before = 1, .event = true, .vector = 13, .push = -4, ALL_SPLIT)

CASE64(gp_64, "movl %eax, (CX)",
	.what = "general protection (an address that is none), with an error code; all split",
	.modes = SOME_64, .needs = "code | idt + cs0 + stack",
	.code_before = 1, .event = true, .vector = 13, .push = -6, .align16 = true, ALL_SPLIT,
	.set = { { R_CX, CONST(0x8000000000000000) } })

TARGET(ring3_event, "outb %al, $0xf4")

CASE16(iret_real, "iretw",
	.what = "iret; frame split",
	.modes = BIT_M(M_REAL),
	.needs = "code + stack:r",
	.pop = -3, .split = BIT_P(P_STACK),
	.put = { { P_STACK, 0, 2, OFFSET(P_TARGET, 0) }, { P_STACK, 2, 2, SEL(P_TARGET, 0) },
	      { P_STACK, 4, 2, CONST(2) } })

CASE32(iret_same, "iretl",
	.what = "iret to the same ring; frame and descriptor split",
	.modes = SOME_32,
	.needs = "code + stack:r + cs0",
	.gdt = GDT_SPLIT, .pop = -3, .split = BIT_P(P_STACK),
	.put = { { P_STACK, 0, W_WORD, ADDR(P_TARGET, 0) }, { P_STACK, -1, W_WORD, SEL(P_CS0, 0) },
	      { P_STACK, -2, W_WORD, CONST(2) } })

CASE3(iret_outer, "nop", "iretl", "iretq",
	.what = "iret to ring 3; frame and both descriptors split",
	.modes = SOME_PROT,
	.needs = "code + stack:r + cs3 + ss3",
	.gdt = GDT_SPLIT, .target = AT(ring3_event), .pop = -5, .split = BIT_P(P_STACK),
	.put = { { P_STACK, 0, W_WORD, ADDR(P_TARGET, 0) }, { P_STACK, -1, W_WORD, SEL(P_CS3, 3) },
	      { P_STACK, -2, W_WORD, CONST(0x3002) }, { P_STACK, -3, W_WORD, CONST(0x1000) },
	      { P_STACK, -4, W_WORD, SEL(P_SS3, 3) } })

CASE64(iretq_same, "iretq",
	.what = "iretq to the same ring; frame and both descriptors split",
	.modes = SOME_64,
	.needs = "code + stack:r + cs0 + ss0",
	.gdt = GDT_SPLIT, .pop = -5, .split = BIT_P(P_STACK),
	.put = { { P_STACK, 0, W_WORD, ADDR(P_TARGET, 0) }, { P_STACK, -1, W_WORD, SEL(P_CS0, 0) },
	      { P_STACK, -2, W_WORD, CONST(2) }, { P_STACK, -3, W_WORD, CONST(0x1000) },
	      { P_STACK, -4, W_WORD, SEL(P_SS0, 0) } })

/*
 * The stack pointer in the TSS changes after TR was loaded: the handler runs on
 * the new stack, so the CPU reads it from memory and keeps no copy.
 */
CASE(tss_changed, "mov AX, (DI)\nint $0x20",
	.what = "the TSS's stack pointer changes after ltr, then int n from ring 3",
	.modes = SOME_PROT,
	.needs_prot = "code + tss:w | idt + cs0 + tss + ss0 + stack0",
	.needs_long = "code + tss:w | idt + cs0 + tss + stack0",
	.event = true, .vector = 0x20, .cpl = 3, .push0 = 5, .gdt = GDT_OWN,
	.set = { { R_DI, ADDR(P_TSS, 0) }, { R_AX, ADDR(P_STACK0, 0) } },
	.want_mem = { { P_TSS, 0, W_WORD, ADDR(P_STACK0, 0) } })

CASE64(tss_ltr, "ltr %cx\nmov AX, (DI)\nint $0x20",
	.what = "ltr, then the TSS's IST1 changes, then int n through it",
	.modes = SOME_64,
	.needs = "code + tssd:m | code + tss:w | idt + cs0 + tss + stack0",
	.event = true, .vector = 0x20, .ist = 1, .push0 = 5, .gdt = GDT_OWN, .ltr = true,
	.set = { { R_CX, SEL(P_TSSD, 0) }, { R_DI, ADDR(P_TSS, 0) },
	      { R_AX, ADDR(P_STACK0, 16) } })

/* A 32-bit TSS: AMD64 APM volume 2, section 12.2.4. BX is the new one. */
CASE32(task_switch, "ljmp *(SI)",
	.what = "hardware task switch by a far jump; all split: KVM emulates it",
	.note = "SVM intercepts the switch once the descriptor of the new TSS has been read; KVM\n"
	     "does the rest by itself, so neither TSS has to be resident. A CPU that is no\n"
	     "guest would need both, and the new task's descriptors, at once.",
	.modes = BIT_M(M_PROT) | BIT_M(M_32),
	.needs = "code + si + tss2d",
	.gdt = GDT_SPLIT, .task = true, .split = BIT_P(P_TSS),
	.op = { { P_SI, 6, HALF }, { P_BX, 104, HALF } },
	.put = { { P_SI, 4, 2, SEL(P_TSS2D, 0) },
	      { P_BX, 28, 4, CR3() }, { P_BX, 32, 4, ADDR(P_TARGET, 0) },
	      { P_BX, 36, 4, CONST(2) }, { P_BX, 56, 4, CONST(0x1000) },
	      { P_BX, 72, 4, SEL(P_SS0, 0) }, { P_BX, 76, 4, SEL(P_CS0, 0) },
	      { P_BX, 80, 4, SEL(P_SS0, 0) }, { P_BX, 84, 4, SEL(P_SS0, 0) },
	      { P_BX, 88, 4, SEL(P_SS0, 0) }, { P_BX, 92, 4, SEL(P_SS0, 0) },
	      { P_BX, 96, 4, CONST(0) }, { P_BX, 100, 4, CONST(0) } })
