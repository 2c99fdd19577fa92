// SPDX-License-Identifier: GPL-2.0-only
/* Instructions that KVM's emulator takes for others; see x86/soft/mistaken.h. */
#include "x86/soft/count.h"
#include "x86/soft/mistaken.h"

/* A REX prefix is one in 64-bit code alone. */
static bool is_prefix(u8 byte, bool code64)
{
	return nptb_mistaken_prefix(byte) && (byte & 0xfe) != 0xc4 &&
	       (code64 || (byte & 0xf0) != 0x40);
}

/**
 * nptb_is_mistaken() - would KVM's emulator take it for another instruction?
 * @insn: its bytes
 * @len: how many are known
 * @code64: it is of 64-bit mode
 * @fetched: the guest may execute it, as far as is known
 *
 * With few of the bytes it may be told as one; it is then decoded anew.
 */
bool nptb_is_mistaken(const u8 *insn, u32 len, bool code64, bool fetched)
{
	bool rep = false;
	u32 i;

	for (i = 0; i < len && is_prefix(insn[i], code64); i++)
		rep |= insn[i] == 0xf3;
	if (i + 1 >= len)
		return false;
	if (nptb_decode_is_vex(insn[i], insn[i + 1], code64))
		return fetched || !code64;
	return rep && insn[i] == 0x0f && nptb_count_is_mistaken(insn[i + 1]);
}
