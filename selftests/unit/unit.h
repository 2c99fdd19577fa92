/* SPDX-License-Identifier: GPL-2.0-only */
/* What all unit tests include: cmocka, and what it wants included before it. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/types.h>

/* Of hashes, where any will do. */
#define UNIT_MULTIPLIER	0x9e3779b97f4a7c15ULL

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#endif /* UNIT_H */
