// SPDX-License-Identifier: GPL-2.0-only
/* Instructions that keep what they have done between two faults. */
#define PROBE_FAMILY "steppable"
#include "probe/case.h"

/* Over three pages, a dword that straddles each boundary. */
#define THREE	(2 * 4096 + 8)
#define DWORDS	(THREE / 4)
#define ODD	0xffa

CASE(rep_movsb, "rep movsb (SI), %es:(DI)",
	.what = "rep movsb over three pages: one page of each at a time",
	.modes = SOME_MODES,
	.needs = "code + si/1 + di/1:w",
	.op = { { P_SI, THREE, .offset = ODD }, { P_DI, THREE, .offset = ODD } },
	.set = { { R_CX, CONST(THREE) } },
	.want_reg = { { R_CX, CONST(0) } },
	.steps = true)

CASE(rep_movsd, "rep movsl (SI), %es:(DI)",
	.what = "rep movsd over three pages, dwords that straddle: two pages of each at a time",
	.modes = SOME_MODES,
	.needs = "code + si/2 + di/2:w",
	.op = { { P_SI, THREE, .offset = ODD }, { P_DI, THREE, .offset = ODD } },
	.set = { { R_CX, CONST(DWORDS) } },
	.want_reg = { { R_CX, CONST(0) } },
	.steps = true)

CASE(rep_stosb, "rep stosb %al, %es:(DI)",
	.what = "rep stosb over three pages",
	.modes = SOME_MODES,
	.needs = "code + di/1:w",
	.op = { { P_DI, THREE, .offset = ODD } },
	.set = { { R_CX, CONST(THREE) } },
	.want_reg = { { R_CX, CONST(0) } },
	.steps = true)

CASE(rep_lodsb, "rep lodsb (SI), %al",
	.what = "rep lodsb over three pages",
	.modes = SOME_MODES,
	.needs = "code + si/1",
	.op = { { P_SI, THREE, .offset = ODD } },
	.set = { { R_CX, CONST(THREE) } },
	.want_reg = { { R_CX, CONST(0) } },
	.steps = true)

/* The pattern never has the same byte four times in a row: it goes on to the end. */
CASE(rep_scasd, "repne scasl %es:(DI), %eax",
	.what = "repne scasd over three pages, dwords that straddle",
	.modes = SOME_MODES,
	.needs = "code + di/2",
	.op = { { P_DI, THREE, .offset = ODD } },
	.set = { { R_CX, CONST(DWORDS) }, { R_AX, CONST(0) } },
	.want_reg = { { R_CX, CONST(0) } },
	.steps = true)

CASE(rep_cmpsb, "repne cmpsb %es:(DI), (SI)",
	.what = "repne cmpsb over three pages",
	.modes = SOME_MODES,
	.needs = "code + si/1 + di/1",
	.op = { { P_SI, THREE, .offset = ODD }, { P_DI, THREE, .offset = ODD } },
	.set = { { R_CX, CONST(THREE) } },
	.want_reg = { { R_CX, CONST(0) } },
	.steps = true)

#define PORT	0x70

CASE3(rep_insb, "addr32 rep insb", "rep insb", "rep insb",
	.what = "rep insb over three pages: emulated by KVM",
	.note = "SVM intercepts IN and OUT before they touch memory, and KVM emulates them,\n"
	     "reading and writing guest memory by its host address: no leaf is needed.",
	.modes = SOME_MODES,
	.needs = "code",
	.op = { { P_DI, THREE, .offset = ODD } },
	.set = { { R_CX, CONST(THREE) }, { R_DX, CONST(PORT) } },
	.want_reg = { { R_CX, CONST(0) } })

CASE3(rep_outsb, "addr32 rep outsb", "rep outsb", "rep outsb",
	.what = "rep outsb over three pages: emulated by KVM",
	.modes = SOME_MODES,
	.needs = "code",
	.op = { { P_SI, THREE, .offset = ODD } },
	.set = { { R_CX, CONST(THREE) }, { R_DX, CONST(PORT) } },
	.want_reg = { { R_CX, CONST(0) } })

#define AVX_MODES	SOME_PROT
#define GATHER(n)	((n) * 4096 - 4096 + 4)

CASE(gather_4, "vpgatherdd %xmm1, (BX,%xmm2,1), %xmm0",
	.what = "vpgatherdd xmm: four pages, one at a time",
	.modes = AVX_MODES,
	.needs = "code + bx/1",
	.feature = F_AVX2,
	.op = { { P_BX, GATHER(4) } },
	.steps = true)

CASE(gather_8, "vpgatherdd %ymm1, (BX,%ymm2,1), %ymm0",
	.what = "vpgatherdd ymm: eight pages, one at a time",
	.note = "What it has gathered, and the mask that says so, are vector registers: general\n"
	     "registers show no progress. The module reads the mask; the probe compares all.",
	.modes = AVX_MODES,
	.needs = "code + bx/1",
	.feature = F_AVX2,
	.op = { { P_BX, GATHER(8) } },
	.steps = true)

CASE(gather_8_split, "vpgatherdd %ymm1, (BX,%ymm2,1), %ymm0",
	.what = "vpgatherdd ymm: eight elements, each split: two pages at a time",
	.modes = AVX_MODES,
	.needs = "code + bx/2",
	.feature = F_AVX2,
	.op = { { P_BX, GATHER(8), .offset = 0xffe } },
	.steps = true)

CASE(maskmov_load, "vpmaskmovd (BX), %ymm3, %ymm0",
	.what = "vpmaskmovd load, all elements, split: not steppable",
	.modes = AVX_MODES,
	.needs = "code + bx",
	.feature = F_AVX2,
	.op = { { P_BX, 32, HALF } })

CASE(maskmov_store, "vpmaskmovd %ymm5, %ymm3, (BX)",
	.what = "vpmaskmovd store, all elements, split: not steppable",
	.modes = AVX_MODES,
	.needs = "code + bx:w",
	.feature = F_AVX2,
	.op = { { P_BX, 32, HALF } })

CASE(maskmov_none, "vpmaskmovd (BX), %ymm2, %ymm0",
	.what = "vpmaskmovd load with an empty mask: needs no operand",
	.modes = AVX_MODES,
	.needs = "code",
	.feature = F_AVX2,
	.op = { { P_BX, 32, HALF } })

CASE3(maskmovdqu, ".byte 0x67\nmaskmovdqu %xmm1, %xmm4", "maskmovdqu %xmm1, %xmm4",
	"maskmovdqu %xmm1, %xmm4",
	.what = "maskmovdqu, all bytes, split",
	.modes = SOME_MODES,
	.needs = "code + di:w",
	.op = { { P_DI, 16, HALF } })
