/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions that KVM's emulator takes for others: TZCNT and LZCNT for BSF and BSR,
 * which they are on a CPU that does not know them; and outside of 64-bit mode, those with a
 * VEX prefix for LES and LDS. They never go there. Nor does VEX in 64-bit mode, which most
 * of KVM's emulators do not know, where the page was fetched from before: see
 * nptb_burst_fetch() for who checks the guest's rights.
 */
#ifndef NPTB_X86_SOFT_MISTAKEN_H
#define NPTB_X86_SOFT_MISTAKEN_H

#include <linux/bits.h>
#include <linux/types.h>

/*
 * Is it a prefix in 64-bit code, or may VEX begin with it? APM volume 3, section 1.2. One
 * bit for each byte.
 */
static __always_inline bool nptb_mistaken_prefix(u8 byte)
{
	static const u64 prefixes[4] = {
		BIT_ULL(0x26) | BIT_ULL(0x2e) | BIT_ULL(0x36) | BIT_ULL(0x3e),
		GENMASK_ULL(0x0f, 0) | GENMASK_ULL(0x27, 0x24),	/* 40 to 4f, 64 to 67 */
		0,
		/* c4, c5, f0, f2, f3 */
		BIT_ULL(0x04) | BIT_ULL(0x05) | BIT_ULL(0x30) | BIT_ULL(0x32) | BIT_ULL(0x33),
	};

	return prefixes[byte >> 6] >> (byte & 63) & 1;
}

/* It is none of them, whatever the mode: as with most of what is emulated. */
static __always_inline bool nptb_mistaken_never(const u8 *insn, u32 len)
{
	return len >= 2 && (!nptb_mistaken_prefix(insn[0]) ||
			    ((insn[0] & 0xf0) == 0x40 && !nptb_mistaken_prefix(insn[1])));
}

bool nptb_is_mistaken(const u8 *insn, u32 len, bool code64, bool fetched);

#endif /* NPTB_X86_SOFT_MISTAKEN_H */
