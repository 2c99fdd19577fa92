/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * POPCNT, TZCNT and LZCNT. KVM's emulator has not the first, and takes the others for BSF
 * and BSR, which they are on a CPU that does not know them: they never go there.
 */
#ifndef NPTB_X86_SOFT_COUNT_H
#define NPTB_X86_SOFT_COUNT_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

/* Is it a prefix in 64-bit code? APM volume 3, section 1.2. One bit for each byte. */
static __always_inline bool nptb_count_prefix(u8 byte)
{
	static const u64 prefixes[4] = {
		BIT_ULL(0x26) | BIT_ULL(0x2e) | BIT_ULL(0x36) | BIT_ULL(0x3e),
		GENMASK_ULL(0x0f, 0) | GENMASK_ULL(0x27, 0x24),	/* 40 to 4f, 64 to 67 */
		0,
		BIT_ULL(0x30) | BIT_ULL(0x32) | BIT_ULL(0x33),	/* f0, f2, f3 */
	};

	return prefixes[byte >> 6] >> (byte & 63) & 1;
}

/* No F3 comes before the opcode: as with most of what is emulated, whatever the mode. */
static __always_inline bool nptb_count_is_plain(const u8 *insn, u32 len)
{
	return len >= 2 && (!nptb_count_prefix(insn[0]) ||
			    ((insn[0] & 0xf0) == 0x40 && !nptb_count_prefix(insn[1])));
}

bool nptb_count_is_mistaken(const u8 *insn, u32 len, bool code64);
bool nptb_count_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_count_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_COUNT_H */
