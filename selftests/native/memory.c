// SPDX-License-Identifier: GPL-2.0-only
/*
 * The C library's, without vector registers: in those are the guest's, as in the module
 * between nptb_guest_fpu_begin() and nptb_guest_fpu_end().
 */
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	while (n--)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int c, size_t n)
{
	char *t = to;

	while (n--)
		*t++ = c;
	return to;
}
