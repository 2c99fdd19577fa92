/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vector stores to VGA memory, read back word by word. Who includes this says how to ENABLE,
 * LOAD from a label and STORE to edi, and how many BYTES a store has.
 */
#include "bare.h"

/* Text mode, as the firmware left it: 80 by 25 cells of two bytes. */
#define VGA	0xb8000
#define SIZE	3840

begin:
	ENABLE
	LOAD
	movl	$VGA, %edi
1:	STORE
	addl	$BYTES, %edi
	cmpl	$VGA + SIZE, %edi
	jb	1b

	movl	$VGA, %edi
2:	movl	%edi, %ebx
	andl	$BYTES - 4, %ebx
	movl	pattern(%ebx), %eax
	cmpl	%eax, (%edi)
	jne	3f
	addl	$4, %edi
	cmpl	$VGA + SIZE, %edi
	jb	2b
	movl	$right, %esi
	jmp	4f
3:	movl	$wrong, %esi
4:	call	say
	jmp	halt

	.align	32
pattern:
	.ascii	"n.p.t.b.u.d.g.e.t.-.g.u.e.s.t.s."
right:	.asciz	"outcome: right\n"
wrong:	.asciz	"outcome: not what was stored\n"
