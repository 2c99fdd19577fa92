/* SPDX-License-Identifier: GPL-2.0-only */
/* Is one path below another? */
#ifndef NPTB_LIB_WITHIN_H
#define NPTB_LIB_WITHIN_H

#include "lib/pure.h"

/**
 * nptb_path_within() - is a path another one, or below it?
 * @path: absolute, with no slash at its end unless it is "/"
 * @top: likewise
 *
 * Return: true where it is; "/a" is within "/" and "/a", not within "/ab" or "/a/b".
 */
static inline bool nptb_path_within(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (strncmp(path, top, len))
		return false;
	return !path[len] || path[len] == '/' || (len == 1 && *top == '/');
}

#endif /* NPTB_LIB_WITHIN_H */
