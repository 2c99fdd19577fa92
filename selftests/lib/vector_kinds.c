// SPDX-License-Identifier: GPL-2.0-only
/* The instructions that test_vector tries; see vector_kinds.h. */
#include <kselftest.h>

#include "vector_kinds.h"
#include "../../module/x86/soft/vector_table.h"
#include "../../module/x86/soft/vex_table.h"

#define SSE(map, prefix, op, name, bytes, feature)	\
	{ #name, map, prefix, op, .aligned = bytes == 16 },
/* With VEX: of one source, of two; of 16 bytes, of 32. */
#define VEX(name, map, prefix, op, ...)	{ name, map, prefix, op, .vex = true, __VA_ARGS__ },
#define ONE(map, prefix, op, name, ...)	VEX("v" #name, map, prefix, op)
#define TWO(map, prefix, op, name, ...)	VEX("v" #name, map, prefix, op, .first = FIRST_ANY)
#define ONE_LOW(map, prefix, op, name, ...)	VEX("v" #name, map, prefix, op, .l = BIT_0_ALWAYS)
#define TWO_LOW(map, prefix, op, name, ...)	\
	VEX("v" #name, map, prefix, op, .first = FIRST_ANY, .l = BIT_0_ALWAYS)
#define ONE_16(map, prefix, op, name, ...)	VEX("v" #name, map, prefix, op, .l = BIT_0)
#define TWO_W0(map, prefix, op, name, ...)	\
	VEX(#name, map, prefix, op, .first = FIRST_ANY, .w = BIT_0)
#define TWO_W(map, prefix, op, name, name_w)	\
	VEX(#name, map, prefix, op, .first = FIRST_ANY)
#define TWO_32(map, prefix, op, name)	\
	VEX(#name, map, prefix, op, .first = FIRST_ANY, .l = BIT_1, .w = BIT_0)
#define FLAGS(map, prefix, op, name)	VEX(#name, map, prefix, op, .w = BIT_0)
#define FMA(op, name)			VEX(#name "*", 2, 1, op, .first = FIRST_ANY)
#define FMA_LOW(op, name)	\
	VEX(#name "*", 2, 1, op, .first = FIRST_ANY, .l = BIT_0_ALWAYS, .reads_all = true)

const struct vector_kind vector_kinds[] = {
	NPTB_SSE_STUBS(SSE)
	NPTB_SSE_FLAGS(SSE)
	NPTB_SSE_TO_GPR(SSE)
	NPTB_SSE_FROM_GPR(SSE)
	NPTB_SSE_BITS_3(SSE)
	NPTB_SSE_BITS_4(SSE)
	{ "pblendvb", 2, 1, 0x10, .aligned = true }, { "blendvps", 2, 1, 0x14, .aligned = true },
	{ "blendvpd", 2, 1, 0x15, .aligned = true }, { "insertps", 3, 1, 0x21, .group = 0 },
	{ "popcnt", 1, 2, 0xb8, .group = 0 }, { "tzcnt", 1, 2, 0xbc, .group = 0 },
	{ "lzcnt", 1, 2, 0xbd, .group = 0 },
	{ "movups", 1, 0, 0x10, .group = 0 }, { "movupd", 1, 1, 0x10, .group = 0 },
	{ "movss", 1, 2, 0x10, .group = 0 }, { "movsd", 1, 3, 0x10, .group = 0 },
	{ "movups, store", 1, 0, 0x11, .group = 0 },
	{ "movupd, store", 1, 1, 0x11, .group = 0 },
	{ "movss, store", 1, 2, 0x11, .group = 0 }, { "movsd, store", 1, 3, 0x11, .group = 0 },
	{ "movlps", 1, 0, 0x12, .group = 0 },
	{ "movlpd", 1, 1, 0x12, .memory = true },
	{ "movlps, store", 1, 0, 0x13, .group = 0 },
	{ "movlpd, store", 1, 1, 0x13, .group = 0 },
	{ "movhps", 1, 0, 0x16, .group = 0 },
	{ "movhpd", 1, 1, 0x16, .memory = true },
	{ "movhps, store", 1, 0, 0x17, .group = 0 },
	{ "movhpd, store", 1, 1, 0x17, .group = 0 },
	{ "movaps", 1, 0, 0x28, .aligned = true }, { "movapd", 1, 1, 0x28, .aligned = true },
	{ "movaps, store", 1, 0, 0x29, .aligned = true },
	{ "movapd, store", 1, 1, 0x29, .aligned = true },
	{ "movntps", 1, 0, 0x2b, .aligned = true }, { "movntpd", 1, 1, 0x2b, .aligned = true },
	{ "movmskps", 1, 0, 0x50, .group = 0 }, { "movmskpd", 1, 1, 0x50, .group = 0 },
	{ "movd", 1, 1, 0x6e, .group = 0 }, { "movdqa", 1, 1, 0x6f, .aligned = true },
	{ "movdqu", 1, 2, 0x6f, .group = 0 }, { "pshufd", 1, 1, 0x70, .aligned = true },
	{ "pshufhw", 1, 2, 0x70, .aligned = true }, { "pshuflw", 1, 3, 0x70, .aligned = true },
	{ "psrlw, imm", 1, 1, 0x71, .group = GROUP(2) },
	{ "psraw, imm", 1, 1, 0x71, .group = GROUP(4) },
	{ "psllw, imm", 1, 1, 0x71, .group = GROUP(6) },
	{ "psrld, imm", 1, 1, 0x72, .group = GROUP(2) },
	{ "psrad, imm", 1, 1, 0x72, .group = GROUP(4) },
	{ "pslld, imm", 1, 1, 0x72, .group = GROUP(6) },
	{ "psrlq, imm", 1, 1, 0x73, .group = GROUP(2) },
	{ "psrldq", 1, 1, 0x73, .group = GROUP(3) },
	{ "psllq, imm", 1, 1, 0x73, .group = GROUP(6) },
	{ "pslldq", 1, 1, 0x73, .group = GROUP(7) },
	{ "group 12", 1, 1, 0x71, .group = GROUP(1) }, { "movd, store", 1, 1, 0x7e, .group = 0 },
	{ "movq", 1, 2, 0x7e, .group = 0 }, { "movdqa, store", 1, 1, 0x7f, .aligned = true },
	{ "movdqu, store", 1, 2, 0x7f, .group = 0 }, { "pinsrw", 1, 1, 0xc4, .group = 0 },
	{ "pextrw", 1, 1, 0xc5, .group = 0 }, { "shufps", 1, 0, 0xc6, .aligned = true },
	{ "shufpd", 1, 1, 0xc6, .aligned = true }, { "movq, store", 1, 1, 0xd6, .group = 0 },
	{ "pmovmskb", 1, 1, 0xd7, .group = 0 },
	{ "movntdq", 1, 1, 0xe7, .memory = true, .aligned = true },
	{ "lddqu", 1, 3, 0xf0, .group = 0 }, { "maskmovdqu", 1, 1, 0xf7, .at_rdi = true },
	{ "movntdqa", 2, 1, 0x2a, .memory = true, .aligned = true },
	{ "blendps", 3, 1, 0x0c, .aligned = true }, { "blendpd", 3, 1, 0x0d, .aligned = true },
	{ "pblendw", 3, 1, 0x0e, .aligned = true }, { "palignr", 3, 1, 0x0f, .aligned = true },
	{ "pextrb", 3, 1, 0x14, .group = 0 }, { "pextrw, 3a", 3, 1, 0x15, .group = 0 },
	{ "pextrd", 3, 1, 0x16, .group = 0 }, { "extractps", 3, 1, 0x17, .group = 0 },
	{ "pinsrb", 3, 1, 0x20, .group = 0 }, { "pinsrd", 3, 1, 0x22, .group = 0 },
	NPTB_SSE_PACKED(TWO)
	NPTB_SSE_PACKED2(ONE)
	NPTB_SSE_MOVDDUP(ONE)
	NPTB_SSE_SCALAR(TWO_LOW)
	NPTB_SSE_WIDEN(ONE)
	NPTB_SSE_NARROW(ONE)
	NPTB_SSE_INTEGER(TWO)
	NPTB_SSE_INTEGER2(ONE)
	NPTB_SSE_EXTEND(ONE)
	NPTB_SSE_SHIFTS(TWO)
	NPTB_SSE_AES(TWO)
	NPTB_SSE_ONE(ONE_16)
	NPTB_VEX_W0(TWO_W0)
	NPTB_VEX_BY_W(TWO_W)
	NPTB_VEX_256(TWO_32)
	NPTB_VEX_FLAGS(FLAGS)
	NPTB_FMA_PACKED(FMA)
	NPTB_FMA_SCALAR(FMA_LOW)
	VEX("vucomiss", 1, 0, 0x2e, .l = BIT_0_ALWAYS)
	VEX("vucomisd", 1, 1, 0x2e, .l = BIT_0_ALWAYS)
	VEX("vcomiss", 1, 0, 0x2f, .l = BIT_0_ALWAYS)
	VEX("vcomisd", 1, 1, 0x2f, .l = BIT_0_ALWAYS)
	VEX("vptest", 2, 1, 0x17)
	NPTB_SSE_TO_GPR(ONE_LOW)
	NPTB_SSE_FROM_GPR(TWO_LOW)
	VEX("vmovups", 1, 0, 0x10)
	VEX("vmovupd", 1, 1, 0x10)
	VEX("vmovss", 1, 2, 0x10, .first = FIRST_REG, .l = BIT_0_ALWAYS)
	VEX("vmovsd", 1, 3, 0x10, .first = FIRST_REG, .l = BIT_0_ALWAYS)
	VEX("vmovups, store", 1, 0, 0x11)
	VEX("vmovupd, store", 1, 1, 0x11)
	VEX("vmovss, store", 1, 2, 0x11, .first = FIRST_REG, .l = BIT_0_ALWAYS)
	VEX("vmovsd, store", 1, 3, 0x11, .first = FIRST_REG, .l = BIT_0_ALWAYS)
	VEX("vmovlps", 1, 0, 0x12, .first = FIRST_ANY, .l = BIT_0)
	VEX("vmovlpd", 1, 1, 0x12, .first = FIRST_ANY, .l = BIT_0, .memory = true)
	VEX("vmovlps, store", 1, 0, 0x13, .l = BIT_0)
	VEX("vmovlpd, store", 1, 1, 0x13, .l = BIT_0)
	VEX("vmovhps", 1, 0, 0x16, .first = FIRST_ANY, .l = BIT_0)
	VEX("vmovhpd", 1, 1, 0x16, .first = FIRST_ANY, .l = BIT_0, .memory = true)
	VEX("vmovhps, store", 1, 0, 0x17, .l = BIT_0)
	VEX("vmovhpd, store", 1, 1, 0x17, .l = BIT_0)
	VEX("vmovaps", 1, 0, 0x28, .aligned = true)
	VEX("vmovapd", 1, 1, 0x28, .aligned = true)
	VEX("vmovaps, store", 1, 0, 0x29, .aligned = true)
	VEX("vmovapd, store", 1, 1, 0x29, .aligned = true)
	VEX("vmovntps", 1, 0, 0x2b, .anywhere = true, .aligned = true)
	VEX("vmovntpd", 1, 1, 0x2b, .anywhere = true, .aligned = true)
	VEX("vmovmskps", 1, 0, 0x50)
	VEX("vmovmskpd", 1, 1, 0x50)
	VEX("vmovd", 1, 1, 0x6e, .l = BIT_0)
	VEX("vmovdqa", 1, 1, 0x6f, .aligned = true)
	VEX("vmovdqu", 1, 2, 0x6f)
	VEX("vpshufd", 1, 1, 0x70)
	VEX("vpshufhw", 1, 2, 0x70)
	VEX("vpshuflw", 1, 3, 0x70)
	VEX("vpsrlw, imm", 1, 1, 0x71, .group = GROUP(2), .first = FIRST_ANY)
	VEX("vpsraw, imm", 1, 1, 0x71, .group = GROUP(4), .first = FIRST_ANY)
	VEX("vpsllw, imm", 1, 1, 0x71, .group = GROUP(6), .first = FIRST_ANY)
	VEX("vpsrld, imm", 1, 1, 0x72, .group = GROUP(2), .first = FIRST_ANY)
	VEX("vpsrad, imm", 1, 1, 0x72, .group = GROUP(4), .first = FIRST_ANY)
	VEX("vpslld, imm", 1, 1, 0x72, .group = GROUP(6), .first = FIRST_ANY)
	VEX("vpsrlq, imm", 1, 1, 0x73, .group = GROUP(2), .first = FIRST_ANY)
	VEX("vpsrldq", 1, 1, 0x73, .group = GROUP(3), .first = FIRST_ANY)
	VEX("vpsllq, imm", 1, 1, 0x73, .group = GROUP(6), .first = FIRST_ANY)
	VEX("vpslldq", 1, 1, 0x73, .group = GROUP(7), .first = FIRST_ANY)
	VEX("group 14, vex", 1, 1, 0x73, .group = GROUP(4), .first = FIRST_ANY)
	VEX("vzeroupper, vzeroall", 1, 0, 0x77, .no_modrm = true)
	VEX("vmovd, store", 1, 1, 0x7e, .l = BIT_0)
	VEX("vmovq", 1, 2, 0x7e, .l = BIT_0)
	VEX("vmovdqa, store", 1, 1, 0x7f, .aligned = true)
	VEX("vmovdqu, store", 1, 2, 0x7f)
	VEX("vcmpps", 1, 0, 0xc2, .first = FIRST_ANY)
	VEX("vcmppd", 1, 1, 0xc2, .first = FIRST_ANY)
	VEX("vcmpss", 1, 2, 0xc2, .first = FIRST_ANY, .l = BIT_0_ALWAYS)
	VEX("vcmpsd", 1, 3, 0xc2, .first = FIRST_ANY, .l = BIT_0_ALWAYS)
	VEX("vpinsrw", 1, 1, 0xc4, .first = FIRST_ANY, .l = BIT_0)
	VEX("vpextrw", 1, 1, 0xc5, .l = BIT_0)
	VEX("vshufps", 1, 0, 0xc6, .first = FIRST_ANY)
	VEX("vshufpd", 1, 1, 0xc6, .first = FIRST_ANY)
	VEX("vmovq, store", 1, 1, 0xd6, .l = BIT_0)
	VEX("vpmovmskb", 1, 1, 0xd7)
	VEX("vmovntdq", 1, 1, 0xe7, .anywhere = true, .aligned = true, .memory = true)
	VEX("vlddqu", 1, 3, 0xf0)
	VEX("vmaskmovdqu", 1, 1, 0xf7, .l = BIT_0, .at_rdi = true)
	VEX("vldmxcsr", 1, 0, 0xae, .group = GROUP(2), .l = BIT_0, .mxcsr = true)
	VEX("vstmxcsr", 1, 0, 0xae, .group = GROUP(3), .l = BIT_0)
	VEX("vbroadcastss", 2, 1, 0x18, .w = BIT_0)
	VEX("vbroadcastsd", 2, 1, 0x19, .l = BIT_1, .w = BIT_0)
	VEX("vbroadcastf128", 2, 1, 0x1a, .l = BIT_1, .w = BIT_0)
	VEX("vmovntdqa", 2, 1, 0x2a, .aligned = true, .memory = true)
	VEX("vpbroadcastd", 2, 1, 0x58, .w = BIT_0)
	VEX("vpbroadcastq", 2, 1, 0x59, .w = BIT_0)
	VEX("vbroadcasti128", 2, 1, 0x5a, .l = BIT_1, .w = BIT_0)
	VEX("vpbroadcastb", 2, 1, 0x78, .w = BIT_0)
	VEX("vpbroadcastw", 2, 1, 0x79, .w = BIT_0)
	VEX("vpermq", 3, 1, 0x00, .l = BIT_1, .w = BIT_1_ALWAYS)
	VEX("vpermpd", 3, 1, 0x01, .l = BIT_1, .w = BIT_1_ALWAYS)
	VEX("vpblendd", 3, 1, 0x02, .first = FIRST_ANY, .w = BIT_0)
	VEX("vpermilps, imm", 3, 1, 0x04, .w = BIT_0)
	VEX("vpermilpd, imm", 3, 1, 0x05, .w = BIT_0)
	VEX("vperm2f128", 3, 1, 0x06, .first = FIRST_ANY, .l = BIT_1, .w = BIT_0)
	VEX("vroundps", 3, 1, 0x08)
	VEX("vroundpd", 3, 1, 0x09)
	VEX("vroundss", 3, 1, 0x0a, .first = FIRST_ANY, .l = BIT_0_ALWAYS)
	VEX("vroundsd", 3, 1, 0x0b, .first = FIRST_ANY, .l = BIT_0_ALWAYS)
	VEX("vblendps", 3, 1, 0x0c, .first = FIRST_ANY)
	VEX("vblendpd", 3, 1, 0x0d, .first = FIRST_ANY)
	VEX("vpblendw", 3, 1, 0x0e, .first = FIRST_ANY)
	VEX("vpalignr", 3, 1, 0x0f, .first = FIRST_ANY)
	VEX("vpextrb", 3, 1, 0x14, .l = BIT_0)
	VEX("vpextrw, 3a", 3, 1, 0x15, .l = BIT_0)
	VEX("vpextrd", 3, 1, 0x16, .l = BIT_0)
	VEX("vextractps", 3, 1, 0x17, .l = BIT_0)
	VEX("vinsertf128", 3, 1, 0x18, .first = FIRST_ANY, .l = BIT_1, .w = BIT_0)
	VEX("vextractf128", 3, 1, 0x19, .l = BIT_1, .w = BIT_0)
	VEX("vpinsrb", 3, 1, 0x20, .first = FIRST_ANY, .l = BIT_0)
	VEX("vinsertps", 3, 1, 0x21, .first = FIRST_ANY, .l = BIT_0)
	VEX("vpinsrd", 3, 1, 0x22, .first = FIRST_ANY, .l = BIT_0)
	VEX("vinserti128", 3, 1, 0x38, .first = FIRST_ANY, .l = BIT_1, .w = BIT_0)
	VEX("vextracti128", 3, 1, 0x39, .l = BIT_1, .w = BIT_0)
	VEX("vmpsadbw", 3, 1, 0x42, .first = FIRST_ANY)
	VEX("vperm2i128", 3, 1, 0x46, .first = FIRST_ANY, .l = BIT_1, .w = BIT_0)
	VEX("vblendvps", 3, 1, 0x4a, .first = FIRST_ANY, .w = BIT_0)
	VEX("vblendvpd", 3, 1, 0x4b, .first = FIRST_ANY, .w = BIT_0)
	VEX("vpblendvb", 3, 1, 0x4c, .first = FIRST_ANY, .w = BIT_0)
	VEX("vmaskmovps", 2, 1, 0x2c, .first = FIRST_ANY, .w = BIT_0, .reads_all = true)
	VEX("vmaskmovpd", 2, 1, 0x2d, .first = FIRST_ANY, .w = BIT_0, .reads_all = true)
	VEX("vmaskmovps, store", 2, 1, 0x2e, .first = FIRST_ANY, .w = BIT_0,
	    .any_order = true)
	VEX("vmaskmovpd, store", 2, 1, 0x2f, .first = FIRST_ANY, .w = BIT_0,
	    .any_order = true)
	VEX("vpmaskmov*", 2, 1, 0x8c, .first = FIRST_ANY, .reads_all = true)
	VEX("vpmaskmov*, store", 2, 1, 0x8e, .first = FIRST_ANY, .any_order = true)
	VEX("vpgatherd*", 2, 1, 0x90, .first = FIRST_ANY, .gather = true)
	VEX("vpgatherq*", 2, 1, 0x91, .first = FIRST_ANY, .gather = true)
	VEX("vgatherdp*", 2, 1, 0x92, .first = FIRST_ANY, .gather = true)
	VEX("vgatherqp*", 2, 1, 0x93, .first = FIRST_ANY, .gather = true)
	VEX("vcvtph2ps", 2, 1, 0x13, .w = BIT_0)
	VEX("vcvtps2ph", 3, 1, 0x1d, .w = BIT_0, .reads_all = true)
	VEX("vdpps", 3, 1, 0x40, .first = FIRST_ANY)
	VEX("vdppd", 3, 1, 0x41, .first = FIRST_ANY, .l = BIT_0)
	VEX("vpclmulqdq", 3, 1, 0x44, .first = FIRST_ANY)
	VEX("vpcmpestrm", 3, 1, 0x60, .l = BIT_0)
	VEX("vpcmpestri", 3, 1, 0x61, .l = BIT_0)
	VEX("vpcmpistrm", 3, 1, 0x62, .l = BIT_0)
	VEX("vpcmpistri", 3, 1, 0x63, .l = BIT_0)
	VEX("vaeskeygenassist", 3, 1, 0xdf, .l = BIT_0)
	{ "dpps", 3, 1, 0x40, .aligned = true }, { "dppd", 3, 1, 0x41, .aligned = true },
	{ "pclmulqdq", 3, 1, 0x44, .aligned = true }, { "pcmpestrm", 3, 1, 0x60, .group = 0 },
	{ "pcmpestri", 3, 1, 0x61, .group = 0 }, { "pcmpistrm", 3, 1, 0x62, .group = 0 },
	{ "pcmpistri", 3, 1, 0x63, .group = 0 },
	{ "aeskeygenassist", 3, 1, 0xdf, .aligned = true },
	{ "sha256rnds2", 2, 0, 0xcb, .aligned = true },
	VEX("andn", 2, 0, 0xf2, .first = FIRST_ANY, .l = BIT_0)
	VEX("blsr", 2, 0, 0xf3, .group = GROUP(1), .first = FIRST_ANY, .l = BIT_0)
	VEX("blsmsk", 2, 0, 0xf3, .group = GROUP(2), .first = FIRST_ANY, .l = BIT_0)
	VEX("blsi", 2, 0, 0xf3, .group = GROUP(3), .first = FIRST_ANY, .l = BIT_0)
	VEX("bzhi", 2, 0, 0xf5, .first = FIRST_ANY, .l = BIT_0)
	VEX("pext", 2, 2, 0xf5, .first = FIRST_ANY, .l = BIT_0)
	VEX("pdep", 2, 3, 0xf5, .first = FIRST_ANY, .l = BIT_0)
	VEX("mulx", 2, 3, 0xf6, .first = FIRST_ANY, .l = BIT_0)
	VEX("bextr", 2, 0, 0xf7, .first = FIRST_ANY, .l = BIT_0)
	VEX("shlx", 2, 1, 0xf7, .first = FIRST_ANY, .l = BIT_0)
	VEX("sarx", 2, 2, 0xf7, .first = FIRST_ANY, .l = BIT_0)
	VEX("shrx", 2, 3, 0xf7, .first = FIRST_ANY, .l = BIT_0)
	VEX("rorx", 3, 3, 0xf0, .l = BIT_0)
	{ "adcx", 2, 1, 0xf6, .flags_alone = true }, { "adox", 2, 2, 0xf6, .flags_alone = true },
	{ "crc32, byte", 2, 3, 0xf0, .group = 0 }, { "crc32", 2, 3, 0xf1, .group = 0 },
};

const unsigned int vector_kinds_nr = ARRAY_SIZE(vector_kinds);

bool vector_has_imm(const struct vector_kind *k)
{
	return k->map == 3 || (k->map == 1 && ((k->op >= 0x70 && k->op <= 0x73) ||
		k->op == 0xc2 || (k->op >= 0xc4 && k->op <= 0xc6)));
}
