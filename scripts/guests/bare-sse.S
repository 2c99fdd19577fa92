/* SPDX-License-Identifier: GPL-2.0-only */
/* SSE stores to VGA memory: MOVUPS, which KVM emulates. */
#define BYTES	16
	/* AMD64 APM volume 2, 11.3.1: CR4.OSFXSR (bit 9). */
	.macro	ENABLE
	movl	%cr4, %eax
	orl	$0x200, %eax
	movl	%eax, %cr4
	.endm
	.macro	LOAD
	movups	pattern, %xmm0
	.endm
	.macro	STORE
	movups	%xmm0, (%edi)
	.endm
#include "bare-vga.h"
