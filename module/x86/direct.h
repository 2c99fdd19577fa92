/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions of KVM that call x86/entry.S, in place of ftrace. For x86/hook.c alone. */
#ifndef NPTB_X86_DIRECT_H
#define NPTB_X86_DIRECT_H

#include "x86/symbols.h"

int nptb_direct_on(enum nptb_kvm_hook hook);
void nptb_direct_off(void);

#endif /* NPTB_X86_DIRECT_H */
