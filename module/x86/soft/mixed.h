/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions between MMX and XMM registers: conversions, MOVDQ2Q, MOVQ2DQ. */
#ifndef NPTB_X86_SOFT_MIXED_H
#define NPTB_X86_SOFT_MIXED_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

bool nptb_mixed_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_mixed_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_MIXED_H */
