/* SPDX-License-Identifier: GPL-2.0-only */
/* What "nptbudget doctor" looks at. */
#ifndef NPTB_CHECKS_H
#define NPTB_CHECKS_H

#include <stddef.h>

/* More than there are. */
#define CHECKS_MAX	24

/**
 * enum check_status - what a check came to
 * @CHECK_OK: nothing to do
 * @CHECK_WARNING: VMs can be held to budgets all the same
 * @CHECK_FAILED: they cannot
 * @CHECK_UNKNOWN: it could not be seen, by this user or at all
 */
enum check_status {
	CHECK_OK,
	CHECK_WARNING,
	CHECK_FAILED,
	CHECK_UNKNOWN,
	CHECK_STATUS_NR
};

/**
 * struct check - one check, done
 * @name: what was looked at, a word or two
 * @status: what it came to
 * @text: what was seen, a line
 * @mend: the command, or the deed, that mends it; "" where there is nothing to mend
 */
struct check {
	const char *name;
	enum check_status status;
	char text[160];
	char mend[200];
};

size_t checks_run(struct check rows[CHECKS_MAX]);
size_t checks_module(struct check *rows);

#endif /* NPTB_CHECKS_H */
