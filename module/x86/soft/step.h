/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions that KVM's emulator lacks, and that touch no memory but the stack and
 * descriptor tables. Pure. AMD64 APM volume 3, at each instruction's name.
 */
#ifndef NPTB_X86_SOFT_STEP_H
#define NPTB_X86_SOFT_STEP_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

enum nptb_soft_end nptb_step_insn(struct nptb_soft *soft, const struct nptb_insn *insn);
enum nptb_soft_end nptb_step_linear(struct nptb_soft *soft, const struct nptb_insn *insn,
				    u32 len, bool write, u64 *linear);
void nptb_step_advance(struct nptb_soft *soft, const struct nptb_insn *insn);
bool nptb_step_is_iret(const struct nptb_insn *insn);
bool nptb_step_is_cmpxchg16b(const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_STEP_H */
