/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SSE instructions that are run on this CPU: from a register, or memory, to a register.
 * One line for each: opcode map, prefix (1: 66, 2: F3, 3: F2), opcode; its name; bytes of
 * its operand where that is in memory; and the CPU's feature. AMD64 APM volume 4 and
 * volume 3, appendix A. Of each of them the manual says that it touches nothing but its
 * operands and MXCSR.
 */
#ifndef NPTB_X86_SOFT_VECTOR_TABLE_H
#define NPTB_X86_SOFT_VECTOR_TABLE_H

/* What names an instruction: opcode map, prefix and opcode. */
#define NPTB_VECTOR_KEY(map, prefix, op)	((map) << 10 | (prefix) << 8 | (op))
#define NPTB_VECTOR_KEYS			NPTB_VECTOR_KEY(4, 0, 0)

/*
 * Of two vectors of floating-point numbers, or bits. With VEX there are two sources, and
 * the destination may have 32 bytes; so it is below where nothing else is said.
 */
#define NPTB_SSE_PACKED(V)				\
	V(1, 0, 0x14, unpcklps, 16, XMM)		\
	V(1, 1, 0x14, unpcklpd, 16, XMM2)		\
	V(1, 0, 0x15, unpckhps, 16, XMM)		\
	V(1, 1, 0x15, unpckhpd, 16, XMM2)		\
	V(1, 0, 0x54, andps, 16, XMM)			\
	V(1, 1, 0x54, andpd, 16, XMM2)			\
	V(1, 0, 0x55, andnps, 16, XMM)			\
	V(1, 1, 0x55, andnpd, 16, XMM2)			\
	V(1, 0, 0x56, orps, 16, XMM)			\
	V(1, 1, 0x56, orpd, 16, XMM2)			\
	V(1, 0, 0x57, xorps, 16, XMM)			\
	V(1, 1, 0x57, xorpd, 16, XMM2)			\
	V(1, 0, 0x58, addps, 16, XMM)			\
	V(1, 1, 0x58, addpd, 16, XMM2)			\
	V(1, 0, 0x59, mulps, 16, XMM)			\
	V(1, 1, 0x59, mulpd, 16, XMM2)			\
	V(1, 0, 0x5c, subps, 16, XMM)			\
	V(1, 1, 0x5c, subpd, 16, XMM2)			\
	V(1, 0, 0x5d, minps, 16, XMM)			\
	V(1, 1, 0x5d, minpd, 16, XMM2)			\
	V(1, 0, 0x5e, divps, 16, XMM)			\
	V(1, 1, 0x5e, divpd, 16, XMM2)			\
	V(1, 0, 0x5f, maxps, 16, XMM)			\
	V(1, 1, 0x5f, maxpd, 16, XMM2)			\
	V(1, 1, 0x7c, haddpd, 16, XMM3)			\
	V(1, 3, 0x7c, haddps, 16, XMM3)			\
	V(1, 1, 0x7d, hsubpd, 16, XMM3)			\
	V(1, 3, 0x7d, hsubps, 16, XMM3)			\
	V(1, 1, 0xd0, addsubpd, 16, XMM3)		\
	V(1, 3, 0xd0, addsubps, 16, XMM3)

/* Of one vector. */
#define NPTB_SSE_PACKED2(V)				\
	V(1, 2, 0x12, movsldup, 16, XMM3)		\
	V(1, 2, 0x16, movshdup, 16, XMM3)		\
	V(1, 0, 0x51, sqrtps, 16, XMM)			\
	V(1, 1, 0x51, sqrtpd, 16, XMM2)			\
	V(1, 0, 0x52, rsqrtps, 16, XMM)			\
	V(1, 0, 0x53, rcpps, 16, XMM)			\
	V(1, 0, 0x5b, cvtdq2ps, 16, XMM2)		\
	V(1, 1, 0x5b, cvtps2dq, 16, XMM2)		\
	V(1, 2, 0x5b, cvttps2dq, 16, XMM2)

/* Of 8 bytes, or with VEX of 32. */
#define NPTB_SSE_MOVDDUP(V)				\
	V(1, 3, 0x12, movddup, 8, XMM3)

/* Of the lowest elements; the rest is that of the first source. */
#define NPTB_SSE_SCALAR(V)				\
	V(1, 2, 0x51, sqrtss, 4, XMM)			\
	V(1, 3, 0x51, sqrtsd, 8, XMM2)			\
	V(1, 2, 0x52, rsqrtss, 4, XMM)			\
	V(1, 2, 0x53, rcpss, 4, XMM)			\
	V(1, 2, 0x58, addss, 4, XMM)			\
	V(1, 3, 0x58, addsd, 8, XMM2)			\
	V(1, 2, 0x59, mulss, 4, XMM)			\
	V(1, 3, 0x59, mulsd, 8, XMM2)			\
	V(1, 2, 0x5a, cvtss2sd, 4, XMM2)		\
	V(1, 3, 0x5a, cvtsd2ss, 8, XMM2)		\
	V(1, 2, 0x5c, subss, 4, XMM)			\
	V(1, 3, 0x5c, subsd, 8, XMM2)			\
	V(1, 2, 0x5d, minss, 4, XMM)			\
	V(1, 3, 0x5d, minsd, 8, XMM2)			\
	V(1, 2, 0x5e, divss, 4, XMM)			\
	V(1, 3, 0x5e, divsd, 8, XMM2)			\
	V(1, 2, 0x5f, maxss, 4, XMM)			\
	V(1, 3, 0x5f, maxsd, 8, XMM2)

/* To elements twice as wide. */
#define NPTB_SSE_WIDEN(V)				\
	V(1, 0, 0x5a, cvtps2pd, 8, XMM2)		\
	V(1, 2, 0xe6, cvtdq2pd, 8, XMM2)

/* To half as wide. */
#define NPTB_SSE_NARROW(V)				\
	V(1, 1, 0x5a, cvtpd2ps, 16, XMM2)		\
	V(1, 1, 0xe6, cvttpd2dq, 16, XMM2)		\
	V(1, 3, 0xe6, cvtpd2dq, 16, XMM2)

/* Of integers. */
#define NPTB_SSE_INTEGER(V)				\
	V(1, 1, 0x60, punpcklbw, 16, XMM2)		\
	V(1, 1, 0x61, punpcklwd, 16, XMM2)		\
	V(1, 1, 0x62, punpckldq, 16, XMM2)		\
	V(1, 1, 0x63, packsswb, 16, XMM2)		\
	V(1, 1, 0x64, pcmpgtb, 16, XMM2)		\
	V(1, 1, 0x65, pcmpgtw, 16, XMM2)		\
	V(1, 1, 0x66, pcmpgtd, 16, XMM2)		\
	V(1, 1, 0x67, packuswb, 16, XMM2)		\
	V(1, 1, 0x68, punpckhbw, 16, XMM2)		\
	V(1, 1, 0x69, punpckhwd, 16, XMM2)		\
	V(1, 1, 0x6a, punpckhdq, 16, XMM2)		\
	V(1, 1, 0x6b, packssdw, 16, XMM2)		\
	V(1, 1, 0x6c, punpcklqdq, 16, XMM2)		\
	V(1, 1, 0x6d, punpckhqdq, 16, XMM2)		\
	V(1, 1, 0x74, pcmpeqb, 16, XMM2)		\
	V(1, 1, 0x75, pcmpeqw, 16, XMM2)		\
	V(1, 1, 0x76, pcmpeqd, 16, XMM2)		\
	V(1, 1, 0xd4, paddq, 16, XMM2)			\
	V(1, 1, 0xd5, pmullw, 16, XMM2)			\
	V(1, 1, 0xd8, psubusb, 16, XMM2)		\
	V(1, 1, 0xd9, psubusw, 16, XMM2)		\
	V(1, 1, 0xda, pminub, 16, XMM2)			\
	V(1, 1, 0xdb, pand, 16, XMM2)			\
	V(1, 1, 0xdc, paddusb, 16, XMM2)		\
	V(1, 1, 0xdd, paddusw, 16, XMM2)		\
	V(1, 1, 0xde, pmaxub, 16, XMM2)			\
	V(1, 1, 0xdf, pandn, 16, XMM2)			\
	V(1, 1, 0xe0, pavgb, 16, XMM2)			\
	V(1, 1, 0xe3, pavgw, 16, XMM2)			\
	V(1, 1, 0xe4, pmulhuw, 16, XMM2)		\
	V(1, 1, 0xe5, pmulhw, 16, XMM2)			\
	V(1, 1, 0xe8, psubsb, 16, XMM2)			\
	V(1, 1, 0xe9, psubsw, 16, XMM2)			\
	V(1, 1, 0xea, pminsw, 16, XMM2)			\
	V(1, 1, 0xeb, por, 16, XMM2)			\
	V(1, 1, 0xec, paddsb, 16, XMM2)			\
	V(1, 1, 0xed, paddsw, 16, XMM2)			\
	V(1, 1, 0xee, pmaxsw, 16, XMM2)			\
	V(1, 1, 0xef, pxor, 16, XMM2)			\
	V(1, 1, 0xf4, pmuludq, 16, XMM2)		\
	V(1, 1, 0xf5, pmaddwd, 16, XMM2)		\
	V(1, 1, 0xf6, psadbw, 16, XMM2)			\
	V(1, 1, 0xf8, psubb, 16, XMM2)			\
	V(1, 1, 0xf9, psubw, 16, XMM2)			\
	V(1, 1, 0xfa, psubd, 16, XMM2)			\
	V(1, 1, 0xfb, psubq, 16, XMM2)			\
	V(1, 1, 0xfc, paddb, 16, XMM2)			\
	V(1, 1, 0xfd, paddw, 16, XMM2)			\
	V(1, 1, 0xfe, paddd, 16, XMM2)			\
	V(2, 1, 0x00, pshufb, 16, SSSE3)		\
	V(2, 1, 0x01, phaddw, 16, SSSE3)		\
	V(2, 1, 0x02, phaddd, 16, SSSE3)		\
	V(2, 1, 0x03, phaddsw, 16, SSSE3)		\
	V(2, 1, 0x04, pmaddubsw, 16, SSSE3)		\
	V(2, 1, 0x05, phsubw, 16, SSSE3)		\
	V(2, 1, 0x06, phsubd, 16, SSSE3)		\
	V(2, 1, 0x07, phsubsw, 16, SSSE3)		\
	V(2, 1, 0x08, psignb, 16, SSSE3)		\
	V(2, 1, 0x09, psignw, 16, SSSE3)		\
	V(2, 1, 0x0a, psignd, 16, SSSE3)		\
	V(2, 1, 0x0b, pmulhrsw, 16, SSSE3)		\
	V(2, 1, 0x28, pmuldq, 16, XMM4_1)		\
	V(2, 1, 0x29, pcmpeqq, 16, XMM4_1)		\
	V(2, 1, 0x2b, packusdw, 16, XMM4_1)		\
	V(2, 1, 0x37, pcmpgtq, 16, XMM4_2)		\
	V(2, 1, 0x38, pminsb, 16, XMM4_1)		\
	V(2, 1, 0x39, pminsd, 16, XMM4_1)		\
	V(2, 1, 0x3a, pminuw, 16, XMM4_1)		\
	V(2, 1, 0x3b, pminud, 16, XMM4_1)		\
	V(2, 1, 0x3c, pmaxsb, 16, XMM4_1)		\
	V(2, 1, 0x3d, pmaxsd, 16, XMM4_1)		\
	V(2, 1, 0x3e, pmaxuw, 16, XMM4_1)		\
	V(2, 1, 0x3f, pmaxud, 16, XMM4_1)		\
	V(2, 1, 0x40, pmulld, 16, XMM4_1)

/* Of one vector. */
#define NPTB_SSE_INTEGER2(V)				\
	V(2, 1, 0x1c, pabsb, 16, SSSE3)			\
	V(2, 1, 0x1d, pabsw, 16, SSSE3)			\
	V(2, 1, 0x1e, pabsd, 16, SSSE3)

/* To wider elements. */
#define NPTB_SSE_EXTEND(V)				\
	V(2, 1, 0x20, pmovsxbw, 8, XMM4_1)		\
	V(2, 1, 0x21, pmovsxbd, 4, XMM4_1)		\
	V(2, 1, 0x22, pmovsxbq, 2, XMM4_1)		\
	V(2, 1, 0x23, pmovsxwd, 8, XMM4_1)		\
	V(2, 1, 0x24, pmovsxwq, 4, XMM4_1)		\
	V(2, 1, 0x25, pmovsxdq, 8, XMM4_1)		\
	V(2, 1, 0x30, pmovzxbw, 8, XMM4_1)		\
	V(2, 1, 0x31, pmovzxbd, 4, XMM4_1)		\
	V(2, 1, 0x32, pmovzxbq, 2, XMM4_1)		\
	V(2, 1, 0x33, pmovzxwd, 8, XMM4_1)		\
	V(2, 1, 0x34, pmovzxwq, 4, XMM4_1)		\
	V(2, 1, 0x35, pmovzxdq, 8, XMM4_1)

/* By a count that has 16 bytes. */
#define NPTB_SSE_SHIFTS(V)				\
	V(1, 1, 0xd1, psrlw, 16, XMM2)			\
	V(1, 1, 0xd2, psrld, 16, XMM2)			\
	V(1, 1, 0xd3, psrlq, 16, XMM2)			\
	V(1, 1, 0xe1, psraw, 16, XMM2)			\
	V(1, 1, 0xe2, psrad, 16, XMM2)			\
	V(1, 1, 0xf1, psllw, 16, XMM2)			\
	V(1, 1, 0xf2, pslld, 16, XMM2)			\
	V(1, 1, 0xf3, psllq, 16, XMM2)

/* The same, of which those of 32 bytes came later. */
#define NPTB_SSE_AES(V)					\
	V(2, 1, 0xdc, aesenc, 16, AES)			\
	V(2, 1, 0xdd, aesenclast, 16, AES)		\
	V(2, 1, 0xde, aesdec, 16, AES)			\
	V(2, 1, 0xdf, aesdeclast, 16, AES)

/* Of one vector; with VEX, of 16 bytes alone. */
#define NPTB_SSE_ONE(V)					\
	V(2, 1, 0x41, phminposuw, 16, XMM4_1)		\
	V(2, 1, 0xdb, aesimc, 16, AES)

/* Without VEX alone. */
#define NPTB_SSE_LEGACY(V)				\
	V(2, 0, 0xc8, sha1nexte, 16, SHA_NI)		\
	V(2, 0, 0xc9, sha1msg1, 16, SHA_NI)		\
	V(2, 0, 0xca, sha1msg2, 16, SHA_NI)		\
	V(2, 0, 0xcc, sha256msg1, 16, SHA_NI)		\
	V(2, 0, 0xcd, sha256msg2, 16, SHA_NI)

#define NPTB_SSE_STUBS(V)					\
	NPTB_SSE_PACKED(V) NPTB_SSE_PACKED2(V)		\
	NPTB_SSE_MOVDDUP(V) NPTB_SSE_SCALAR(V)		\
	NPTB_SSE_WIDEN(V) NPTB_SSE_NARROW(V)		\
	NPTB_SSE_INTEGER(V) NPTB_SSE_INTEGER2(V)	\
	NPTB_SSE_EXTEND(V) NPTB_SSE_SHIFTS(V)		\
	NPTB_SSE_AES(V) NPTB_SSE_ONE(V)			\
	NPTB_SSE_LEGACY(V)

/* Those that compare, and leave their result in RFLAGS. */
#define NPTB_SSE_FLAGS(V)					\
	V(1, 0, 0x2e, ucomiss, 4, XMM)				\
	V(1, 1, 0x2e, ucomisd, 8, XMM2)				\
	V(1, 0, 0x2f, comiss, 4, XMM)				\
	V(1, 1, 0x2f, comisd, 8, XMM2)				\
	V(2, 1, 0x17, ptest, 16, XMM4_1)

/* To a general register of 32 or 64 bits. */
#define NPTB_SSE_TO_GPR(V)					\
	V(1, 2, 0x2c, cvttss2si, 4, XMM)			\
	V(1, 3, 0x2c, cvttsd2si, 8, XMM2)			\
	V(1, 2, 0x2d, cvtss2si, 4, XMM)				\
	V(1, 3, 0x2d, cvtsd2si, 8, XMM2)

/* From one, or from as many bytes in memory. */
#define NPTB_SSE_FROM_GPR(V)					\
	V(1, 2, 0x2a, cvtsi2ss, 4, XMM)				\
	V(1, 3, 0x2a, cvtsi2sd, 4, XMM2)

/* With an immediate of up to 3 bits. */
#define NPTB_SSE_BITS_3(V)					\
	V(1, 0, 0xc2, cmpps, 16, XMM)				\
	V(1, 1, 0xc2, cmppd, 16, XMM2)				\
	V(1, 2, 0xc2, cmpss, 4, XMM)				\
	V(1, 3, 0xc2, cmpsd, 8, XMM2)				\
	V(3, 0, 0xcc, sha1rnds4, 16, SHA_NI)			\
	V(3, 1, 0x42, mpsadbw, 16, XMM4_1)

/* Of 4 bits. */
#define NPTB_SSE_BITS_4(V)					\
	V(3, 1, 0x08, roundps, 16, XMM4_1)			\
	V(3, 1, 0x09, roundpd, 16, XMM4_1)			\
	V(3, 1, 0x0a, roundss, 4, XMM4_1)			\
	V(3, 1, 0x0b, roundsd, 8, XMM4_1)

#endif /* NPTB_X86_SOFT_VECTOR_TABLE_H */
