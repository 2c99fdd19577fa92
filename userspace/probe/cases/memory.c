// SPDX-License-Identifier: GPL-2.0-only
/* Other instructions that touch memory, or might be thought to. */
#define PROBE_FAMILY "other operands"
#include "probe/case.h"

CASE3(xlat, ".byte 0x67\nxlatb", "xlatb", "xlatb",
	.what = "xlat",
	.modes = SOME_MODES,
	.needs = "code + bx",
	.op = { { P_BX, 1 } },
	.set = { { R_AX, CONST(0) } })

CASE3(bound, "boundl %eax, (BX)", "bound %eax, (BX)", "nop",
	.what = "bound; split",
	.modes = BIT_M(M_REAL) | SOME_32,
	.needs = "code + bx",
	.op = { { P_BX, 8, HALF } },
	.set = { { R_AX, CONST(5) } },
	.put = { { P_BX, 0, 4, CONST(1) }, { P_BX, 4, 4, CONST(9) } })

CASE(cmpxchg8b, "cmpxchg8b (BX)",
	.what = "cmpxchg8b; split",
	.modes = SOME_MODES,
	.needs = "code + bx:m",
	.op = { { P_BX, 8, HALF } })

CASE(lock_cmpxchg8b, "lock cmpxchg8b (BX)",
	.what = "lock cmpxchg8b; split",
	.modes = SOME_MODES,
	.needs = "code + bx:m",
	.op = { { P_BX, 8, HALF } })

CASE64(cmpxchg16b, "lock cmpxchg16b (BX)",
	.what = "lock cmpxchg16b; it must be aligned, so it cannot be split",
	.modes = SOME_64,
	.needs = "code + bx:m",
	.feature = F_CX16,
	.op = { { P_BX, 16 } })

CASE(lock_add, "lock addl %eax, (BX)",
	.what = "lock add [mem], reg; split",
	.modes = SOME_MODES,
	.needs = "code + bx:m",
	.op = { { P_BX, 4, HALF } })

CASE(xchg, "xchgl %eax, (BX)",
	.what = "xchg [mem], reg, which locks; split",
	.modes = SOME_MODES,
	.needs = "code + bx:m",
	.op = { { P_BX, 4, HALF } })

/* Bit 0x8000000 lies 16 MiB further on. */
CASE(bt_far, "btl %eax, (BX)",
	.what = "bt [mem], reg with a bit offset of 16 MiB",
	.modes = SOME_MODES,
	.needs = "code + bx",
	.op = { { P_BX, 4, HALF, .adjust = -0x1000000 } },
	.set = { { R_AX, CONST(0x8000000) } })

CASE(bts_far, "lock btsl %eax, (BX)",
	.what = "lock bts [mem], reg with a bit offset of 16 MiB; split",
	.modes = SOME_MODES,
	.needs = "code + bx:m",
	.op = { { P_BX, 4, HALF, .adjust = -0x1000000 } },
	.set = { { R_AX, CONST(0x8000000) } })

CASE(fxsave, "fxsave (BX)",
	.what = "fxsave; split",
	.modes = SOME_MODES,
	.needs = "code + bx:w",
	.op = { { P_BX, 512, HALF } })

#define MXCSR_GOOD	{ P_BX, 24, 4, CONST(0x1f80) }, { P_BX, 0, 8, CONST(0x37f) }

CASE(fxrstor, "fxrstor (BX)",
	.what = "fxrstor; split",
	.modes = SOME_MODES,
	.needs = "code + bx",
	.op = { { P_BX, 512, HALF } },
	.put = { MXCSR_GOOD })

/*
 * 64 bytes aligned: 448 of the 832 bytes lie below the boundary, the header above
 * it. XSTATE_BV there is read and then written, so the CPU may begin with either.
 */
CASE(xsave, "xsave (BX)",
	.what = "xsave of x87, SSE and AVX; split",
	.modes = SOME_PROT,
	.needs = "code + bx:m",
	.feature = F_AVX,
	.op = { { P_BX, 832, 448 } },
	.set = { { R_AX, CONST(7) }, { R_DX, CONST(0) } },
	.put = { { P_BX, 512, 8, CONST(0) } })

CASE(xrstor, "xrstor (BX)",
	.what = "xrstor of x87, SSE and AVX; split",
	.modes = SOME_PROT,
	.needs = "code + bx",
	.feature = F_AVX,
	.op = { { P_BX, 832, 448 } },
	.set = { { R_AX, CONST(7) }, { R_DX, CONST(0) } },
	.put = { MXCSR_GOOD, { P_BX, 512, 8, CONST(7) }, { P_BX, 520, 8, CONST(0) },
	      { P_BX, 528, 8, CONST(0) }, { P_BX, 536, 8, CONST(0) }, { P_BX, 544, 8, CONST(0) },
	      { P_BX, 552, 8, CONST(0) }, { P_BX, 560, 8, CONST(0) }, { P_BX, 568, 8, CONST(0) } })

CASE(fnstenv, "fnstenv (BX)",
	.what = "fnstenv: the x87 environment; split",
	.modes = SOME_PROT,
	.needs = "code + bx:w",
	.op = { { P_BX, 28, HALF } })

CASE(fnsave, "fnsave (BX)",
	.what = "fnsave: environment and registers; split",
	.modes = SOME_PROT,
	.needs = "code + bx:w",
	.op = { { P_BX, 108, HALF } })

CASE(fldt, "fldt (BX)",
	.what = "fld of 80 bits; split",
	.modes = SOME_MODES,
	.needs = "code + bx",
	.op = { { P_BX, 10, HALF } })

CASE(movups_load, "movups (BX), %xmm0",
	.what = "movups load; split",
	.modes = SOME_MODES,
	.needs = "code + bx",
	.op = { { P_BX, 16, HALF } })

CASE(movups_store, "movups %xmm5, (BX)",
	.what = "movups store; split",
	.modes = SOME_MODES,
	.needs = "code + bx:w",
	.op = { { P_BX, 16, HALF } })

CASE(vmovups_load, "vmovups (BX), %ymm0",
	.what = "vmovups load of 32 bytes; split",
	.modes = SOME_PROT,
	.needs = "code + bx",
	.feature = F_AVX,
	.op = { { P_BX, 32, HALF } })

CASE(vmovups_store, "vmovups %ymm5, (BX)",
	.what = "vmovups store of 32 bytes; split",
	.modes = SOME_PROT,
	.needs = "code + bx:w",
	.feature = F_AVX,
	.op = { { P_BX, 32, HALF } })

CASE(clflush, "clflush (BX)",
	.what = "clflush",
	.note = "AMD64 APM volume 3, CLFLUSH: it faults like a load of one byte.",
	.modes = SOME_MODES,
	.needs = "code + bx",
	.op = { { P_BX, 1 } })

CASE(prefetch, "prefetchnta (BX)",
	.what = "prefetch: must need nothing but itself",
	.note = "AMD64 APM volume 3, PREFETCHlevel: a fault is not taken.",
	.modes = SOME_MODES,
	.needs = "code",
	.op = { { P_BX, 1 } })

CASE(lea, "lea (BX,SI,8), AX",
	.what = "lea: must need nothing but itself",
	.modes = FEW_MODES,
	.needs = "code",
	.op = { { P_BX, 1 } })
