/* SPDX-License-Identifier: GPL-2.0-only */
/* What "nptbudget run" says when the VMM has ended. */
#ifndef NPTB_SUMMARY_H
#define NPTB_SUMMARY_H

#include <stdio.h>

#include "model/session.h"

/**
 * struct summary - what is known at the end
 * @budget: what VMs began with: "off" or pages
 * @policy: what VMs began with
 * @on_loop: what VMs began with
 * @status: exit status of the VMM, as a shell has it
 * @report: the VMs
 * @missed: VMs that the module did not know, and that began without a budget
 */
struct summary {
	const char *budget;
	const char *policy;
	const char *on_loop;
	int status;
	struct report report;
	size_t missed;
};

int summary_print(FILE *to, const struct summary *s);
int summary_print_json(FILE *to, const struct summary *s);

#endif /* NPTB_SUMMARY_H */
