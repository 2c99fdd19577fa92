/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kvm_tdp_mmu_map() calls first, in place of ftrace: each fault of each VM that
 * the TDP MMU maps for, once there was a budget. Nearly always nobody asks, and it
 * returns at once.
 *
 * At its entry the stack holds where kvm_tdp_mmu_map() goes on, and above that where
 * its caller does, whether the call was patched in or ftrace comes here on behalf of
 * several users. Its two arguments are in RDI and RSI; no other register that a
 * call may change holds anything of use at a function's entry (System V ABI, AMD64
 * supplement, section 3.2.3).
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>
#include <asm/unwind_hints.h>

	.text
/* Reached by a direct call, or by a return, and so in no need of an ENDBR. */
SYM_START(nptb_map_entry, SYM_L_GLOBAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	cmpl	$0, nptb_map_asked(%rip)
	jne	.Lask
	RET
.Lask:
	pushq	%rdi
	pushq	%rsi
	call	nptb_map_asks
	popq	%rsi
	popq	%rdi
	testl	%eax, %eax
	jnz	.Lanswer
	RET
.Lanswer:
	/* kvm_tdp_mmu_map() has done nothing yet: return from it, with what we got. */
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(nptb_map_entry)
