/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions of a kind, with registers: made up for test_vector. */
#ifndef NPTB_ST_VECTOR_TRIAL_H
#define NPTB_ST_VECTOR_TRIAL_H

#include <linux/kvm.h>

#include "vector_kinds.h"

#define VECTOR_CODE_MAX	15

/* One of a kind: the instruction, and the registers before. */
struct vector_trial {
	const struct vector_kind *kind;
	struct kvm_regs regs;
	uint8_t code[VECTOR_CODE_MAX];
	uint8_t len;
	uint8_t ymm[16][32];
	uint32_t mxcsr;
	uint64_t cr0, cr4, xcr0;	/* bits that are not as usual */
	bool level_3;
	bool memory;
	bool lock;		/* LOCK, or a prefix that VEX may not have before it */
	bool l;			/* vectors of 32 bytes */
	bool w;			/* VEX.W */
	uint8_t first;		/* of VEX.vvvv */
	bool odd;		/* VEX has what it may not have */
};

/* Any bytes, 16; numbers of both sizes, with those that are special; small integers. */
void vector_fill(uint8_t *to);
/* Registers but for RIP, RSP, RDI and RFLAGS; MXCSR, which is as usual before. */
void vector_registers(struct vector_trial *t);
/* Of @kind; @regs and @memory are set. It lies at @rip. */
void vector_encode(struct vector_trial *t, uint64_t rip);

#endif /* NPTB_ST_VECTOR_TRIAL_H */
