/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MMX instructions that are run on this CPU: from a register, or memory, to a register.
 * One line for each: opcode map, opcode; its name; bytes of its operand where that is in
 * memory; and the CPU's feature. APM volume 5, and volume 3, appendix A.
 */
#ifndef NPTB_X86_SOFT_MMX_TABLE_H
#define NPTB_X86_SOFT_MMX_TABLE_H

#define NPTB_MMX_STUBS(V)			\
	V(1, 0x60, punpcklbw, 4, MMX)		\
	V(1, 0x61, punpcklwd, 4, MMX)		\
	V(1, 0x62, punpckldq, 4, MMX)		\
	V(1, 0x63, packsswb, 8, MMX)		\
	V(1, 0x64, pcmpgtb, 8, MMX)		\
	V(1, 0x65, pcmpgtw, 8, MMX)		\
	V(1, 0x66, pcmpgtd, 8, MMX)		\
	V(1, 0x67, packuswb, 8, MMX)		\
	V(1, 0x68, punpckhbw, 8, MMX)		\
	V(1, 0x69, punpckhwd, 8, MMX)		\
	V(1, 0x6a, punpckhdq, 8, MMX)		\
	V(1, 0x6b, packssdw, 8, MMX)		\
	V(1, 0x74, pcmpeqb, 8, MMX)		\
	V(1, 0x75, pcmpeqw, 8, MMX)		\
	V(1, 0x76, pcmpeqd, 8, MMX)		\
	V(1, 0xd1, psrlw, 8, MMX)		\
	V(1, 0xd2, psrld, 8, MMX)		\
	V(1, 0xd3, psrlq, 8, MMX)		\
	V(1, 0xd4, paddq, 8, XMM2)		\
	V(1, 0xd5, pmullw, 8, MMX)		\
	V(1, 0xd8, psubusb, 8, MMX)		\
	V(1, 0xd9, psubusw, 8, MMX)		\
	V(1, 0xda, pminub, 8, XMM)		\
	V(1, 0xdb, pand, 8, MMX)		\
	V(1, 0xdc, paddusb, 8, MMX)		\
	V(1, 0xdd, paddusw, 8, MMX)		\
	V(1, 0xde, pmaxub, 8, XMM)		\
	V(1, 0xdf, pandn, 8, MMX)		\
	V(1, 0xe0, pavgb, 8, XMM)		\
	V(1, 0xe1, psraw, 8, MMX)		\
	V(1, 0xe2, psrad, 8, MMX)		\
	V(1, 0xe3, pavgw, 8, XMM)		\
	V(1, 0xe4, pmulhuw, 8, XMM)		\
	V(1, 0xe5, pmulhw, 8, MMX)		\
	V(1, 0xe8, psubsb, 8, MMX)		\
	V(1, 0xe9, psubsw, 8, MMX)		\
	V(1, 0xea, pminsw, 8, XMM)		\
	V(1, 0xeb, por, 8, MMX)			\
	V(1, 0xec, paddsb, 8, MMX)		\
	V(1, 0xed, paddsw, 8, MMX)		\
	V(1, 0xee, pmaxsw, 8, XMM)		\
	V(1, 0xef, pxor, 8, MMX)		\
	V(1, 0xf1, psllw, 8, MMX)		\
	V(1, 0xf2, pslld, 8, MMX)		\
	V(1, 0xf3, psllq, 8, MMX)		\
	V(1, 0xf4, pmuludq, 8, XMM2)		\
	V(1, 0xf5, pmaddwd, 8, MMX)		\
	V(1, 0xf6, psadbw, 8, XMM)		\
	V(1, 0xf8, psubb, 8, MMX)		\
	V(1, 0xf9, psubw, 8, MMX)		\
	V(1, 0xfa, psubd, 8, MMX)		\
	V(1, 0xfb, psubq, 8, XMM2)		\
	V(1, 0xfc, paddb, 8, MMX)		\
	V(1, 0xfd, paddw, 8, MMX)		\
	V(1, 0xfe, paddd, 8, MMX)		\
	V(2, 0x00, pshufb, 8, SSSE3)		\
	V(2, 0x01, phaddw, 8, SSSE3)		\
	V(2, 0x02, phaddd, 8, SSSE3)		\
	V(2, 0x03, phaddsw, 8, SSSE3)		\
	V(2, 0x04, pmaddubsw, 8, SSSE3)		\
	V(2, 0x05, phsubw, 8, SSSE3)		\
	V(2, 0x06, phsubd, 8, SSSE3)		\
	V(2, 0x07, phsubsw, 8, SSSE3)		\
	V(2, 0x08, psignb, 8, SSSE3)		\
	V(2, 0x09, psignw, 8, SSSE3)		\
	V(2, 0x0a, psignd, 8, SSSE3)		\
	V(2, 0x0b, pmulhrsw, 8, SSSE3)		\
	V(2, 0x1c, pabsb, 8, SSSE3)		\
	V(2, 0x1d, pabsw, 8, SSSE3)		\
	V(2, 0x1e, pabsd, 8, SSSE3)

#endif /* NPTB_X86_SOFT_MMX_TABLE_H */
