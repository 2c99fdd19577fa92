/* SPDX-License-Identifier: GPL-2.0-only */
/* void native_run(void): run what lies at native_target, with the registers of native. */
	.text
	.globl native_run, native_back
native_run:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, kept(%rip)
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu native + 144 + 32 * \n(%rip), %ymm\n
	.endr
	ldmxcsr native + 136(%rip)
	pushq native + 128(%rip)
	popf
	mov native(%rip), %rax
	mov native + 8(%rip), %rcx
	mov native + 16(%rip), %rdx
	mov native + 24(%rip), %rbx
	mov native + 40(%rip), %rbp
	mov native + 48(%rip), %rsi
	mov native + 56(%rip), %rdi
	.irp n, 8, 9, 10, 11, 12, 13, 14, 15
	mov native + 8 * \n(%rip), %r\n
	.endr
	mov native + 32(%rip), %rsp
	jmp *native_target(%rip)

/* What follows the instruction jumps here; so does one that has raised an exception. */
native_back:
	mov %rsp, native + 32(%rip)
	mov kept(%rip), %rsp
	mov %rax, native(%rip)
	mov %rcx, native + 8(%rip)
	mov %rdx, native + 16(%rip)
	mov %rbx, native + 24(%rip)
	mov %rbp, native + 40(%rip)
	mov %rsi, native + 48(%rip)
	mov %rdi, native + 56(%rip)
	.irp n, 8, 9, 10, 11, 12, 13, 14, 15
	mov %r\n, native + 8 * \n(%rip)
	.endr
	pushf
	popq native + 128(%rip)
	stmxcsr native + 136(%rip)
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu %ymm\n, native + 144 + 32 * \n(%rip)
	.endr
	ldmxcsr masked(%rip)
	vzeroupper
	cld
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.data
kept:	.quad 0
masked:	.long 0x1f80
	.section .note.GNU-stack, "", @progbits
