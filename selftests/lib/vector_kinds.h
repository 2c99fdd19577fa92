/* SPDX-License-Identifier: GPL-2.0-only */
/* The instructions that test_vector tries. */
#ifndef NPTB_ST_VECTOR_KINDS_H
#define NPTB_ST_VECTOR_KINDS_H

#include <stdbool.h>
#include <stdint.h>

/* Where ModRM.reg is part of the opcode. */
#define GROUP(n)	((n) | 8)

/*
 * What an encoding with VEX needs: whether VEX.vvvv names a register, VEX.L, VEX.W.
 * BIT_0_ALWAYS: CPUs ignore VEX.L, but QEMU 7.2 raises #UD, leaves the upper half as it
 * was, or ends. BIT_1_ALWAYS: some CPUs ignore VEX.W.
 */
enum vector_first { FIRST_NONE, FIRST_ANY, FIRST_REG };
enum vector_bit { BIT_ANY, BIT_0, BIT_1, BIT_0_ALWAYS, BIT_1_ALWAYS };

struct vector_kind {
	const char *name;
	uint8_t map, prefix, op, group;
	bool aligned;		/* its operand in memory has to be */
	bool vex;
	enum vector_first first;
	enum vector_bit l, w;
	bool no_modrm;
	bool gather;		/* its operand in memory has indexes in a vector */
	bool flags_alone;	/* QEMU 7.2 changes more of RFLAGS than it should */
	/* At the end of memory QEMU 7.2 reads too much, or notes flags of what it cannot write. */
	bool reads_all;
	bool anywhere;		/* KVM's emulator of 7.3 has it, and lets its operand be */
	bool any_order;		/* Bochs 2.7 stores its elements from the last to the first */
	/* It writes to where RDI points; CPUs differ in whether bytes that are masked fault. */
	bool at_rdi;
	bool mxcsr;		/* it loads MXCSR; QEMU 7.2 takes any */
	bool memory;		/* has no form with registers, which QEMU 7.2 has */
};

extern const struct vector_kind vector_kinds[];
extern const unsigned int vector_kinds_nr;

bool vector_has_imm(const struct vector_kind *k);

#endif /* NPTB_ST_VECTOR_KINDS_H */
