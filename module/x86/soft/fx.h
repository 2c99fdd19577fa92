/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's x87 and SSE state as FXSAVE has it: AMD64 APM volume 2, section 11.4.4. */
#ifndef NPTB_X86_SOFT_FX_H
#define NPTB_X86_SOFT_FX_H

#include "backend.h"
#include "x86/soft/guest_fpu.h"

/* All of it; and where in it what is. */
#define NPTB_FX_SIZE		512
#define NPTB_FX_STATUS		2
#define NPTB_FX_TAGS		4
#define NPTB_FX_OPCODE		6
#define NPTB_FX_IP		8
#define NPTB_FX_CS		12
#define NPTB_FX_DP		16
#define NPTB_FX_DS		20
#define NPTB_FX_MXCSR		24
#define NPTB_FX_MXCSR_MASK	28
#define NPTB_FX_ST		32
#define NPTB_FX_ST_SIZE		16
/* What comes before the XMM registers, and the size of one of these. */
#define NPTB_FX_X87		160
#define NPTB_FX_XMM		16

/* An x87 status word: APM volume 5, section 6.2. An exception is unmasked, and waits. */
#define NPTB_FSW_ES		BIT(7)

struct nptb_fx {
	u8 bytes[NPTB_FX_SIZE];
} __aligned(16);

/* Between nptb_guest_fpu_begin() and nptb_guest_fpu_end(). @wide: as with REX.W. */
static inline void nptb_fx_save(struct nptb_fx *fx, bool wide)
{
	if (wide)
		asm volatile("fxsave64 %0" : "+m"(*fx));
	else
		asm volatile("fxsave %0" : "+m"(*fx));
}

/* Likewise. Nothing here can fault: MXCSR is one that the CPU takes. */
static inline void nptb_fx_restore(const struct nptb_fx *fx, bool wide)
{
	if (wide)
		asm volatile("fxrstor64 %0" : : "m"(*fx));
	else
		asm volatile("fxrstor %0" : : "m"(*fx));
}

static inline u32 nptb_fx_word(const struct nptb_fx *fx, u32 at)
{
	u32 value;

	memcpy(&value, fx->bytes + at, sizeof(value));
	return value;
}

static inline u16 nptb_fx_half(const struct nptb_fx *fx, u32 at)
{
	u16 value;

	memcpy(&value, fx->bytes + at, sizeof(value));
	return value;
}

#endif /* NPTB_X86_SOFT_FX_H */
