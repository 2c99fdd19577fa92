/* SPDX-License-Identifier: GPL-2.0-only */
/* MMX instructions, carried out. Which ones: x86/soft/mmx.c and x86/soft/mmx_table.h. */
#ifndef NPTB_X86_SOFT_MMX_H
#define NPTB_X86_SOFT_MMX_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

bool nptb_mmx_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_mmx_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_MMX_H */
