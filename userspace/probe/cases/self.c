// SPDX-License-Identifier: GPL-2.0-only
/* Pages that are several things at once, and code that changes. */
#define PROBE_FAMILY "self"
#include "probe/case.h"

/* Three bytes in all modes; behind them is INC CL, which becomes MOV CL, AL. */
CASE3(smc_next, "movb %al, (BX)\n.byte 0xfe, 0xc1", "ds movb %al, (BX)\n.byte 0xfe, 0xc1",
	"ds movb %al, (BX)\n.byte 0xfe, 0xc1",
	.what = "the next instruction is overwritten, in the same page",
	.modes = FEW_MODES,
	.needs = "code + bx:w",
	.op = { { P_BX, 1, .in = P_CODE, .offset = 0x103 } },
	.set = { { R_AX, CONST(0x88) }, { R_CX, CONST(5) } },
	.want_reg = { { R_CX, CONST(0x88) } })

CASE(own_write, "movb %al, (BX)",
	.what = "an instruction that writes to its own bytes",
	.modes = SOME_MODES,
	.needs = "code + bx:w",
	.op = { { P_BX, 1, .in = P_CODE, .offset = 0x100 } },
	.set = { { R_AX, CONST(0x90) } })

CASE(own_write_split, "movl %eax, 0x1000(BX)",
	.what = "a split instruction that writes to its own second half",
	.modes = SOME_MODES,
	.needs = "code + bx:w",
	.code_before = 2,
	.op = { { P_BX, 4, .in = P_CODE, .offset = 0x1001, .adjust = -0x1000 } })

#define NEAR_PAGED	(BIT_M(M_32) | BIT_M(M_PAE) | BIT_M(M_LONG) | BIT_M(M_LA57))

CASE(code_is_table, "addl %eax, (BX)",
	.what = "a page that is code, operand and the page table of both",
	.modes = NEAR_PAGED,
	.needs = "code + bx",
	.code_in_table = true,
	.op = { { P_BX, 4, .in = P_CODE } },
	.set = { { R_AX, CONST(1) } })
