/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test program begins with: kselftest's own reporting, the libraries,
 * and skipping where the machine or the module is missing.
 */
#ifndef NPTB_ST_CELLS_H
#define NPTB_ST_CELLS_H

#include <kselftest.h>

#include "nptb.h"
#include "util.h"
#include "../oracle/sampler.h"
#include "../vmm/vmm.h"

/* Ends the program with 4 and a reason unless KVM can be used here. */
static inline void need_kvm(void)
{
	const char *why = vmm_unusable();

	if (why)
		ksft_exit_skip("%s\n", why);
}

static inline void need_module(void)
{
	const char *why;

	need_kvm();
	why = nptb_unusable();
	if (why)
		ksft_exit_skip("%s\n", why);
}

#endif
