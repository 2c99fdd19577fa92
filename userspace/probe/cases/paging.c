// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that turns paging on: it enters without, builds its tables, loads CR3
 * and sets CR0.PG. From then on each fetch walks the tables that were data a
 * moment ago. BX is the root; SI, DI and BP the levels below it.
 */
#define PROBE_FAMILY "paging on"
#include "probe/case.h"

#define TABLE(p)	{ p, 4096, .offset = 0x1000 }
#define ENTRY(n)	.set = { { R_AX, CONST(0x80000033) }, n }
/* The code lies at 0x10100: entry 16 of a page table, 0 of all above. */
#define ORPG		"mov AX, %cr0\n"

CASE32(paging_32,
	"leal 7(SI), %ecx\nmovl %ecx, (BX)\n"
	"movl $0x10007, 0x40(SI)\n"
	"mov BX, %cr3\n" ORPG "nop",
	.what = "paging is turned on, 32 bits",
	.modes = BIT_M(M_PROT),
	.needs = "code + bx:w | code + si:w | bx:t + si:t + code",
	.op = { TABLE(P_BX), TABLE(P_SI) },
	ENTRY())

CASE32(paging_pae,
	"leal 1(SI), %ecx\nmovl %ecx, (BX)\nmovl $0, 4(BX)\n"
	"leal 7(DI), %ecx\nmovl %ecx, (SI)\nmovl $0, 4(SI)\n"
	"movl $0x10007, 0x80(DI)\nmovl $0, 0x84(DI)\n"
	"movl $0x620, %ecx\nmov %ecx, %cr4\n"
	"mov BX, %cr3\n" ORPG "nop",
	.what = "paging is turned on, PAE",
	.modes = BIT_M(M_PROT),
	.needs = "code + bx:w | code + si:w | code + di:w | bx:t + si:t + di:t + code",
	/* MOV CR0 exits, and KVM reads the four entries by their host address. */
	.needs_pdptes = "code + bx:w | code + si:w | code + di:w | si:t + di:t + code",
	.op = { TABLE(P_BX), TABLE(P_SI), TABLE(P_DI) },
	.put = { { P_BX, 8, 8, CONST(0) }, { P_BX, 16, 8, CONST(0) }, { P_BX, 24, 8, CONST(0) } },
	ENTRY())

CASE32(paging_long,
	"leal 7(SI), %ecx\nmovl %ecx, (BX)\nmovl $0, 4(BX)\n"
	"leal 7(DI), %ecx\nmovl %ecx, (SI)\nmovl $0, 4(SI)\n"
	"leal 7(BP), %ecx\nmovl %ecx, (DI)\nmovl $0, 4(DI)\n"
	"movl $0x10007, 0x80(BP)\nmovl $0, 0x84(BP)\n"
	"movl $0x620, %ecx\nmov %ecx, %cr4\n"
	"mov BX, %cr3\n"
	"pushl %eax\nmovl $0xc0000080, %ecx\nmovl $0x101, %eax\nxorl %edx, %edx\nwrmsr\npopl %eax\n"
	ORPG "nop",
	.what = "paging is turned on, long mode (its 32-bit half)",
	.modes = BIT_M(M_PROT),
	.needs = "code + bx:w | code + si:w | code + di:w | code + bp:w | code + stack |"
	      " bx:t + si:t + di:t + bp:t + code",
	.op = { TABLE(P_BX), TABLE(P_SI), TABLE(P_DI), TABLE(P_BP) },
	.push = 4,
	ENTRY())
