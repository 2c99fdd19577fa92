/* SPDX-License-Identifier: GPL-2.0-only */
/* Where an instruction may raise an exception, and where it goes on; see guest.c. */
#ifndef NPTB_ST_NATIVE_ASM_H
#define NPTB_ST_NATIVE_ASM_H

#define _ASM_EXTABLE(from, to)							\
	".pushsection extable, \"a\"\n"						\
	".quad " #from ", " #to "\n"						\
	".popsection\n"
#define _ASM_EXTABLE_FAULT(from, to)	_ASM_EXTABLE(from, to)

#endif /* NPTB_ST_NATIVE_ASM_H */
