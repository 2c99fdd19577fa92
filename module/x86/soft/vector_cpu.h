/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vector registers of the guest, and the instructions on them that this CPU runs.
 * See x86/soft/vector_cpu.c.
 */
#ifndef NPTB_X86_SOFT_VECTOR_CPU_H
#define NPTB_X86_SOFT_VECTOR_CPU_H

#include "x86/soft/shuffle.h"

/**
 * struct nptb_vector_job - an instruction, to be run
 * @key: see NPTB_VECTOR_KEY()
 * @how: what it does
 * @reg: number of the register that ModRM.reg names, or -1 where that is not one of these
 * @rm: likewise of ModRM.rm
 * @to: number of its destination, or -1; what becomes of it is @v.rm where @to_rm, or
 *	else @v.reg
 * @to_rm: see @to
 * @wide: its general register has 64 bits
 * @v: operands; those that are no vector registers are set
 * @flags: RFLAGS of a comparison
 */
struct nptb_vector_job {
	u32 key;
	enum nptb_vector_how how;
	s8 reg;
	s8 rm;
	s8 to;
	bool to_rm;
	bool wide;
	struct nptb_vector v;
	unsigned long flags;
};

bool nptb_vector_anywhere(void);
void nptb_vector_register(int nr, void *to);
void nptb_vector_put_register(int nr, const void *from);
bool nptb_vector_calculate(struct nptb_vector_job *job);
bool nptb_vector_run(struct nptb_vector_job *job);

#endif /* NPTB_X86_SOFT_VECTOR_CPU_H */
