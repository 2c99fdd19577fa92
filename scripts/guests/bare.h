/* SPDX-License-Identifier: GPL-2.0-only */
/* What the bare guests share: multiboot's header, a stack, the serial port. 32-bit code. */
#define PORT	0x3f8

	.text
	.code32
	.globl	start
	.align	4
	/* Multiboot specification 0.6.96, 3.1.1: magic, flags, checksum. */
	.long	0x1badb002, 0, -0x1badb002
start:
	cli
	movl	$stack, %esp
	jmp	begin

/* say: the text at esi, up to a zero. */
say:
	movw	$PORT, %dx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	ret

halt:
	hlt
	jmp	halt

	.bss
	.align	16
	.skip	4096
stack:
	.text
