// SPDX-License-Identifier: GPL-2.0-only
/* Descriptor tables, segments, control registers, system calls. */
#define PROBE_FAMILY "system"
#include "probe/case.h"

CASE(invlpg, "invlpg (BX)",
	.what = "invlpg: names an address, and touches nothing",
	.modes = SOME_MODES,
	.needs = "code",
	.op = { { P_BX, 1 } })

#define TABLE_POINTER \
	.op = { { P_BX, -1, HALF } }

CASE(lgdt, "lgdt (BX)",
	.what = "lgdt; operand split",
	.modes = SOME_PROT,
	.needs = "code + bx",
	.op = { { P_BX, 10, 4 } },
	.put = { { P_BX, 0, 2, CONST(0xff) }, { P_BX, 2, W_WORD, CONST(0x1000) } })

CASE(lidt, "lidt (BX)",
	.what = "lidt; operand split",
	.modes = SOME_PROT,
	.needs = "code + bx",
	.op = { { P_BX, 10, 4 } },
	.put = { { P_BX, 0, 2, CONST(0xff) }, { P_BX, 2, W_WORD, CONST(0x1000) } })

CASE(sgdt, "sgdt (BX)",
	.what = "sgdt; operand split",
	.modes = SOME_MODES,
	.needs = "code + bx:w",
	.op = { { P_BX, 6, 3 } })

CASE(lldt, "lldt %cx",
	.what = "lldt; descriptor split",
	.modes = SOME_PROT,
	.needs = "code + ldtd",
	.gdt = GDT_SPLIT,
	.set = { { R_CX, SEL(P_LDTD, 0) } })

CASE(ltr, "ltr %cx",
	.what = "ltr; descriptor split; it is read, then marked busy",
	.modes = SOME_PROT,
	.needs = "code + tssd:m",
	.gdt = GDT_SPLIT, .ltr = true,
	.set = { { R_CX, SEL(P_TSSD, 0) } })

CASE(mov_ds, "mov %ecx, %ds",
	.what = "mov ds, reg; descriptor split",
	.modes = SOME_PROT,
	.needs = "code + ss0",
	.gdt = GDT_SPLIT,
	.set = { { R_CX, SEL(P_SS0, 0) } })

CASE(mov_ds_ldt, "mov %ecx, %ds",
	.what = "mov ds, reg; descriptor in the LDT, split",
	.modes = SOME_PROT,
	.needs = "code + ldt",
	.split = BIT_P(P_LDT),
	.set = { { R_CX, SEL(P_LDT, 3) } })

CASE(mov_ds_real, "mov %ecx, %ds",
	.what = "mov ds, reg in real mode: no descriptor",
	.modes = BIT_M(M_REAL),
	.needs = "code",
	.set = { { R_CX, CONST(0) } })

CASE3(lfs, "lfsl (BX), %eax", "lfs (BX), %eax", "lfs (BX), %eax",
	.what = "lfs reg, [mem]; pointer and descriptor split",
	.modes = SOME_PROT,
	.needs = "code + bx + ss0",
	.gdt = GDT_SPLIT,
	.op = { { P_BX, 6, HALF } },
	.put = { { P_BX, 4, 2, SEL(P_SS0, 0) } })

CASE(lsl, "lsl %ecx, %eax",
	.what = "lsl: reads a descriptor and loads nothing; split",
	.modes = SOME_PROT,
	.needs = "code + ss0",
	.gdt = GDT_SPLIT,
	.set = { { R_CX, SEL(P_SS0, 0) } })

CASE(mov_cr3, "mov AX, %cr3",
	.what = "mov cr3, reg: with nested paging PAE's pointers are not read then",
	.note = "AMD64 APM volume 2, 15.25.10: with nested paging the four PDPEs are not loaded\n"
	     "at the time CR3 is written, but read in each walk, as a table of their own. Under EPT\n"
	     "(SDM, volume 3A, section 4.4.1) MOV CR3 loads them, and no walk reads them.",
	.modes = PAGED_32 | SOME_64,
	.needs = "code", .loads_cr3 = true,
	.set = { { R_AX, CR3() } })

#define STAR	0xc0000081
#define LSTAR	0xc0000082
#define SFMASK	0xc0000084

CASE64(syscall, "syscall",
	.what = "syscall from ring 3: registers alone, then the target's own fetch",
	.modes = SOME_64,
	.needs = "code | target",
	.cpl = 3,
	.msr = { { STAR, CONST(0x0020001000000000) }, { LSTAR, ADDR(P_TARGET, 0) },
	      { SFMASK, CONST(0x3000) } })

CASE32(syscall_32, "syscall",
	.what = "syscall from ring 3, legacy",
	.modes = SOME_32,
	.needs = "code | target",
	.cpl = 3, .feature = F_SYSCALL32,
	.msr = { { STAR, { V_ADDR, P_TARGET, 0x0020001000000000 } } })

CASE32(sysenter, "sysenter",
	.what = "sysenter from ring 3",
	.modes = SOME_32,
	.needs = "code | target",
	.cpl = 3,
	.msr = { { 0x174, CONST(0x10) }, { 0x175, CONST(0x1000) }, { 0x176, ADDR(P_TARGET, 0) } })
