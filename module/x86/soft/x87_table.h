/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x87 instructions that are run on this CPU. APM volume 5, and volume 3, table A-10 and
 * those behind it. Of each of them the manual says that it touches nothing but the x87's
 * state, its operand, and RFLAGS where that is said here. What is another name of one of
 * these, without being in the manual, is not here.
 */
#ifndef NPTB_X86_SOFT_X87_TABLE_H
#define NPTB_X86_SOFT_X87_TABLE_H

/* With memory that is read: opcode, ModRM.reg, name, bytes. */
#define NPTB_X87_LOADS(V)			\
	V(0xd8, 0, fadds, 4)			\
	V(0xd8, 1, fmuls, 4)			\
	V(0xd8, 2, fcoms, 4)			\
	V(0xd8, 3, fcomps, 4)			\
	V(0xd8, 4, fsubs, 4)			\
	V(0xd8, 5, fsubrs, 4)			\
	V(0xd8, 6, fdivs, 4)			\
	V(0xd8, 7, fdivrs, 4)			\
	V(0xd9, 0, flds, 4)			\
	V(0xda, 0, fiaddl, 4)			\
	V(0xda, 1, fimull, 4)			\
	V(0xda, 2, ficoml, 4)			\
	V(0xda, 3, ficompl, 4)			\
	V(0xda, 4, fisubl, 4)			\
	V(0xda, 5, fisubrl, 4)			\
	V(0xda, 6, fidivl, 4)			\
	V(0xda, 7, fidivrl, 4)			\
	V(0xdb, 0, fildl, 4)			\
	V(0xdb, 5, fldt, 10)			\
	V(0xdc, 0, faddl, 8)			\
	V(0xdc, 1, fmull, 8)			\
	V(0xdc, 2, fcoml, 8)			\
	V(0xdc, 3, fcompl, 8)			\
	V(0xdc, 4, fsubl, 8)			\
	V(0xdc, 5, fsubrl, 8)			\
	V(0xdc, 6, fdivl, 8)			\
	V(0xdc, 7, fdivrl, 8)			\
	V(0xdd, 0, fldl, 8)			\
	V(0xde, 0, fiadds, 2)			\
	V(0xde, 1, fimuls, 2)			\
	V(0xde, 2, ficoms, 2)			\
	V(0xde, 3, ficomps, 2)			\
	V(0xde, 4, fisubs, 2)			\
	V(0xde, 5, fisubrs, 2)			\
	V(0xde, 6, fidivs, 2)			\
	V(0xde, 7, fidivrs, 2)			\
	V(0xdf, 0, filds, 2)			\
	V(0xdf, 4, fbld, 10)			\
	V(0xdf, 5, fildll, 8)

/* With memory that is written. */
#define NPTB_X87_STORES(V)			\
	V(0xd9, 2, fsts, 4)			\
	V(0xd9, 3, fstps, 4)			\
	V(0xdb, 1, fisttpl, 4)			\
	V(0xdb, 2, fistl, 4)			\
	V(0xdb, 3, fistpl, 4)			\
	V(0xdb, 7, fstpt, 10)			\
	V(0xdd, 1, fisttpll, 8)			\
	V(0xdd, 2, fstl, 8)			\
	V(0xdd, 3, fstpl, 8)			\
	V(0xdf, 1, fisttps, 2)			\
	V(0xdf, 2, fists, 2)			\
	V(0xdf, 3, fistps, 2)			\
	V(0xdf, 6, fbstp, 10)			\
	V(0xdf, 7, fistpll, 8)

/* The control instructions: these note no address. They wait, or do not wait: see x87.c. */
#define NPTB_X87_CONTROL_LOADS(V)		\
	V(0xd9, 4, fldenv, 28)			\
	V(0xd9, 5, fldcw, 2)			\
	V(0xdd, 4, frstor, 108)

#define NPTB_X87_CONTROL_STORES(V)		\
	V(0xd9, 6, fnstenv, 28)			\
	V(0xd9, 7, fnstcw, 2)			\
	V(0xdd, 6, fnsave, 108)			\
	V(0xdd, 7, fnstsw, 2)

/* With registers alone: opcode, ModRM. */
#define NPTB_X87_SINGLE(V)			\
	V(0xd9, 0xd0)	/* FNOP */		\
	V(0xd9, 0xe0)	/* FCHS */		\
	V(0xd9, 0xe1)	/* FABS */		\
	V(0xd9, 0xe4)	/* FTST */		\
	V(0xd9, 0xe5)	/* FXAM */		\
	V(0xd9, 0xe8)	/* FLD1 */		\
	V(0xd9, 0xe9)	/* FLDL2T */		\
	V(0xd9, 0xea)	/* FLDL2E */		\
	V(0xd9, 0xeb)	/* FLDPI */		\
	V(0xd9, 0xec)	/* FLDLG2 */		\
	V(0xd9, 0xed)	/* FLDLN2 */		\
	V(0xd9, 0xee)	/* FLDZ */		\
	V(0xd9, 0xf0)	/* F2XM1 */		\
	V(0xd9, 0xf1)	/* FYL2X */		\
	V(0xd9, 0xf2)	/* FPTAN */		\
	V(0xd9, 0xf3)	/* FPATAN */		\
	V(0xd9, 0xf4)	/* FXTRACT */		\
	V(0xd9, 0xf5)	/* FPREM1 */		\
	V(0xd9, 0xf6)	/* FDECSTP */		\
	V(0xd9, 0xf7)	/* FINCSTP */		\
	V(0xd9, 0xf8)	/* FPREM */		\
	V(0xd9, 0xf9)	/* FYL2XP1 */		\
	V(0xd9, 0xfa)	/* FSQRT */		\
	V(0xd9, 0xfb)	/* FSINCOS */		\
	V(0xd9, 0xfc)	/* FRNDINT */		\
	V(0xd9, 0xfd)	/* FSCALE */		\
	V(0xd9, 0xfe)	/* FSIN */		\
	V(0xd9, 0xff)	/* FCOS */		\
	V(0xda, 0xe9)	/* FUCOMPP */		\
	V(0xde, 0xd9)	/* FCOMPP */

/* The same with a register of the stack in the last three bits of ModRM. */
#define NPTB_X87_STACK(V)			\
	V(0xd8, 0xc0)	/* FADD */		\
	V(0xd8, 0xc8)	/* FMUL */		\
	V(0xd8, 0xd0)	/* FCOM */		\
	V(0xd8, 0xd8)	/* FCOMP */		\
	V(0xd8, 0xe0)	/* FSUB */		\
	V(0xd8, 0xe8)	/* FSUBR */		\
	V(0xd8, 0xf0)	/* FDIV */		\
	V(0xd8, 0xf8)	/* FDIVR */		\
	V(0xd9, 0xc0)	/* FLD */		\
	V(0xd9, 0xc8)	/* FXCH */		\
	V(0xda, 0xc0)	/* FCMOVB */		\
	V(0xda, 0xc8)	/* FCMOVE */		\
	V(0xda, 0xd0)	/* FCMOVBE */		\
	V(0xda, 0xd8)	/* FCMOVU */		\
	V(0xdb, 0xc0)	/* FCMOVNB */		\
	V(0xdb, 0xc8)	/* FCMOVNE */		\
	V(0xdb, 0xd0)	/* FCMOVNBE */		\
	V(0xdb, 0xd8)	/* FCMOVNU */		\
	V(0xdb, 0xe8)	/* FUCOMI */		\
	V(0xdb, 0xf0)	/* FCOMI */		\
	V(0xdc, 0xc0)	/* FADD */		\
	V(0xdc, 0xc8)	/* FMUL */		\
	V(0xdc, 0xe0)	/* FSUBR */		\
	V(0xdc, 0xe8)	/* FSUB */		\
	V(0xdc, 0xf0)	/* FDIVR */		\
	V(0xdc, 0xf8)	/* FDIV */		\
	V(0xdd, 0xc0)	/* FFREE */		\
	V(0xdd, 0xd0)	/* FST */		\
	V(0xdd, 0xd8)	/* FSTP */		\
	V(0xdd, 0xe0)	/* FUCOM */		\
	V(0xdd, 0xe8)	/* FUCOMP */		\
	V(0xde, 0xc0)	/* FADDP */		\
	V(0xde, 0xc8)	/* FMULP */		\
	V(0xde, 0xe0)	/* FSUBRP */		\
	V(0xde, 0xe8)	/* FSUBP */		\
	V(0xde, 0xf0)	/* FDIVRP */		\
	V(0xde, 0xf8)	/* FDIVP */		\
	V(0xdf, 0xe8)	/* FUCOMIP */		\
	V(0xdf, 0xf0)	/* FCOMIP */

#endif /* NPTB_X86_SOFT_X87_TABLE_H */
