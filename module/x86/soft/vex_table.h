/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions with a VEX prefix that are run on this CPU, and have no form without one:
 * as in x86/soft/vector_table.h, which has the others.
 */
#ifndef NPTB_X86_SOFT_VEX_TABLE_H
#define NPTB_X86_SOFT_VEX_TABLE_H

/* Of two vectors; 0 or 1: VEX.W has to be that. */
#define NPTB_VEX_W0(V)						\
	V(2, 1, 0x0c, vpermilps, AVX, AVX)			\
	V(2, 1, 0x0d, vpermilpd, AVX, AVX)			\
	V(2, 1, 0x46, vpsravd, AVX2, AVX2)

/* By VEX.W, of elements of 4 or of 8 bytes. */
#define NPTB_VEX_BY_W(V)					\
	V(2, 1, 0x45, vpsrlvd, vpsrlvq)				\
	V(2, 1, 0x47, vpsllvd, vpsllvq)

/* Of 32 bytes alone. */
#define NPTB_VEX_256(V)						\
	V(2, 1, 0x16, vpermps)					\
	V(2, 1, 0x36, vpermd)

/* That leave their result in RFLAGS. */
#define NPTB_VEX_FLAGS(V)					\
	V(2, 1, 0x0e, vtestps)					\
	V(2, 1, 0x0f, vtestpd)

#define NPTB_FMA_PACKED(V)					\
	V(0x96, vfmaddsub132p) V(0xa6, vfmaddsub213p)		\
	V(0xb6, vfmaddsub231p)					\
	V(0x97, vfmsubadd132p) V(0xa7, vfmsubadd213p)		\
	V(0xb7, vfmsubadd231p)					\
	V(0x98, vfmadd132p) V(0xa8, vfmadd213p)			\
	V(0xb8, vfmadd231p)					\
	V(0x9a, vfmsub132p) V(0xaa, vfmsub213p)			\
	V(0xba, vfmsub231p)					\
	V(0x9c, vfnmadd132p) V(0xac, vfnmadd213p)		\
	V(0xbc, vfnmadd231p)					\
	V(0x9e, vfnmsub132p) V(0xae, vfnmsub213p)		\
	V(0xbe, vfnmsub231p)

#define NPTB_FMA_SCALAR(V)					\
	V(0x99, vfmadd132s) V(0xa9, vfmadd213s)			\
	V(0xb9, vfmadd231s)					\
	V(0x9b, vfmsub132s) V(0xab, vfmsub213s)			\
	V(0xbb, vfmsub231s)					\
	V(0x9d, vfnmadd132s) V(0xad, vfnmadd213s)		\
	V(0xbd, vfnmadd231s)					\
	V(0x9f, vfnmsub132s) V(0xaf, vfnmsub213s)		\
	V(0xbf, vfnmsub231s)

#endif /* NPTB_X86_SOFT_VEX_TABLE_H */
