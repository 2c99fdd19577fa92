/* SPDX-License-Identifier: GPL-2.0-only */
/* x87 instructions, run on this CPU. See x86/soft/x87_cpu.c. */
#ifndef NPTB_X86_SOFT_X87_CPU_H
#define NPTB_X86_SOFT_X87_CPU_H

#include <linux/types.h>

/* Of FNSAVE: the largest operand. */
#define NPTB_X87_OPERAND	108

/* What names an instruction: with memory, opcode and ModRM.reg; or else with ModRM. */
#define NPTB_X87_MEMORY_KEY(op, reg)	(((op) & 7) << 8 | (reg))
#define NPTB_X87_KEY(op, modrm)		(((op) & 7) << 8 | (modrm))

/**
 * struct nptb_x87_job - an instruction, to be run
 * @key: which
 * @is_memory: it has an operand in memory
 * @narrow: it has the operand size of 16 bits
 * @operand: that, before and after
 * @flags: RFLAGS before and after
 */
struct nptb_x87_job {
	u32 key;
	bool is_memory;
	bool narrow;
	u8 operand[NPTB_X87_OPERAND];
	unsigned long flags;
};

bool nptb_x87_run(struct nptb_x87_job *job);

#endif /* NPTB_X86_SOFT_X87_CPU_H */
