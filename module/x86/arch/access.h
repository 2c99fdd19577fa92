/* SPDX-License-Identifier: GPL-2.0-only */
/* What the error code of a nested page fault says. Pure; part of cpu.h. */
#ifndef NPTB_X86_ARCH_ACCESS_H
#define NPTB_X86_ARCH_ACCESS_H

#include <linux/types.h>
#include <nptbudget.h>

/* NPF error code: AMD64 APM volume 2, sections 8.4.2 and 15.25.6. */
#define NPTB_NPF_PRESENT	(1ULL << 0)
#define NPTB_NPF_WRITE	(1ULL << 1)
#define NPTB_NPF_RSVD	(1ULL << 3)
#define NPTB_NPF_FETCH	(1ULL << 4)
#define NPTB_NPF_TABLE	(1ULL << 33)

/**
 * nptb_roles() - what a page was wanted for
 * @error_code: of the nested page fault, EXITINFO1
 *
 * The guest's own table walk is looked at first: W and I/D speak of the walk
 * then, not of the instruction.
 *
 * Return: one NPTB_ROLE_* bit.
 */
static inline u32 nptb_roles(u64 error_code)
{
	if (error_code & NPTB_NPF_TABLE)
		return NPTB_ROLE_TABLE;
	if (error_code & NPTB_NPF_FETCH)
		return NPTB_ROLE_FETCH;
	if (error_code & NPTB_NPF_WRITE)
		return NPTB_ROLE_WRITE;
	return NPTB_ROLE_READ;
}

/* KVM marks what has no memory behind it by reserved bits. */
static inline bool nptb_code_is_mmio(u64 error_code)
{
	return error_code & NPTB_NPF_RSVD;
}

static inline bool nptb_code_is_write(u64 error_code)
{
	return error_code & NPTB_NPF_WRITE;
}

static inline bool nptb_code_has_leaf(u64 error_code)
{
	return error_code & NPTB_NPF_PRESENT;
}

#endif /* NPTB_X86_ARCH_ACCESS_H */
