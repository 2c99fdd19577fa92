// SPDX-License-Identifier: GPL-2.0-only
/* Instructions with one operand in memory, and none. */
#define PROBE_FAMILY "one operand"
#include "probe/case.h"

CASE(nop, "nop",
	.what = "nop: nothing but its own page",
	.modes = ALL_MODES,
	.needs = "code")

CASE(fetch_split, "movl $0x12345678, %eax",
	.what = "mov reg, imm; instruction split over two pages",
	.modes = ALL_MODES,
	.needs = "code",
	.code_before = 2,
	.want_reg = { { R_AX, CONST(0x12345678) } })

CASE(load, "movl (BX), %eax",
	.what = "mov reg, [mem]",
	.modes = ALL_MODES,
	.needs = "code + bx",
	.op = { { P_BX, 4 } })

CASE(load_own, "movl (BX), %eax",
	.what = "mov reg, [mem]; operand in the page of the code",
	.modes = SOME_MODES,
	.needs = "code + bx",
	.op = { { P_BX, 4, .in = P_CODE } })

CASE(load_split, "movl (BX), %eax",
	.what = "mov reg, [mem]; operand split over two pages",
	.modes = SOME_MODES,
	.needs = "code + bx",
	.op = { { P_BX, 4, HALF } })

CASE(store, "movl %eax, (BX)",
	.what = "mov [mem], reg",
	.modes = SOME_MODES,
	.needs = "code + bx:w",
	.set = { { R_AX, CONST(0x12345678) } },
	.op = { { P_BX, 4 } },
	.want_mem = { { P_BX, 0, 4, CONST(0x12345678) } })

CASE(store_own, "movl %eax, (BX)",
	.what = "mov [mem], reg; operand in the page of the code",
	.modes = SOME_MODES,
	.needs = "code + bx:w",
	.set = { { R_AX, CONST(0x12345678) } },
	.op = { { P_BX, 4, .in = P_CODE } },
	.want_mem = { { P_BX, 0, 4, CONST(0x12345678) } })

CASE(store_split, "movl %eax, (BX)",
	.what = "mov [mem], reg; operand split over two pages",
	.modes = SOME_MODES,
	.needs = "code + bx:w",
	.set = { { R_AX, CONST(0x12345678) } },
	.op = { { P_BX, 4, HALF } },
	.want_mem = { { P_BX, 0, 4, CONST(0x12345678) } })

/* The question that this project began with. */
CASE(add, "addl %ebp, 0x12345678(BP)",
	.what = "add [rbp+disp32], ebp: the original question",
	.modes = ALL_MODES,
	.needs = "code + bp:m",
	.op = { { P_BP, 4, .adjust = -0x12345678 } })

CASE(add_own, "addl %ebp, 0x12345678(BP)",
	.what = "add [rbp+disp32], ebp; operand in the page of the code",
	.modes = SOME_MODES,
	.needs = "code + bp:m",
	.op = { { P_BP, 4, .in = P_CODE, .adjust = -0x12345678 } })

CASE(add_split, "addl %ebp, 0x12345678(BP)",
	.what = "add [rbp+disp32], ebp; operand split",
	.modes = SOME_MODES,
	.needs = "code + bp:m",
	.op = { { P_BP, 4, HALF, .adjust = -0x12345678 } })

CASE(add_all, "addl %ebp, 0x12345678(BP)",
	.what = "add [rbp+disp32], ebp; operand and instruction split",
	.modes = ALL_MODES,
	.needs = "code + bp:m",
	.code_before = 2,
	.op = { { P_BP, 4, HALF, .adjust = -0x12345678 } },
	.fresh = true)

/* ds ds ds lock add dword [bx+si+disp32], imm32 */
CASE(longest,
	".byte 0x3e, 0x3e, 0x3e, 0xf0, 0x81, 0x84, 0x33\n.long 0x1000, 0x01020304",
	.what = "lock add [base+index+disp32], imm32: 15 bytes, all split",
	.modes = SOME_PROT,
	.needs = "code + bx:m",
	.code_before = 7,
	.op = { { P_BX, 4, HALF, .adjust = -0x1000 } },
	.set = { { R_SI, CONST(0) } })

CASE64(rip_near, "movl 0x6fa(%rip), %eax",
	.what = "mov reg, [rip+disp32]; operand in the page of the code",
	.modes = SOME_64,
	.needs = "code + bx",
	.op = { { P_BX, 4, .in = P_CODE } })

CASE64(rip_split, "movl 0xef8(%rip), %eax",
	.what = "mov reg, [rip+disp32]; operand split, half of it in the page of the code",
	.modes = SOME_64,
	.needs = "code + bx",
	.op = { { P_BX, 4, .in = P_CODE, .offset = 0xffe } })

CASE64(rip_next, "movl 0x16fa(%rip), %eax",
	.what = "mov reg, [rip+disp32]; operand in the page after the code",
	.modes = SOME_64,
	.needs = "code + bx",
	.op = { { P_BX, 4, .in = P_CODE, .offset = 0x1800 } })
