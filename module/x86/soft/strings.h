/* SPDX-License-Identifier: GPL-2.0-only */
/* PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM. Pure. AMD64 APM volume 4, section 1.5. */
#ifndef NPTB_X86_SOFT_STRINGS_H
#define NPTB_X86_SOFT_STRINGS_H

#include "cpu.h"

/**
 * struct nptb_strings - two strings of 16 bytes, and what becomes of a comparison
 * @first: the string that ModRM.reg names
 * @second: the one that ModRM.rm names
 * @imm: the immediate
 * @has_lengths: they are given; else a string ends with its first element that is 0
 * @length: of both, in elements; negative ones count as positive
 * @index: for ECX
 * @mask: for XMM0
 * @flags: RFLAGS: CF, PF, AF, ZF, SF and OF
 */
struct nptb_strings {
	const u8 *first;
	const u8 *second;
	u8 imm;
	bool has_lengths;
	s64 length[2];
	u32 index;
	u8 mask[16];
	u32 flags;
};

void nptb_strings(struct nptb_strings *s);

#endif /* NPTB_X86_SOFT_STRINGS_H */
