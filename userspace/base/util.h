/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel has and C has not, under the kernel's names. */
#ifndef NPTB_UTIL_H
#define NPTB_UTIL_H

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(n)		(1U << (n))
#define BIT_ULL(n)	(1ULL << (n))

#ifndef __printf
#define NPTB_ATTRIBUTE(a) __attribute__((a))
#define __printf(fmt, args) NPTB_ATTRIBUTE(format(printf, fmt, args))
#endif

/**
 * strscpy() - copy text into room of a given size
 * @to: the room; always ends in a NUL afterwards
 * @from: the text
 * @size: the room's size, bytes, not 0
 *
 * Return: length of the copy, or -E2BIG where it was cut.
 */
static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strlen(from);

	if (len < size) {
		memcpy(to, from, len + 1);
		return (ssize_t)len;
	}
	memcpy(to, from, size - 1);
	to[size - 1] = '\0';
	return -E2BIG;
}

#endif /* NPTB_UTIL_H */
