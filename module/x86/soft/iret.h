/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IRET, IRETD and IRETQ in software, to any privilege level and stack. Pure.
 *
 * AMD64 APM volume 3, IRET; volume 2, section 8.7.5, 8.9.4 and, for the selectors,
 * 4.11. Real mode is left to KVM's emulator.
 */
#ifndef NPTB_X86_SOFT_IRET_H
#define NPTB_X86_SOFT_IRET_H

#include "x86/soft/soft.h"

enum nptb_soft_end nptb_iret(struct nptb_soft *soft, u32 width);

#endif /* NPTB_X86_SOFT_IRET_H */
