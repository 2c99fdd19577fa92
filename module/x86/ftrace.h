/* SPDX-License-Identifier: GPL-2.0-only */
/* Being called by ftrace, on every supported kernel. */
#ifndef NPTB_X86_FTRACE_H
#define NPTB_X86_FTRACE_H

#include <linux/ftrace.h>
#include <linux/version.h>

/* An argument of a function caught by ftrace, by its number from 0 on. */
static __always_inline unsigned long nptb_ftrace_arg(struct ftrace_regs *fregs,
						     unsigned int nr)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return ftrace_regs_get_argument(fregs, nr);
#else
	return regs_get_kernel_argument(&fregs->regs, nr);
#endif
}

/* Go to @ip in place of the function caught by ftrace. */
static __always_inline void nptb_ftrace_redirect(struct ftrace_regs *fregs,
						 unsigned long ip)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	ftrace_regs_set_instruction_pointer(fregs, ip);
#else
	ftrace_instruction_pointer_set(fregs, ip);
#endif
}

/* Have the functions that @ops is about call @addr, directly. */
static inline int nptb_ftrace_direct_on(struct ftrace_ops *ops,
					unsigned long addr)
{
	int ret;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	ret = register_ftrace_direct(ops, addr);
#else
	/* 6.1 has another function of that name, for one address. */
	ret = register_ftrace_direct_multi(ops, addr);
#endif
	if (ret) {
		/* As it was: else it is taken for one in use when tried again. */
		ops->func = NULL;
		ops->trampoline = 0;
	}
	return ret;
}

static inline int nptb_ftrace_direct_off(struct ftrace_ops *ops,
					 unsigned long addr)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return unregister_ftrace_direct(ops, addr, false);
#else
	return unregister_ftrace_direct_multi(ops, addr);
#endif
}

#endif /* NPTB_X86_FTRACE_H */
