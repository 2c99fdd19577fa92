/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What theory says: the pages that a case needs at the same time, from its
 * formula and its layout alone. Nothing here ever sees a measurement.
 *
 * A formula names parts, in the order of first use, "code + si + di". A part
 * stands for all of its pages and, with paging, for the tables of the walk to
 * each of them. "si/1" is at most one page of si at the same time. A role may
 * follow, "stack:r": f, r, w, t for a page table, m for what is read and written,
 * where it is the CPU's to choose which comes first. "A | B" is whichever needs
 * more, A or B: instructions that follow each other. "kvmtss" is no part of the case but
 * the page in which KVM has a TSS for real mode.
 */
#ifndef NPTB_PROBE_NEEDS_H
#define NPTB_PROBE_NEEDS_H

#include <nptbudget.h>
#include "layout.h"

/* Roles a page is first wanted for; a bit set of NPTB_ROLE_* as index. */
#define PROBE_ROLES	(1U << NPTB_ROLE_NR)

/**
 * struct probe_roles - pages by role
 * @pages: how many in all
 * @of: how many have just this set of roles
 */
struct probe_roles {
	unsigned int pages;
	unsigned int of[PROBE_ROLES];
};

/**
 * struct probe_need - pages needed at once
 * @n: how many
 * @gpa: their frames
 * @role: NPTB_ROLE_* bit that each is first wanted for; two where either will do
 * @paged: a guest that began without paging has it on by then
 */
struct probe_need {
	unsigned int n;
	uint64_t gpa[PROBE_FRAMES];
	uint32_t role[PROBE_FRAMES];
	bool paged;
};

const char *probe_formula(const struct probe_layout *l);
int probe_predict(const struct probe_layout *l, struct probe_need *need);
void probe_need_roles(const struct probe_need *need, struct probe_roles *roles);
const char *probe_roles_text(const struct probe_roles *roles, char *buf, size_t size);

#endif /* NPTB_PROBE_NEEDS_H */
