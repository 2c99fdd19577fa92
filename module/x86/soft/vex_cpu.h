/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's vector registers of 32 bytes, and the instructions on them that this CPU
 * runs. See x86/soft/vex_cpu.c.
 */
#ifndef NPTB_X86_SOFT_VEX_CPU_H
#define NPTB_X86_SOFT_VEX_CPU_H

#include "x86/soft/vector_cpu.h"
#include "x86/soft/vector_table.h"
#include "x86/soft/wide.h"

/* In a key, where it is part of what names the instruction. */
#define NPTB_VEX_W	NPTB_VECTOR_KEYS

/**
 * struct nptb_vex_job - an instruction, to be run
 * @key: see NPTB_VECTOR_KEY() and %NPTB_VEX_W
 * @how: what it does
 * @reg: number of the vector register that ModRM.reg names, or -1 where it names none
 * @first: likewise of VEX.vvvv
 * @rm: of ModRM.rm
 * @by: of the immediate
 * @to: its destination, or -1; what becomes of it is @v.rm where that names it, or @v.reg
 * @to_rm: ModRM.rm names it
 * @wide: its general register has 64 bits
 * @v: operands; those that are no vector registers are set
 * @has_lengths: see &struct nptb_vector
 * @length: likewise
 * @flags: RFLAGS of a comparison
 */
struct nptb_vex_job {
	u32 key;
	enum nptb_vector_how how;
	s8 reg;
	s8 first;
	s8 rm;
	s8 by;
	s8 to;
	bool to_rm;
	bool wide;
	bool has_lengths;
	s64 length[2];
	struct nptb_wide v;
	unsigned long flags;
};

bool nptb_vex_run(struct nptb_vex_job *job);
void nptb_vex_get(int nr, void *to);
void nptb_vex_put(int nr, const void *from);
void nptb_vex_zero(bool all, int registers);

#endif /* NPTB_X86_SOFT_VEX_CPU_H */
