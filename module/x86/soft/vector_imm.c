// SPDX-License-Identifier: GPL-2.0-only
/* Instructions on vectors with an immediate of many values; see x86/soft/vector_imm.h. */
#include <asm/asm.h>

#include "backend.h"
#include "x86/soft/vector_imm.h"
#include "x86/soft/vector_table.h"

#define DPPS		NPTB_VECTOR_KEY(3, 1, 0x40)
#define DPPD		NPTB_VECTOR_KEY(3, 1, 0x41)
#define PCLMULQDQ	NPTB_VECTOR_KEY(3, 1, 0x44)
#define VCVTPS2PH	NPTB_VECTOR_KEY(3, 1, 0x1d)

/* An exception goes to the label; the destination is as it was. */
#define RUN(text)								\
	asm goto("1: " text "\n"						\
		 _ASM_EXTABLE(1b, %l[raised]) : : : "memory" : raised)

#define CASE(n, x)	case n: x(n); return true;
#define BY_4(n, x)	CASE(n, x) CASE((n) + 1, x) CASE((n) + 2, x) CASE((n) + 3, x)
#define BY_16(n, x)	BY_4(n, x) BY_4((n) + 4, x) BY_4((n) + 8, x) BY_4((n) + 12, x)
#define BY_64(n, x)	BY_16(n, x) BY_16((n) + 16, x) BY_16((n) + 32, x) BY_16((n) + 48, x)
#define BY_256(x)	BY_64(0, x) BY_64(64, x) BY_64(128, x) BY_64(192, x)
/* Of some, bits 2 and 3, and 6 and 7, say nothing; or all but 0 and 4. */
#define BY_2_AND_2(x)	BY_4(0, x) BY_4(16, x) BY_4(32, x) BY_4(48, x)
#define BY_1_AND_1(x)	CASE(0, x) CASE(1, x) CASE(16, x) CASE(17, x)

#define STUBS(name, bits, values, x)						\
	static bool name(u8 imm)						\
	{									\
		switch (imm & (bits)) {						\
		values(x)							\
		}								\
	raised:									\
		return false;							\
	}

#define TWO(n, name)	RUN(name " $" #n ", %%xmm1, %%xmm0")
#define THREE(n, name)	RUN(name " $" #n ", %%xmm1, %%xmm2, %%xmm0")
#define THREE_32(n, name)	RUN(name " $" #n ", %%ymm1, %%ymm2, %%ymm0")

#define DPPS_SSE(n)	TWO(n, "dpps")
#define DPPS_16(n)	THREE(n, "vdpps")
#define DPPS_32(n)	THREE_32(n, "vdpps")
#define DPPD_SSE(n)	TWO(n, "dppd")
#define DPPD_16(n)	THREE(n, "vdppd")
#define CLMUL_SSE(n)	TWO(n, "pclmulqdq")
#define CLMUL_16(n)	THREE(n, "vpclmulqdq")
#define CLMUL_32(n)	THREE_32(n, "vpclmulqdq")
#define HALF_16(n)	RUN("vcvtps2ph $" #n ", %%xmm0, %%xmm0")
#define HALF_32(n)	RUN("vcvtps2ph $" #n ", %%ymm0, %%xmm0")
#define BY_8(x)		BY_4(0, x) BY_4(4, x)

STUBS(dpps, 0xff, BY_256, DPPS_SSE)
STUBS(dpps_16, 0xff, BY_256, DPPS_16)
STUBS(dpps_32, 0xff, BY_256, DPPS_32)
STUBS(dppd, 0x33, BY_2_AND_2, DPPD_SSE)
STUBS(dppd_16, 0x33, BY_2_AND_2, DPPD_16)
STUBS(clmul, 0x11, BY_1_AND_1, CLMUL_SSE)
STUBS(clmul_16, 0x11, BY_1_AND_1, CLMUL_16)
STUBS(clmul_32, 0x11, BY_1_AND_1, CLMUL_32)
STUBS(half_16, 0x07, BY_8, HALF_16)
STUBS(half_32, 0x07, BY_8, HALF_32)

/* Is it one of these? */
bool nptb_vector_imm_is(u32 key)
{
	return key == DPPS || key == DPPD || key == PCLMULQDQ || key == VCVTPS2PH;
}

/* Return: false where it raised an exception, of MXCSR. */
bool nptb_vector_imm(u32 key, u8 imm)
{
	switch (key) {
	case DPPS:
		return dpps(imm);
	case DPPD:
		return dppd(imm);
	default:
		return clmul(imm);
	}
}

/* As above, with a VEX prefix. */
bool nptb_vector_imm_vex(u32 key, u8 imm, bool l)
{
	switch (key) {
	case DPPS:
		return l ? dpps_32(imm) : dpps_16(imm);
	case DPPD:
		return dppd_16(imm);
	case VCVTPS2PH:
		return l ? half_32(imm) : half_16(imm);
	default:
		return l ? clmul_32(imm) : clmul_16(imm);
	}
}
