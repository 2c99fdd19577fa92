/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test program begins with: kselftest's own reporting, the libraries,
 * and skipping where the machine or the module is missing.
 */
#ifndef NPTB_ST_CELLS_H
#define NPTB_ST_CELLS_H

#include <kselftest.h>

#include "nptb.h"
#include "uffd.h"
#include "util.h"
#include "../oracle/sampler.h"
#include "../oracle/spte.h"
#include "../vmm/vmm.h"

/* Ends the program with 4 and a reason where there is one. */
static inline void skip_if(const char *why)
{
	if (why)
		ksft_exit_skip("%s\n", why);
}

static inline void need_kvm(void)
{
	skip_if(vmm_unusable());
}

static inline void need_module(void)
{
	need_kvm();
	skip_if(nptb_unusable());
}

static inline void need_uffd(void)
{
	skip_if(uffd_unusable());
}

/* The oracle that follows each leaf, see oracle/spte.h. */
static inline void need_spte(void)
{
	skip_if(spte_unusable());
}

#endif
