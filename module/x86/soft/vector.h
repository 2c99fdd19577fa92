/* SPDX-License-Identifier: GPL-2.0-only */
/* SSE instructions, carried out. Which ones: x86/soft/vector.c and x86/soft/vector_table.h. */
#ifndef NPTB_X86_SOFT_VECTOR_H
#define NPTB_X86_SOFT_VECTOR_H

#include "x86/soft/decode.h"
#include "x86/soft/shuffle.h"
#include "x86/soft/soft.h"

/* nptb_vector_shift(): PSRLDQ or PSLLDQ, which shift bytes. */
#define NPTB_VECTOR_BYTES_SHIFTED	0xff

u32 nptb_vector_shift(const struct nptb_insn *insn);
bool nptb_vector_strings_mask(const struct nptb_insn *insn);
void nptb_vector_lengths(const struct nptb_soft *soft, const struct nptb_insn *insn,
			 struct nptb_vector *v);
enum nptb_soft_end nptb_vector_raise(struct nptb_soft *soft);
bool nptb_vector_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_vector_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_VECTOR_H */
