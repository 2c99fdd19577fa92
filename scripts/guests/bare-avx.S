/* SPDX-License-Identifier: GPL-2.0-only */
/* AVX stores to VGA memory: VMOVUPS of 32 bytes. */
#define BYTES	32
	/* AMD64 APM volume 2, 11.5.2: CR4.OSFXSR and OSXSAVE (bits 9, 18), XCR0 = 7. */
	.macro	ENABLE
	movl	%cr4, %eax
	orl	$0x40200, %eax
	movl	%eax, %cr4
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	movl	$7, %eax
	xsetbv
	.endm
	.macro	LOAD
	vmovups	pattern, %ymm0
	.endm
	.macro	STORE
	vmovups	%ymm0, (%edi)
	.endm
#include "bare-vga.h"
