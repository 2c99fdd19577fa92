/* SPDX-License-Identifier: GPL-2.0-only */
/* MASKMOVDQU and VMASKMOVDQU: single bytes of a vector, to where RDI points. */
#ifndef NPTB_X86_SOFT_MASKED_H
#define NPTB_X86_SOFT_MASKED_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

enum nptb_soft_end nptb_masked_bytes(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_MASKED_H */
