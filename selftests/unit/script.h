/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests of the resident set as one-line scripts. A script is a row of words,
 * with a space between them; pages are small letters, vCPUs are 0 and 1:
 *
 *   0a      vCPU 0 is given page a, new in the set or not
 *   0_a     the same where no new one may come in
 *   +a      page a is charged at once, given to nobody
 *   ~a      the same, as the newest, wherever it was
 *   0.      the attempt of vCPU 0 has ended: its pages are settled
 *   ?a      the policy's victim must be a; "?-": there must be none
 *   0?a     the victim among vCPU 0's own must be a; "0?-": none
 *   xa      page a is taken, wherever it is
 *   !abc    pages a, b and c were accessed
 *   fifo    go on under this policy; "clock": under that one, and so on
 *   #3      rehash to 1 << 3 chains
 *   ^9      the table is elsewhere, and 9 slots larger
 *   =abc    charged, oldest first, must be a, b, c; "=": none
 *   0=abc   shielded by vCPU 0, oldest first, must be a, b, c
 *   n3      there must be 3 pages in the set
 *   yab     the pages asked for their accessed bit since the last such word,
 *	     in this order, must be a, b
 */
#ifndef UNIT_SCRIPT_H
#define UNIT_SCRIPT_H

struct unit_script {
	const char *name;
	const char *script;
};

/* Run @scripts under @policy, each on a fresh set; fail if one of them does. */
void unit_scripts(const char *policy, const struct unit_script *scripts,
		  size_t count);

/* For policies: every page is in use; counts how often it is asked in the u64 at @ctx. */
bool unit_always_young(void *ctx, u64 key);

#endif /* UNIT_SCRIPT_H */
