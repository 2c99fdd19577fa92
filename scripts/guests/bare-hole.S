/* SPDX-License-Identifier: GPL-2.0-only */
/* Jumps to where no memory is, and no device: below the local APIC's page. */
#include "bare.h"
begin:
	movl	$0xd0000000, %eax
	jmp	*%eax
