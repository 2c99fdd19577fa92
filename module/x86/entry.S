/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What some functions of KVM call first, in place of ftrace: those that nearly every
 * fault of every VM goes through, once there was a budget. Whoever is not concerned
 * returns to the function at once.
 *
 * At entry the stack holds where the function goes on, and above that where its
 * caller does, whether the call was patched in or ftrace comes here on behalf of
 * several users. Its arguments are in RDI, RSI, RDX, RCX, R8 and R9, as many as it
 * has; no other register that a call may change holds anything of use at a
 * function's entry (System V ABI, AMD64 supplement, section 3.2.3).
 *
 * All are reached by a direct call, or by a return, and so in no need of an ENDBR.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>
#include <asm/page_types.h>
#include <asm/unwind_hints.h>

#include "entry.h"

/* The VM of the vCPU in RDI to @kvm, and what its place in the table says to @slot. */
.macro LOOK_UP kvm slot slot32 slot8
	movq	(%rdi), \kvm
	movq	\kvm, \slot
	shrq	$PAGE_SHIFT, \slot
	movzbl	\slot8, \slot32
	movq	nptb_watched_kvm(, \slot, 8), \slot
.endm

	.text
/*
 * kvm_mmu_page_fault(), five arguments: it is replaced for VMs under budget, and for
 * those that share a place with one; who handles it looks again.
 */
SYM_START(nptb_fault_entry, SYM_L_GLOBAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	LOOK_UP	%rax %r9 %r9d %r9b
	cmpq	%rax, %r9
	je	.Lfault_caught
	cmpq	$NPTB_WATCHED_MANY, %r9
	je	.Lfault_caught
	RET
.Lfault_caught:
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	jmp	nptb_caught_fault
SYM_FUNC_END(nptb_fault_entry)

/*
 * kvm_mmu_hugepage_adjust(), two arguments: KVM starts with 4 KiB leaves and raises
 * the level here. To return at once keeps every leaf of a VM under budget at 4 KiB,
 * whatever backs the memory.
 */
SYM_START(nptb_hugepage_entry, SYM_L_GLOBAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	LOOK_UP	%rax %rcx %ecx %cl
	cmpq	%rax, %rcx
	jne	.Lhugepage_other
.Lhugepage_caught:
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	RET
.Lhugepage_other:
	cmpq	$NPTB_WATCHED_MANY, %rcx
	je	.Lhugepage_many
	RET
.Lhugepage_many:
	pushq	%rdi
	pushq	%rsi
	call	nptb_is_watched
	popq	%rsi
	popq	%rdi
	testb	%al, %al
	jnz	.Lhugepage_caught
	RET
SYM_FUNC_END(nptb_hugepage_entry)

/* kvm_tdp_mmu_map(), two arguments: nearly always nobody asks. */
SYM_START(nptb_map_entry, SYM_L_GLOBAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	cmpl	$0, nptb_map_asked(%rip)
	jne	.Lmap_ask
	RET
.Lmap_ask:
	pushq	%rdi
	pushq	%rsi
	call	nptb_map_asks
	popq	%rsi
	popq	%rdi
	testl	%eax, %eax
	jnz	.Lmap_answer
	RET
.Lmap_answer:
	/* It has done nothing yet: return from it, with what we got. */
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(nptb_map_entry)
