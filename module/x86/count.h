/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * POPCNT, TZCNT and LZCNT. KVM's emulator has not the first, and takes the others for BSF
 * and BSR, which they are on a CPU that does not know them: they never go there.
 */
#ifndef NPTB_X86_COUNT_H
#define NPTB_X86_COUNT_H

#include "x86/decode.h"
#include "x86/soft.h"

bool nptb_count_is_mistaken(const u8 *insn, u32 len, bool code64);
bool nptb_count_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_count_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_COUNT_H */
