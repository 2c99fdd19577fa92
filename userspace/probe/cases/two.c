// SPDX-License-Identifier: GPL-2.0-only
/* Instructions with two operands in memory, and the record holders. */
#define PROBE_FAMILY "two operands"
#include "probe/case.h"

/* A byte cannot be split, nor can an instruction of one byte. */
CASE(movsb, "ds movsb (SI), %es:(DI)",
	.what = "movsb: instruction split, source and destination on pages of their own",
	.modes = SOME_MODES,
	.needs = "code + si + di:w",
	.code_before = 1,
	.op = { { P_SI, 1 }, { P_DI, 1 } })

CASE(movsw, "ds movsw (SI), %es:(DI)",
	.what = "movsw: instruction, source and destination split",
	.modes = SOME_MODES,
	.needs = "code + si + di:w",
	.code_before = 1,
	.op = { { P_SI, 2, HALF }, { P_DI, 2, HALF } })

CASE(movsd, "ds movsl (SI), %es:(DI)",
	.what = "movsd: instruction, source and destination split: six pages",
	.modes = ALL_MODES,
	.needs = "code + si + di:w",
	.code_before = 1,
	.op = { { P_SI, 4, HALF }, { P_DI, 4, HALF } })

CASE64(movsq, "ds movsq (SI), %es:(DI)",
	.what = "movsq: instruction, source and destination split",
	.modes = ALL_64,
	.needs = "code + si + di:w",
	.code_before = 1,
	.op = { { P_SI, 8, HALF }, { P_DI, 8, HALF } })

CASE(movsd_near, "movsl (SI), %es:(DI)",
	.what = "movsd; nothing split",
	.modes = SOME_MODES,
	.needs = "code + si + di:w",
	.op = { { P_SI, 4 }, { P_DI, 4 } })

CASE(cmpsd, "ds cmpsl %es:(DI), (SI)",
	.what = "cmpsd: instruction and both sources split",
	.modes = SOME_MODES,
	.needs = "code + si + di",
	.code_before = 1,
	.op = { { P_SI, 4, HALF }, { P_DI, 4, HALF } })

CASE(push_mem, "push (BX)",
	.what = "push [mem]: instruction, operand and stack split",
	.modes = ALL_MODES,
	.needs = "code + bx + stack",
	.code_before = 1,
	.op = { { P_BX, -1, HALF } },
	.push = -1, .split = BIT_P(P_STACK))

CASE(pop_mem, "pop (BX)",
	.what = "pop [mem]: instruction, stack and operand split",
	.modes = ALL_MODES,
	.needs = "code + stack:r + bx:w",
	.code_before = 1,
	.op = { { P_BX, -1, HALF } },
	.pop = -1, .split = BIT_P(P_STACK))

/* Far transfers in real mode and below: CS and IP are pushed. */
CASE16(record_real, "lcallw *(BX)",
	.what = "call far [mem]: instruction, pointer and stack split: as many as movs and push",
	.modes = BIT_M(M_REAL),
	.needs = "code + bx + stack",
	.code_before = 1,
	.op = { { P_BX, 4, HALF } },
	.put = { { P_BX, 0, 2, OFFSET(P_TARGET, 0) }, { P_BX, 2, 2, SEL(P_TARGET, 0) } },
	.push = -2, .split = BIT_P(P_STACK))

#define GATE_SPLIT (BIT_P(P_STACK) | BIT_P(P_STACK0) | BIT_P(P_TSS) | BIT_P(P_LDT))

/* The gate in the LDT: it and the GDT can then straddle root entries of their own. */
CASE32(record_32, "lcall *(BX)",
	.what = "call far [mem] from ring 3 to 0, gate copies 16 words; all split: the record",
	.note = "The pages: the instruction, the far pointer, the call gate in the LDT, the code\n"
	     "segment's descriptor, the TSS's stack pointer, the new stack segment's descriptor,\n"
	     "the parameters on the old stack, the new stack: eight things of two pages each,\n"
	     "all needed before anything is committed.",
	.modes = ALL_32,
	.needs = "code + bx + ldt + cs0 + tss + ss0 + stack:r + stack0",
	.code_before = 1,
	.cpl = 3, .gdt = GDT_SPLIT, .ldt_gate = true, .params = 16,
	.op = { { P_BX, 6, HALF } },
	.put = { { P_BX, 0, 4, ADDR(P_TARGET, 0) }, { P_BX, 4, 2, SEL(P_LDT, 3) } },
	.pop = 64, .push0 = 20, .split = GATE_SPLIT)

CASE64(record_64, "lcall *(BX)",
	.what = "call far [mem] from ring 3 to 0 through a gate; all split: the record of long mode",
	.note = "In long mode a call gate copies no parameters and the new stack segment is null:\n"
	     "two things fewer than before it, but each of the other six brings tables.",
	.modes = ALL_64,
	.needs = "code + bx + ldt + cs0 + tss + stack0",
	.code_before = 1,
	.cpl = 3, .gdt = GDT_SPLIT, .ldt_gate = true,
	.op = { { P_BX, 6, HALF } },
	.put = { { P_BX, 0, 4, ADDR(P_TARGET, 0) }, { P_BX, 4, 2, SEL(P_LDT, 3) } },
	.push0 = 4, .split = GATE_SPLIT)
