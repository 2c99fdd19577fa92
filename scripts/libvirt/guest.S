/* SPDX-License-Identifier: GPL-2.0-only */
/* A boot sector: writes to 128 pages in turn, and a dot to the serial port each time. */
	.code16
	.globl	start
start:
	cli
lap:
	movw	$0x1000, %bx
next:
	movw	%bx, %ds
	incb	0
	addw	$0x100, %bx
	cmpw	$0x9000, %bx
	jb	next
	movw	$0x3f8, %dx
	movb	$'.', %al
	outb	%al, %dx
	jmp	lap
	.org	510
	.byte	0x55, 0xaa
