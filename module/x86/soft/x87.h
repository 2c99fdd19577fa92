/* SPDX-License-Identifier: GPL-2.0-only */
/* x87 instructions, carried out. Which ones: x86/soft/x87_table.h. */
#ifndef NPTB_X86_SOFT_X87_H
#define NPTB_X86_SOFT_X87_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

bool nptb_x87_is_quiet(void);
enum nptb_soft_end nptb_x87_wait(struct nptb_soft *soft);
bool nptb_x87_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_x87_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_X87_H */
