/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions on segments, carried out: RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE, LAR, LSL,
 * VERR, VERW. AMD64 APM volume 3, at each instruction's name.
 */
#ifndef NPTB_X86_SOFT_SEGMENT_H
#define NPTB_X86_SOFT_SEGMENT_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

bool nptb_segment_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_segment_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_SEGMENT_H */
