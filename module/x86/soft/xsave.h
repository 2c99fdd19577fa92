/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XSAVE and its kin, carried out: XSAVE, XSAVEOPT, XSAVEC, XSAVES, XRSTOR, XRSTORS, and
 * XGETBV of what is in use. See x86/soft/xsave.c.
 */
#ifndef NPTB_X86_SOFT_XSAVE_H
#define NPTB_X86_SOFT_XSAVE_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

void nptb_xsave_init(void);
bool nptb_xsave_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_xsave_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_XSAVE_H */
