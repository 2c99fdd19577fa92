/* SPDX-License-Identifier: GPL-2.0-only */
/* Catching functions of KVM. */
#ifndef NPTB_X86_HOOK_H
#define NPTB_X86_HOOK_H

#include <linux/percpu.h>

DECLARE_PER_CPU(long, nptb_in_flight);
int nptb_hook_init(void);
void nptb_hook_exit(void);
void nptb_hook_free(void);
int nptb_hook_get(void);
long nptb_hook_in_flight(void);
void nptb_hook_put(void);
void nptb_hook_map(void);
bool nptb_hook_maps(void);

/* Something of ours begins that is not to be unloaded from under. */
static __always_inline void nptb_hook_enter(void)
{
	this_cpu_inc(nptb_in_flight);
}

/* The last act of a replacement. */
static __always_inline void nptb_hook_leave(void)
{
	this_cpu_dec(nptb_in_flight);
}

#endif /* NPTB_X86_HOOK_H */
