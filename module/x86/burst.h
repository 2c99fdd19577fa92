/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory during a burst. On its own KVM's emulator walks the guest's page tables
 * for the bytes of each instruction and for each of its operands, which is most of what
 * an instruction costs there. A burst keeps translations, as a CPU's TLB does.
 */
#ifndef NPTB_X86_BURST_H
#define NPTB_X86_BURST_H

#include "backend.h"

void nptb_burst_look(struct nptb_burst *burst);
u32 nptb_burst_fetch(struct nptb_burst *burst, u8 *insn);
bool nptb_burst_read(struct nptb_burst *burst, u64 linear, void *val, u32 bytes);
bool nptb_burst_write(struct nptb_burst *burst, u64 linear, const void *val, u32 bytes);

#endif /* NPTB_X86_BURST_H */
