/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for what grows with the length of a recording: while it is small as of malloc(),
 * then in a file without a name, which the kernel writes out when memory is short.
 */
#ifndef NPTB_SPILL_H
#define NPTB_SPILL_H

#include <stddef.h>
#include <stdio.h>

/**
 * struct spill - such memory; all zero for none
 * @at: it; changes whenever it grows
 * @size: bytes
 * @fd: the file plus one, 0 for none
 */
struct spill {
	void *at;
	size_t size;
	int fd;
};

int spill_grow(struct spill *s, size_t size);
FILE *spill_stream(void);
void spill_free(struct spill *s);

#endif /* NPTB_SPILL_H */
