/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * POPCNT, TZCNT and LZCNT. KVM's emulator has not the first, and takes the others for BSF
 * and BSR: see x86/soft/mistaken.h.
 */
#ifndef NPTB_X86_SOFT_COUNT_H
#define NPTB_X86_SOFT_COUNT_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

bool nptb_count_is_mistaken(u8 op);
bool nptb_count_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_count_source(struct nptb_soft *soft, const struct nptb_insn *insn,
				     u32 size, u64 *value);
enum nptb_soft_end nptb_count_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_COUNT_H */
