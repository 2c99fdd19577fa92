/* SPDX-License-Identifier: GPL-2.0-only */
/* AVX, AVX2 and FMA, carried out. Which instructions: x86/soft/vex.c and x86/soft/vex_table.h. */
#ifndef NPTB_X86_SOFT_VEX_H
#define NPTB_X86_SOFT_VEX_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

enum nptb_soft_end nptb_vex_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_VEX_H */
