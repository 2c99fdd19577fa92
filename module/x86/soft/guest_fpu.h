/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's FPU state, in this CPU's registers. */
#ifndef NPTB_X86_SOFT_GUEST_FPU_H
#define NPTB_X86_SOFT_GUEST_FPU_H

#include <asm/fpu/api.h>

#include "x86/symbols.h"

/*
 * In KVM_RUN the guest's FPU state is the thread's; bring it into the registers, where it
 * stays until nptb_guest_fpu_end(). Its own thread; no sleep between.
 */
static inline void nptb_guest_fpu_begin(void)
{
	fpregs_lock();
	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		static_call(nptb_sc_switch_fpu)();
}

static inline void nptb_guest_fpu_end(void)
{
	fpregs_unlock();
}

#endif /* NPTB_X86_SOFT_GUEST_FPU_H */
