/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two vCPUs, each in laps through 64 pages of its own: each lap adds one to each page, and
 * checks that it had what all have. The first says "laps" after every 32nd, provided the
 * second got on as well.
 */
#include "bare.h"

#define FIRST	0x200000
#define SECOND	0x280000
#define PAGES	64
#define ICR	0xfee00300	/* AMD64 APM volume 2, 16.5 */
#define CODE	0x8000		/* where the second begins, in real mode */

	/* One lap from \memory on; ebp is what each page has. */
	.macro	LAP memory
	movl	$\memory, %edi
	movl	$PAGES, %ecx
1:	cmpl	%ebp, (%edi)
	jne	bad
	incl	(%edi)
	addl	$4096, %edi
	loop	1b
	incl	%ebp
	.endm

	/* A moment for the other: INIT and STARTUP take some. */
	.macro	MOMENT
	movl	$100000, %ecx
1:	pause
	loop	1b
	.endm

begin:
	movl	$real, %esi
	movl	$CODE, %edi
	movl	$real_end - real, %ecx
	rep movsb
	/* To all but itself: INIT, then STARTUP at CODE. */
	movl	$0xc4500, ICR
	MOMENT
	movl	$0xc4600 + (CODE >> 12), ICR
	MOMENT
	xorl	%ebp, %ebp
	xorl	%ebx, %ebx
lap:
	LAP	FIRST
	testl	$31, %ebp
	jnz	lap
	/* Said again when the other has made a lap since. */
	cmpl	%ebx, second_laps
	je	lap
	movl	second_laps, %ebx
	movl	$said, %esi
	call	say
	jmp	lap

bad:
	movl	$wrong, %esi
	call	say
	jmp	halt

second:
	xorl	%ebp, %ebp
2:	LAP	SECOND
	movl	%ebp, second_laps
	jmp	2b

said:	.asciz	"laps\n"
wrong:	.asciz	"WRONG\n"
	.align	8
/* Flat segments, for the second: AMD64 APM volume 2, 4.8. */
gdt:	.quad	0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_end:

	.code16
real:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	lgdtl	CODE + gdtr - real
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$8, $flat
gdtr:	.word	gdt_end - gdt - 1
	.long	gdt
real_end:

	.code32
flat:
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	jmp	second

	.bss
second_laps:
	.long	0
