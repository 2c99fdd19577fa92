/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions that ask the CPU or KVM for something, carried out: RDRAND, RDSEED, RDPKRU,
 * WRPKRU, INVPCID, CLWB. AMD64 APM volume 3, at each instruction's name.
 */
#ifndef NPTB_X86_SOFT_SYSTEM_H
#define NPTB_X86_SOFT_SYSTEM_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

bool nptb_system_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_system_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_SYSTEM_H */
