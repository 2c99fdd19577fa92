/* SPDX-License-Identifier: GPL-2.0-only */
/* What test_fpu tries: the instructions of the module's tables, and their like. */
#ifndef NPTB_ST_FPU_KINDS_H
#define NPTB_ST_FPU_KINDS_H

#include <stdint.h>

#include "../../module/x86/soft/mmx_table.h"
#include "../../module/x86/soft/x87_table.h"

#define RDI		7

/* What there is to know of a kind. */
#define MEMORY		1	/* it has an operand in memory */
#define STACK		2	/* the last three bits of ModRM are a register */
#define QUIET		4	/* it does not wait for exceptions */
#define NOTES		8	/* it stores what the x87 has noted */
#define XSAVES		16	/* it needs CR4.OSXSAVE */
#define RESTORES	32	/* its operand is such an area */
#define OTHER		64	/* it is none of the x87's */
#define WIDE		128	/* with REX.W */
#define MMX		256	/* ModRM names any two operands */
#define IMM		512	/* it has an immediate */
#define GROUP		1024	/* but ModRM.reg is part of the opcode */
#define ONLY_REGISTER	2048	/* ModRM.rm names no memory */
#define ONLY_MEMORY	4096	/* it names memory */
#define EMULATED	8192	/* KVM's emulator has it */
#define UNCHECKED	16384	/* QEMU's CPU does not look at CR0 */
#define PREFIX		65536	/* its first byte comes before REX */
#define ALIGNED		262144	/* its operand in memory, to 16 bytes */
#define NEVER_WAITS	131072	/* of some forms CPUs differ in whether they wait */
#define ONLY_64		32768	/* outside of 64-bit mode KVM has it, or nobody */

struct kind {
	const char *name;
	uint8_t bytes[4], len;
	unsigned int flags;
};

#define KIND_READ(op, reg, name, bytes)		{ #name, { op, (reg) << 3 | RDI }, 2, MEMORY },
#define KIND_QUIET(op, reg, name, bytes)	\
	{ #name, { op, (reg) << 3 | RDI }, 2, MEMORY | QUIET | (bytes > 2 ? NOTES : 0) },
#define KIND_SINGLE(op, modrm)			{ "x87", { op, modrm }, 2, 0 },
#define KIND_STACK(op, modrm)			{ "x87, st(i)", { op, modrm }, 2, STACK },
#define KIND_AREA(name, op, reg, flags)		\
	{ name, { 0x0f, op, (reg) << 3 | RDI }, 3, MEMORY | QUIET | OTHER | (flags) }

#define KIND_MMX(map, op, name, bytes, feature)	\
	{ #name, { 0x0f, map == 1 ? op : 0x38, map == 1 ? 0 : op, 0 }, map == 1 ? 3 : 4, MMX },
#define KIND_MORE(name, op, flags)		{ name, { 0x0f, op, 0 }, 3, MMX | (flags) }
#define KIND_SHIFT(name, op, reg)		\
	{ name, { 0x0f, op, (reg) << 3 }, 3, MMX | IMM | GROUP | ONLY_REGISTER }

#define KIND_MIXED(name, op, flags)	\
	{ name, { 0x0f, op, 0 }, 3, MMX | UNCHECKED | (flags) }
#define KIND_MIXED_66(name, op, flags)		\
	{ name, { 0x66, 0x0f, op, 0 }, 4, MMX | UNCHECKED | PREFIX | (flags) }

static const struct kind kinds[] = {
	NPTB_X87_LOADS(KIND_READ)
	NPTB_X87_STORES(KIND_READ)
	NPTB_X87_CONTROL_LOADS(KIND_READ)
	NPTB_X87_CONTROL_STORES(KIND_QUIET)
	NPTB_X87_SINGLE(KIND_SINGLE)
	NPTB_X87_STACK(KIND_STACK)
	{ "fninit", { 0xdb, 0xe3 }, 2, QUIET }, { "fnclex", { 0xdb, 0xe2 }, 2, QUIET },
	{ "fnstsw ax", { 0xdf, 0xe0 }, 2, QUIET }, { "fwait", { 0x9b }, 1, 0 },
	{ "emms", { 0x0f, 0x77 }, 2, OTHER | UNCHECKED },
	NPTB_MMX_STUBS(KIND_MMX)
	KIND_MORE("movd", 0x6e, 0), KIND_MORE("movq", 0x6f, EMULATED),
	KIND_MORE("movd, store", 0x7e, 0), KIND_MORE("movq, store", 0x7f, EMULATED),
	KIND_MORE("movntq", 0xe7, ONLY_MEMORY), KIND_MORE("pshufw", 0x70, IMM),
	KIND_MORE("pinsrw", 0xc4, IMM), KIND_MORE("pextrw", 0xc5, IMM),
	KIND_MORE("pmovmskb", 0xd7, 0), { "palignr", { 0x0f, 0x3a, 0x0f, 0 }, 4, MMX | IMM },
	KIND_MIXED("cvtpi2ps", 0x2a, NEVER_WAITS), KIND_MIXED_66("cvtpi2pd", 0x2a, NEVER_WAITS),
	KIND_MIXED("cvttps2pi", 0x2c, 0), KIND_MIXED_66("cvttpd2pi", 0x2c, ALIGNED),
	KIND_MIXED("cvtps2pi", 0x2d, 0), KIND_MIXED_66("cvtpd2pi", 0x2d, ALIGNED),
	{ "movdq2q", { 0xf2, 0x0f, 0xd6, 0 }, 4, MMX | UNCHECKED | PREFIX | ONLY_REGISTER },
	{ "movq2dq", { 0xf3, 0x0f, 0xd6, 0 }, 4, MMX | UNCHECKED | PREFIX | ONLY_REGISTER },
	KIND_SHIFT("psrlw, imm", 0x71, 2), KIND_SHIFT("psraw, imm", 0x71, 4),
	KIND_SHIFT("psllw, imm", 0x71, 6), KIND_SHIFT("psrld, imm", 0x72, 2),
	KIND_SHIFT("psrad, imm", 0x72, 4), KIND_SHIFT("pslld, imm", 0x72, 6),
	KIND_SHIFT("psrlq, imm", 0x73, 2), KIND_SHIFT("psllq, imm", 0x73, 6),
	KIND_SHIFT("group 14", 0x73, 4),
	KIND_AREA("fxsave", 0xae, 0, ONLY_64), KIND_AREA("fxsave64", 0xae, 0, WIDE),
	KIND_AREA("fxrstor", 0xae, 1, RESTORES | ONLY_64),
	KIND_AREA("fxrstor64", 0xae, 1, RESTORES | WIDE),
	KIND_AREA("xsave", 0xae, 4, XSAVES), KIND_AREA("xsave64", 0xae, 4, XSAVES | WIDE),
	KIND_AREA("xrstor", 0xae, 5, XSAVES | RESTORES),
	KIND_AREA("xrstor64", 0xae, 5, XSAVES | RESTORES | WIDE),
	KIND_AREA("xsaveopt", 0xae, 6, XSAVES), KIND_AREA("xsaveopt64", 0xae, 6, XSAVES | WIDE),
	KIND_AREA("xsavec", 0xc7, 4, XSAVES | ONLY_64),
	KIND_AREA("xsavec64", 0xc7, 4, XSAVES | WIDE),
	KIND_AREA("xsaves", 0xc7, 5, XSAVES | ONLY_64),
	KIND_AREA("xsaves64", 0xc7, 5, XSAVES | WIDE),
	KIND_AREA("xrstors", 0xc7, 3, XSAVES | RESTORES | ONLY_64),
	KIND_AREA("xrstors64", 0xc7, 3, XSAVES | RESTORES | WIDE),
	{ "xgetbv", { 0x0f, 0x01, 0xd0 }, 3, QUIET | OTHER | XSAVES },
};

#endif
