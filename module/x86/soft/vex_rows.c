// SPDX-License-Identifier: GPL-2.0-only
/* What is to be known of each instruction; see x86/soft/vex_rows.h. */
#include <linux/nospec.h>

#include "backend.h"
#include "x86/soft/shuffle.h"
#include "x86/soft/vector_table.h"
#include "x86/soft/vex_rows.h"
#include "x86/soft/vex_table.h"

/* Short, for a line of the table each. */
#define MEMORY		NPTB_VEX_MEMORY
#define REGISTER	NPTB_VEX_REGISTER
#define ALIGNED		NPTB_VEX_ALIGNED
#define GPR_REG		NPTB_VEX_GPR_REG
#define GPR_RM		NPTB_VEX_GPR_RM
#define WIDENS		NPTB_VEX_WIDENS
#define TO_RM		NPTB_VEX_TO_RM
#define TO_FIRST	NPTB_VEX_TO_FIRST
#define NO_RESULT	NPTB_VEX_NO_RESULT
#define FIRST		NPTB_VEX_FIRST
#define FIRST_REG	NPTB_VEX_FIRST_REG
#define FULL		NPTB_VEX_FULL
#define DOUBLE		NPTB_VEX_DOUBLE
#define L0		NPTB_VEX_L0
#define L1		NPTB_VEX_L1
#define ANY_L		NPTB_VEX_ANY_L
#define W0		NPTB_VEX_W_0
#define W1		NPTB_VEX_W_1
#define BY_W		NPTB_VEX_WITH_W
#define BY_4		NPTB_VEX_BY_4

/* There is no map 0. */
#define INDEX(map, prefix, op)	(NPTB_VECTOR_KEY(map, prefix, op) - NPTB_VECTOR_KEY(1, 0, 0))
#define INDEXES			(NPTB_VECTOR_KEYS - NPTB_VECTOR_KEY(1, 0, 0))

#define ROW(map, prefix, op, how, bytes, family, flags)				\
	[INDEX(map, prefix, op)] = { NPTB_VECTOR_##how, bytes, NPTB_FAMILY_##family, flags },
#define ROW_PACKED(map, prefix, op, ...)	ROW(map, prefix, op, STUB, 16, AVX, FULL | FIRST)
#define ROW_PACKED2(map, prefix, op, ...)	ROW(map, prefix, op, STUB, 16, AVX, FULL)
#define ROW_SCALAR(map, prefix, op, name, bytes, ...)				\
	ROW(map, prefix, op, STUB, bytes, AVX, FIRST | ANY_L)
#define ROW_WIDEN(map, prefix, op, name, bytes, ...)				\
	ROW(map, prefix, op, STUB, bytes, AVX, DOUBLE)
#define ROW_INTEGER(map, prefix, op, ...)					\
	ROW(map, prefix, op, STUB, 16, INTEGER, FULL | FIRST)
#define ROW_INTEGER2(map, prefix, op, ...)	ROW(map, prefix, op, STUB, 16, INTEGER, FULL)
#define ROW_EXTEND(map, prefix, op, name, bytes, ...)				\
	ROW(map, prefix, op, STUB, bytes, INTEGER, DOUBLE)
#define ROW_SHIFT(map, prefix, op, ...)		ROW(map, prefix, op, STUB, 16, INTEGER, FIRST)
#define ROW_AES(map, prefix, op, ...)		ROW(map, prefix, op, STUB, 16, AES, FULL | FIRST)
#define ROW_FLAGS(map, prefix, op, ...)						\
	ROW(map, prefix, op, FLAGS, 16, AVX, FULL | NO_RESULT | W0)
#define ROW_FMA(op, name)			ROW(2, 1, op, STUB, 16, FMA, FULL | FIRST | BY_W)

/* By their numbers. What is not here is not carried out. */
static const struct nptb_vex_row rows[INDEXES] = {
	NPTB_SSE_PACKED(ROW_PACKED)
	NPTB_SSE_PACKED2(ROW_PACKED2)
	NPTB_SSE_MOVDDUP(ROW_PACKED2)
	NPTB_SSE_SCALAR(ROW_SCALAR)
	NPTB_SSE_WIDEN(ROW_WIDEN)
	NPTB_SSE_NARROW(ROW_PACKED2)
	NPTB_SSE_INTEGER(ROW_INTEGER)
	NPTB_SSE_INTEGER2(ROW_INTEGER2)
	NPTB_SSE_EXTEND(ROW_EXTEND)
	NPTB_SSE_SHIFTS(ROW_SHIFT)
	NPTB_SSE_AES(ROW_AES)
	NPTB_FMA_PACKED(ROW_FMA)
	ROW(1, 0, 0x10, LOAD, 16, AVX, FULL)				/* VMOVUPS */
	ROW(1, 1, 0x10, LOAD, 16, AVX, FULL)				/* VMOVUPD */
	ROW(1, 2, 0x10, MERGE, 4, AVX, FIRST_REG | ANY_L)		/* VMOVSS */
	ROW(1, 3, 0x10, MERGE, 8, AVX, FIRST_REG | ANY_L)		/* VMOVSD */
	ROW(1, 0, 0x11, STORE, 16, AVX, FULL | TO_RM)
	ROW(1, 1, 0x11, STORE, 16, AVX, FULL | TO_RM)
	ROW(1, 2, 0x11, STORE_MERGE, 4, AVX, FIRST_REG | ANY_L | TO_RM)
	ROW(1, 3, 0x11, STORE_MERGE, 8, AVX, FIRST_REG | ANY_L | TO_RM)
	ROW(1, 0, 0x12, LOAD_LOW, 8, AVX, FIRST | L0)			/* VMOVLPS, VMOVHLPS */
	ROW(1, 1, 0x12, LOAD_LOW, 8, AVX, FIRST | L0 | MEMORY)		/* VMOVLPD */
	ROW(1, 0, 0x13, STORE, 8, AVX, L0 | TO_RM | MEMORY)
	ROW(1, 1, 0x13, STORE, 8, AVX, L0 | TO_RM | MEMORY)
	ROW(1, 0, 0x16, LOAD_HIGH, 8, AVX, FIRST | L0)			/* VMOVHPS, VMOVLHPS */
	ROW(1, 1, 0x16, LOAD_HIGH, 8, AVX, FIRST | L0 | MEMORY)		/* VMOVHPD */
	ROW(1, 0, 0x17, STORE_HIGH, 8, AVX, L0 | TO_RM | MEMORY)
	ROW(1, 1, 0x17, STORE_HIGH, 8, AVX, L0 | TO_RM | MEMORY)
	ROW(1, 0, 0x28, LOAD, 16, AVX, FULL | ALIGNED)			/* VMOVAPS */
	ROW(1, 1, 0x28, LOAD, 16, AVX, FULL | ALIGNED)			/* VMOVAPD */
	ROW(1, 0, 0x29, STORE, 16, AVX, FULL | ALIGNED | TO_RM)
	ROW(1, 1, 0x29, STORE, 16, AVX, FULL | ALIGNED | TO_RM)
	ROW(1, 2, 0x2a, FROM_GPR, 4, AVX, FIRST | ANY_L | GPR_RM | WIDENS)
	ROW(1, 3, 0x2a, FROM_GPR, 4, AVX, FIRST | ANY_L | GPR_RM | WIDENS)
	ROW(1, 0, 0x2b, STORE, 16, AVX, FULL | ALIGNED | TO_RM | MEMORY)	/* VMOVNTPS */
	ROW(1, 1, 0x2b, STORE, 16, AVX, FULL | ALIGNED | TO_RM | MEMORY)	/* VMOVNTPD */
	ROW(1, 2, 0x2c, TO_GPR, 4, AVX, ANY_L | GPR_REG)
	ROW(1, 3, 0x2c, TO_GPR, 8, AVX, ANY_L | GPR_REG)
	ROW(1, 2, 0x2d, TO_GPR, 4, AVX, ANY_L | GPR_REG)
	ROW(1, 3, 0x2d, TO_GPR, 8, AVX, ANY_L | GPR_REG)
	ROW(1, 0, 0x2e, AS_FLAGS, 4, AVX, ANY_L | NO_RESULT)		/* VUCOMISS */
	ROW(1, 1, 0x2e, AS_FLAGS, 8, AVX, ANY_L | NO_RESULT)
	ROW(1, 0, 0x2f, AS_FLAGS, 4, AVX, ANY_L | NO_RESULT)		/* VCOMISS */
	ROW(1, 1, 0x2f, AS_FLAGS, 8, AVX, ANY_L | NO_RESULT)
	ROW(1, 0, 0x50, MASK, 4, AVX, GPR_REG | REGISTER)		/* VMOVMSKPS */
	ROW(1, 1, 0x50, MASK, 8, AVX, GPR_REG | REGISTER)		/* VMOVMSKPD */
	ROW(1, 1, 0x6e, LOAD_GPR, 4, AVX, L0 | GPR_RM | WIDENS)		/* VMOVD, VMOVQ */
	ROW(1, 1, 0x6f, LOAD, 16, AVX, FULL | ALIGNED)			/* VMOVDQA */
	ROW(1, 2, 0x6f, LOAD, 16, AVX, FULL)				/* VMOVDQU */
	ROW(1, 1, 0x70, PSHUFD, 16, INTEGER, FULL)
	ROW(1, 2, 0x70, PSHUFHW, 16, INTEGER, FULL)
	ROW(1, 3, 0x70, PSHUFLW, 16, INTEGER, FULL)
	ROW(1, 1, 0x71, SHIFT, 2, INTEGER, TO_FIRST | REGISTER)
	ROW(1, 1, 0x72, SHIFT, 4, INTEGER, TO_FIRST | REGISTER)
	ROW(1, 1, 0x73, SHIFT, 8, INTEGER, TO_FIRST | REGISTER)
	ROW(1, 1, 0x7e, STORE_GPR, 4, AVX, L0 | TO_RM | GPR_RM | WIDENS)	/* VMOVD */
	ROW(1, 2, 0x7e, LOAD, 8, AVX, L0)				/* VMOVQ */
	ROW(1, 1, 0x7f, STORE, 16, AVX, FULL | ALIGNED | TO_RM)
	ROW(1, 2, 0x7f, STORE, 16, AVX, FULL | TO_RM)
	ROW(1, 0, 0xc2, BITS_4, 16, AVX, FULL | FIRST)			/* VCMPPS */
	ROW(1, 1, 0xc2, BITS_4, 16, AVX, FULL | FIRST)
	ROW(1, 2, 0xc2, BITS_4, 4, AVX, FIRST | ANY_L)
	ROW(1, 3, 0xc2, BITS_4, 8, AVX, FIRST | ANY_L)
	ROW(1, 1, 0xc4, INSERT, 2, AVX, FIRST | L0 | GPR_RM)		/* VPINSRW */
	ROW(1, 1, 0xc5, EXTRACT_RM, 2, AVX, L0 | GPR_REG | REGISTER)	/* VPEXTRW */
	ROW(1, 0, 0xc6, SHUFPS, 16, AVX, FULL | FIRST)
	ROW(1, 1, 0xc6, SHUFPD, 16, AVX, FULL | FIRST)
	ROW(1, 1, 0xd6, STORE, 8, AVX, L0 | TO_RM)			/* VMOVQ */
	ROW(1, 1, 0xd7, MASK, 1, INTEGER, GPR_REG | REGISTER)		/* VPMOVMSKB */
	ROW(1, 1, 0xe7, STORE, 16, AVX, FULL | ALIGNED | TO_RM | MEMORY)	/* VMOVNTDQ */
	ROW(1, 1, 0xf7, MASKED_BYTES, 16, AVX, L0 | REGISTER)		/* VMASKMOVDQU */
	ROW(1, 3, 0xf0, LOAD, 16, AVX, FULL | MEMORY)			/* VLDDQU */
	ROW(2, 1, 0x0c, STUB, 16, AVX, FULL | FIRST | W0)		/* VPERMILPS */
	ROW(2, 1, 0x0d, STUB, 16, AVX, FULL | FIRST | W0)		/* VPERMILPD */
	NPTB_VEX_FLAGS(ROW_FLAGS)
	ROW(2, 1, 0x17, FLAGS, 16, AVX, FULL | NO_RESULT)		/* VPTEST */
	ROW(2, 1, 0x13, STUB, 8, F16C, DOUBLE | W0)			/* VCVTPH2PS */
	ROW(2, 1, 0x16, STUB, 16, AVX2, FULL | FIRST | L1 | W0)		/* VPERMPS */
	ROW(2, 1, 0x18, BROADCAST, 4, AVX, W0)				/* VBROADCASTSS */
	ROW(2, 1, 0x19, BROADCAST, 8, AVX, L1 | W0)
	ROW(2, 1, 0x1a, BROADCAST, 16, AVX, L1 | W0 | MEMORY)		/* VBROADCASTF128 */
	ROW(2, 1, 0x2a, LOAD, 16, INTEGER, FULL | ALIGNED | MEMORY)	/* VMOVNTDQA */
	ROW(2, 1, 0x2c, MASKED, 4, AVX, FIRST | MEMORY | W0)		/* VMASKMOVPS */
	ROW(2, 1, 0x2d, MASKED, 8, AVX, FIRST | MEMORY | W0)
	ROW(2, 1, 0x2e, MASKED, 4, AVX, FIRST | MEMORY | W0 | TO_RM)
	ROW(2, 1, 0x2f, MASKED, 8, AVX, FIRST | MEMORY | W0 | TO_RM)
	ROW(2, 1, 0x36, STUB, 16, AVX2, FULL | FIRST | L1 | W0)		/* VPERMD */
	ROW(2, 1, 0x41, STUB, 16, AVX, FULL | L0)			/* VPHMINPOSUW */
	ROW(2, 1, 0x45, STUB, 16, AVX2, FULL | FIRST | BY_W)		/* VPSRLVD, VPSRLVQ */
	ROW(2, 1, 0x46, STUB, 16, AVX2, FULL | FIRST | W0)		/* VPSRAVD */
	ROW(2, 1, 0x47, STUB, 16, AVX2, FULL | FIRST | BY_W)		/* VPSLLVD, VPSLLVQ */
	ROW(2, 1, 0x58, BROADCAST, 4, AVX2, W0)				/* VPBROADCASTD */
	ROW(2, 1, 0x59, BROADCAST, 8, AVX2, W0)
	ROW(2, 1, 0x5a, BROADCAST, 16, AVX2, L1 | W0 | MEMORY)		/* VBROADCASTI128 */
	ROW(2, 1, 0x78, BROADCAST, 1, AVX2, W0)
	ROW(2, 1, 0x79, BROADCAST, 2, AVX2, W0)
	ROW(2, 1, 0x8c, MASKED, 4, AVX2, FIRST | MEMORY | WIDENS)	/* VPMASKMOVD */
	ROW(2, 1, 0x8e, MASKED, 4, AVX2, FIRST | MEMORY | WIDENS | TO_RM)
	ROW(2, 1, 0x90, GATHER, 4, AVX2, FIRST | MEMORY)		/* VPGATHERDD */
	ROW(2, 1, 0x91, GATHER, 4, AVX2, FIRST | MEMORY)
	ROW(2, 1, 0x92, GATHER, 4, AVX2, FIRST | MEMORY)		/* VGATHERDPS */
	ROW(2, 1, 0x93, GATHER, 4, AVX2, FIRST | MEMORY)
	ROW(2, 1, 0x99, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0x9b, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0x9d, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0x9f, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0xa9, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0xab, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0xad, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0xaf, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0xb9, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0xbb, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0xbd, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0xbf, STUB, 4, FMA, FIRST | ANY_L | BY_W)
	ROW(2, 1, 0xdb, STUB, 16, AES, FULL | L0)			/* VAESIMC */
	ROW(3, 1, 0x00, PERMUTE_QUARTERS, 16, AVX2, FULL | L1 | W1)	/* VPERMQ */
	ROW(3, 1, 0x01, PERMUTE_QUARTERS, 16, AVX2, FULL | L1 | W1)	/* VPERMPD */
	ROW(3, 1, 0x02, BLEND, 4, AVX2, FULL | FIRST | W0)		/* VPBLENDD */
	ROW(3, 1, 0x04, PSHUFD, 16, AVX, FULL | W0)			/* VPERMILPS */
	ROW(3, 1, 0x05, PERMILPD, 16, AVX, FULL | W0)
	ROW(3, 1, 0x06, PERMUTE_HALVES, 16, AVX, FULL | FIRST | L1 | W0)	/* VPERM2F128 */
	ROW(3, 1, 0x08, BITS_4, 16, AVX, FULL)				/* VROUNDPS */
	ROW(3, 1, 0x09, BITS_4, 16, AVX, FULL)
	ROW(3, 1, 0x0a, BITS_4, 4, AVX, FIRST | ANY_L)
	ROW(3, 1, 0x0b, BITS_4, 8, AVX, FIRST | ANY_L)
	ROW(3, 1, 0x0c, BLEND, 4, AVX, FULL | FIRST)
	ROW(3, 1, 0x0d, BLEND, 8, AVX, FULL | FIRST)
	ROW(3, 1, 0x0e, BLEND, 2, INTEGER, FULL | FIRST)
	ROW(3, 1, 0x0f, ALIGN, 16, INTEGER, FULL | FIRST)		/* VPALIGNR */
	ROW(3, 1, 0x14, EXTRACT, 1, AVX, L0 | TO_RM | GPR_RM)		/* VPEXTRB */
	ROW(3, 1, 0x15, EXTRACT, 2, AVX, L0 | TO_RM | GPR_RM)
	ROW(3, 1, 0x16, EXTRACT, 4, AVX, L0 | TO_RM | GPR_RM | WIDENS)
	ROW(3, 1, 0x17, EXTRACT, 4, AVX, L0 | TO_RM | GPR_RM)		/* VEXTRACTPS */
	ROW(3, 1, 0x18, INSERT_HALF, 16, AVX, FIRST | L1 | W0)		/* VINSERTF128 */
	ROW(3, 1, 0x19, EXTRACT_HALF, 16, AVX, L1 | W0 | TO_RM)
	ROW(3, 1, 0x1d, BITS_8, 8, F16C, DOUBLE | TO_RM | W0)		/* VCVTPS2PH */
	ROW(3, 1, 0x20, INSERT, 1, AVX, FIRST | L0 | GPR_RM)		/* VPINSRB */
	ROW(3, 1, 0x21, INSERTPS, 4, AVX, FIRST | L0)
	ROW(3, 1, 0x22, INSERT, 4, AVX, FIRST | L0 | GPR_RM | WIDENS)
	ROW(3, 1, 0x38, INSERT_HALF, 16, AVX2, FIRST | L1 | W0)		/* VINSERTI128 */
	ROW(3, 1, 0x39, EXTRACT_HALF, 16, AVX2, L1 | W0 | TO_RM)
	ROW(3, 1, 0x40, BITS_8, 16, AVX, FULL | FIRST)			/* VDPPS */
	ROW(3, 1, 0x41, BITS_8, 16, AVX, FULL | FIRST | L0)		/* VDPPD */
	ROW(3, 1, 0x44, BITS_8, 16, CLMUL, FULL | FIRST)		/* VPCLMULQDQ */
	ROW(3, 1, 0x60, STRINGS, 16, AVX, FULL | L0)			/* VPCMPESTRM */
	ROW(3, 1, 0x61, STRINGS, 16, AVX, FULL | L0)
	ROW(3, 1, 0x62, STRINGS, 16, AVX, FULL | L0)
	ROW(3, 1, 0x63, STRINGS, 16, AVX, FULL | L0)			/* VPCMPISTRI */
	ROW(3, 1, 0xdf, KEYGEN, 16, AES, FULL | L0)			/* VAESKEYGENASSIST */
	ROW(3, 1, 0x42, BITS_4, 16, INTEGER, FULL | FIRST)		/* VMPSADBW */
	ROW(3, 1, 0x46, PERMUTE_HALVES, 16, AVX2, FULL | FIRST | L1 | W0)	/* VPERM2I128 */
	ROW(3, 1, 0x4a, BLEND_BY_0, 4, AVX, FULL | FIRST | W0 | BY_4)	/* VBLENDVPS */
	ROW(3, 1, 0x4b, BLEND_BY_0, 8, AVX, FULL | FIRST | W0 | BY_4)
	ROW(3, 1, 0x4c, BLEND_BY_0, 1, INTEGER, FULL | FIRST | W0 | BY_4)	/* VPBLENDVB */
};

u32 nptb_vex_key(const struct nptb_insn *insn)
{
	return NPTB_VECTOR_KEY(insn->map, nptb_insn_prefix(insn), insn->op);
}

/*
 * Its @how is 0 where nothing is known of it. VEX has bits for more maps than are decoded: a
 * CPU that speculates must not look behind the table.
 */
const struct nptb_vex_row *nptb_vex_row(const struct nptb_insn *insn)
{
	u32 at = nptb_vex_key(insn) - NPTB_VECTOR_KEY(1, 0, 0);

	return &rows[array_index_nospec(at, INDEXES)];
}
