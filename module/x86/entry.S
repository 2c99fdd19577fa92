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
#include "offsets.h"

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
 *
 * KVM keeps a fault on a leaf that is there, in a VM's own tables: that makes no leaf,
 * and nptb_map_entry() sees to it that it stays so. Such a fault has P in its error code
 * (the third argument), and not RSVD, which marks MMIO: APM 2, 15.25.6 and 8.4.2.
 */
SYM_START(nptb_fault_entry, SYM_L_GLOBAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	LOOK_UP	%rax %r9 %r9d %r9b
	cmpq	%rax, %r9
	je	.Lfault_watched
	cmpq	$NPTB_WATCHED_MANY, %r9
	je	.Lfault_caught
	RET
.Lfault_watched:
	testb	$NPTB_CODE_P, %dl
	jnz	.Lfault_there
.Lfault_caught:
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	jmp	nptb_caught_fault
.Lfault_there:
	testb	$NPTB_CODE_RSVD, %dl
	jnz	.Lfault_caught
	cmpl	$0, nptb_all_asked(%rip)
	jne	.Lfault_caught
	leaq	VCPU_ROOT_MMU(%rdi), %r9
	cmpq	%r9, VCPU_MMU(%rdi)
	jne	.Lfault_caught
	RET
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

/*
 * kvm_tdp_mmu_map(), two arguments: nearly always nobody asks. The second is KVM's fault:
 * where that is about a leaf that was there, it may have gone meanwhile.
 */
SYM_START(nptb_map_entry, SYM_L_GLOBAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	cmpl	$0, nptb_map_asked(%rip)
	jne	.Lmap_ask
	testb	$NPTB_CODE_P, FAULT_ERROR_CODE(%rsi)
	jnz	.Lmap_ask
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
