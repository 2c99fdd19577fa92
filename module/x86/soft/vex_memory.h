/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AVX's accesses to single elements in memory: masked moves, and gathers. AMD64 APM volume
 * 4, at VMASKMOVPS, VPMASKMOVD, VPGATHERDD and on.
 */
#ifndef NPTB_X86_SOFT_VEX_MEMORY_H
#define NPTB_X86_SOFT_VEX_MEMORY_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

enum nptb_soft_end nptb_vex_masked(struct nptb_soft *soft, const struct nptb_insn *insn,
				   u32 size, bool to_memory);
bool nptb_vex_may_gather(const struct nptb_insn *insn);
enum nptb_soft_end nptb_vex_gather(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_VEX_MEMORY_H */
