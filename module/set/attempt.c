// SPDX-License-Identifier: GPL-2.0-only
/* Fault loops, found without a threshold. Pure; see set/attempt.h. */
#include "set/attempt.h"

/* nptb_attempt_find() where it is neither of the two that are likely. */
u32 nptb_attempt_search(const struct nptb_attempt *attempt, u64 key)
{
	u32 i;

	for (i = 0; i < attempt->npages; i++)
		if (attempt->pages[i].key == key)
			break;
	return i;
}

/* nptb_attempt_fault() on a page that is new to the attempt, not its first. */
void nptb_attempt_add(struct nptb_attempt *attempt, u64 key, u32 roles)
{
	attempt->since++;
	attempt->again = false;
	if (attempt->npages == NPTB_LOOP_PAGES_MAX) {
		attempt->truncated = true;
		return;
	}
	attempt->at = attempt->npages;
	nptb_attempt_put(attempt, key, roles);
}

/**
 * nptb_attempt_resolved() - how has an attempt that looped come to its end?
 * @attempt: the vCPU has just shown progress
 *
 * Return: what was done for it last.
 */
enum nptb_resolved nptb_attempt_resolved(const struct nptb_attempt *attempt)
{
	if (attempt->steps)
		return NPTB_RESOLVED_EMULATED;
	if (attempt->lent)
		return NPTB_RESOLVED_LENT;
	return NPTB_RESOLVED_ITSELF;
}
