/* SPDX-License-Identifier: GPL-2.0-only */
/* The looping instruction, by Zydis. */
#ifndef NPTB_DISAS_H
#define NPTB_DISAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/loops.h"

/**
 * struct disas - an instruction taken apart
 * @mode: CPU mode it was taken for, for people
 * @text: assembly, Intel syntax; "" where the bytes are no instruction
 * @len: its bytes, 0 where the bytes are no instruction
 */
struct disas {
	const char *mode;
	char text[96];
	unsigned int len;
};

struct ZydisDisassembledInstruction_;

bool disas_decode(const struct loop *l, struct ZydisDisassembledInstruction_ *in,
		  const char **mode);
void disas_loop(const struct loop *l, struct disas *d);
bool disas_bytes(uint64_t rip, const uint8_t *insn, size_t len, unsigned int bits, char *text,
		 size_t size);

#endif /* NPTB_DISAS_H */
