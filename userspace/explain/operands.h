/* SPDX-License-Identifier: GPL-2.0-only */
/* What an instruction, or a delivery, touches, by linear address. */
#ifndef NPTB_OPERANDS_H
#define NPTB_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/loops.h"

#define OPERANDS_MAX	12
#define OPERAND_TEXT	64

/**
 * struct operand - bytes in memory
 * @text: how people call it: "code", "[rbx]", "stack", "IDT"
 * @linear: its linear address
 * @size: bytes
 * @roles: NPTB_ROLE_FETCH, _READ and _WRITE
 * @what: the NPTB_FOR_* bit of a record that stands for this very address, or 0
 */
struct operand {
	char text[OPERAND_TEXT];
	unsigned long long linear;
	unsigned int size;
	unsigned int roles;
	unsigned int what;
};

/**
 * struct operands - all that is known of them
 * @nr: how many, the code first where the segments are known
 * @op: they
 */
struct operands {
	size_t nr;
	struct operand op[OPERANDS_MAX];
};

void operands_of(const struct loop *l, struct operands *ops);
bool operand_gfn(const struct loop *l, const struct operand *op, unsigned long long linear,
		 unsigned long long *gfn);

#endif /* NPTB_OPERANDS_H */
