/* SPDX-License-Identifier: GPL-2.0-only */
/* <linux/nospec.h>, where nobody else is to be kept from speculating. */
#ifndef NPTB_LINUX_NOSPEC_H
#define NPTB_LINUX_NOSPEC_H

#define array_index_nospec(index, size)	((void)(size), (index))

#endif /* NPTB_LINUX_NOSPEC_H */
