// SPDX-License-Identifier: GPL-2.0-only
/* The stack, and transfers of control. */
#define PROBE_FAMILY "stack and control"
#include "probe/case.h"

#define STACK_SPLIT	.split = BIT_P(P_STACK)
/* The offset of a far pointer; a gate has its own. */
#define TO_TARGET	{ P_BX, 0, 4, ADDR(P_TARGET, 0) }

CASE(push, "push AX",
	.what = "push reg; stack split",
	.modes = SOME_MODES,
	.needs = "code + stack",
	.push = 4, STACK_SPLIT)

CASE(call_reg, "call *AX",
	.what = "call reg; stack split",
	.modes = SOME_PROT,
	.needs = "code + stack",
	.push = -1, STACK_SPLIT,
	.set = { { R_AX, ADDR(P_TARGET, 0) } })

CASE(call_mem, "call *(BX)",
	.what = "call [mem]; instruction, pointer and stack split",
	.note = "The target's page is no part of it: the call is done, and its fetch comes after.",
	.modes = SOME_PROT,
	.needs = "code + bx + stack",
	.code_before = 1,
	.op = { { P_BX, -1, HALF } },
	.put = { { P_BX, 0, W_WORD, ADDR(P_TARGET, 0) } },
	.push = -1, STACK_SPLIT)

CASE(jmp_mem, "jmp *(BX)",
	.what = "jmp [mem]; pointer split",
	.modes = SOME_PROT,
	.needs = "code + bx",
	.op = { { P_BX, -1, HALF } },
	.put = { { P_BX, 0, W_WORD, ADDR(P_TARGET, 0) } })

CASE(ret, "ret",
	.what = "ret; stack split",
	.modes = SOME_PROT,
	.needs = "code + stack:r",
	.pop = -1, STACK_SPLIT,
	.put = { { P_STACK, 0, W_WORD, ADDR(P_TARGET, 0) } })

CASE16(lret_real, "lretw",
	.what = "far return in real mode",
	.note = "Not split: QEMU 7.2 sets IP before it reads CS, and a nested page fault in\n"
	     "between leaves the guest there, with the old CS.",
	.modes = BIT_M(M_REAL),
	.needs = "code + stack:r",
	.pop = -2,
	.put = { { P_STACK, 0, W_WORD, OFFSET(P_TARGET, 0) },
	      { P_STACK, -1, W_WORD, SEL(P_TARGET, 0) } })

CASE3(lret, "nop", "lretl", "lretq",
	.what = "far return to the same ring; stack and descriptor split",
	.modes = SOME_PROT,
	.needs = "code + stack:r + cs0",
	.gdt = GDT_SPLIT,
	.pop = -2, STACK_SPLIT,
	.put = { { P_STACK, 0, W_WORD, OFFSET(P_TARGET, 0) },
	      { P_STACK, -1, W_WORD, SEL(P_CS0, 0) } })

/* Ring 3 has no HLT: it ends with OUT. */
TARGET(ring3, "outb %al, $0xf4")

CASE3(lret_outer, "nop", "lretl", "lretq",
	.what = "far return to ring 3; stack and both descriptors split",
	.modes = SOME_PROT,
	.needs = "code + stack:r + cs3 + ss3",
	.gdt = GDT_SPLIT, .target = AT(ring3),
	.pop = -4, STACK_SPLIT,
	.put = { { P_STACK, 0, W_WORD, ADDR(P_TARGET, 0) },
	      { P_STACK, -1, W_WORD, SEL(P_CS3, 3) },
	      { P_STACK, -2, W_WORD, CONST(0x1000) },
	      { P_STACK, -3, W_WORD, SEL(P_SS3, 3) } })

CASE(lcall_gate, "lcall *(BX)",
	.what = "far call through a gate, same ring; pointer, gate, descriptor, stack split",
	.modes = SOME_PROT,
	.needs = "code + bx + gate + cs0 + stack",
	.gdt = GDT_SPLIT,
	.op = { { P_BX, 6, HALF } },
	.put = { TO_TARGET, { P_BX, 4, 2, SEL(P_GATE, 0) } },
	.push = -2, STACK_SPLIT)

CASE(lcall_inner, "lcall *(BX)",
	.what = "far call through a gate to ring 0; nothing split",
	.modes = SOME_PROT,
	.needs_prot = "code + bx + gate + cs0 + tss + ss0 + stack0",
	.needs_long = "code + bx + gate + cs0 + tss + stack0",
	.gdt = GDT_OWN, .cpl = 3,
	.op = { { P_BX, 6 } },
	.put = { TO_TARGET, { P_BX, 4, 2, SEL(P_GATE, 3) } },
	.push0 = 4)

CASE32(ljmp, "ljmp *(BX)",
	.what = "far jump [mem]; pointer and descriptor split",
	.modes = SOME_32,
	.needs = "code + bx + cs0",
	.gdt = GDT_SPLIT,
	.op = { { P_BX, 6, HALF } },
	.put = { { P_BX, 0, 4, ADDR(P_TARGET, 0) }, { P_BX, 4, 2, SEL(P_CS0, 0) } })

CASE(enter, "enter $16, $0",
	.what = "enter without nesting; stack split",
	.modes = SOME_PROT,
	.needs = "code + stack",
	.push = -1, STACK_SPLIT)

/* It pushes BP, 30 pointers from below it, and the new frame's address. */
#define ENTER_31(id, modes_, word)					\
CASE(id, "enter $0, $31",						\
	.what = "enter with 31 levels; old frame and stack split",		\
	.modes = modes_,							\
	.needs = "code + stack + bp",					\
	.op = { { P_BP, 30 * (word), HALF, .adjust = 30 * (word) } },	\
	.push = -32, STACK_SPLIT)

ENTER_31(enter_31, SOME_32, 4)
ENTER_31(enter_31_64, SOME_64, 8)

CASE(leave, "leave",
	.what = "leave; stack split",
	.modes = SOME_PROT,
	.needs = "code + stack:r",
	.pop = -1, STACK_SPLIT,
	.set = { { R_BP, ADDR(P_STACK, 0) }, { R_SP, CONST(0x1000) } })

CASE3(pusha, "pushaw", "pushal", "nop",
	.what = "pusha; stack split",
	.modes = BIT_M(M_REAL) | SOME_32,
	.needs = "code + stack",
	.push = -8, STACK_SPLIT)

CASE3(popa, "popaw", "popal", "nop",
	.what = "popa; stack split",
	.modes = BIT_M(M_REAL) | SOME_32,
	.needs = "code + stack:r",
	.pop = -8, STACK_SPLIT)
