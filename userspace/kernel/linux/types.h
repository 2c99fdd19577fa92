/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module's pure files know as <linux/types.h>, in user space. */
#ifndef NPTB_LINUX_TYPES_H
#define NPTB_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include_next <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;

#ifndef __packed
#define __packed	__attribute__((packed))
#endif
#ifndef __aligned
#define __aligned(n)	__attribute__((aligned(n)))
#endif

#endif /* NPTB_LINUX_TYPES_H */
