/* SPDX-License-Identifier: GPL-2.0-only */
/* What a page was wanted for, by the error code of its fault. Pure. */
#ifndef NPTB_ROLES_H
#define NPTB_ROLES_H

#include <linux/types.h>
#include <nptbudget.h>

/* NPF error code: AMD64 APM volume 2, sections 8.4.2 and 15.25.6. */
#define NPTB_NPF_WRITE	(1ULL << 1)
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

#endif /* NPTB_ROLES_H */
