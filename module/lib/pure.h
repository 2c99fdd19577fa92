/* SPDX-License-Identifier: GPL-2.0-only */
/* What pure code needs of the C library, from wherever it is built. */
#ifndef NPTB_LIB_PURE_H
#define NPTB_LIB_PURE_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#endif

#endif /* NPTB_LIB_PURE_H */
