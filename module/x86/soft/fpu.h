/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions on the state of the FPU as a whole, carried out on this CPU with the
 * guest's state in its registers. Which ones is fixed here: no byte of the guest's is
 * ever executed.
 */
#ifndef NPTB_X86_SOFT_FPU_H
#define NPTB_X86_SOFT_FPU_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

enum nptb_soft_end nptb_fpu_mxcsr(struct nptb_soft *soft, const struct nptb_insn *insn,
				  bool load);
enum nptb_soft_end nptb_fpu_step(struct nptb_soft *soft,
				 const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_FPU_H */
