/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guests. Each exists three times, assembled for 16, 32 and 64 bits from
 * one text: registers are 32 bits wide everywhere (the assembler adds the
 * prefixes), so that one description of the result fits all modes.
 *
 * None needs a stack, a descriptor table or an interrupt, and the code is
 * position independent: what a guest needs at once is its code page, one data
 * page and, in long mode, the page tables to both. The tests count on that.
 *
 * A PAUSE after each lap of the work guests changes nothing for them. QEMU's
 * emulated CPUs take turns on one thread, and a CPU that waits for another, as
 * the kernel does whenever it patches its text or flushes TLBs, waits for the
 * other's turn to end: PAUSE ends it.
 *
 * Arguments: edi data address, ecx pages, edx laps, eax addend, ebp stride,
 * esi address of the progress counter.
 */
	.macro	guest name, bits, suffix
	.code\bits
	.globl	guest_\name\()_\suffix
guest_\name\()_\suffix:
	body_\name \suffix
	.globl	guest_\name\()_\suffix\()_end
guest_\name\()_\suffix\()_end:
	.endm

	/* Where the looping instruction of a guest lies, for loop records. */
	.macro	mark name, suffix
	.globl	guest_\name\()_\suffix\()_mark
guest_\name\()_\suffix\()_mark:
	.endm
	.macro	mark_end name, suffix
	.globl	guest_\name\()_\suffix\()_mark_end
guest_\name\()_\suffix\()_mark_end:
	.endm

	/* add [mem], reg over all pages, edx times, then HLT. */
	.macro	body_add suffix
1:	movl	%edi, %ebx
	movl	%ecx, %esi
2:	mark	add, \suffix
	addl	%eax, (%ebx)
	mark_end add, \suffix
	addl	%ebp, %ebx
	decl	%esi
	jnz	2b
	pause
	decl	%edx
	jnz	1b
3:	hlt
	jmp	3b
	.endm

	/* Writes into each page its number (from 1), edx times, then HLT. */
	.macro	body_stamp suffix
1:	movl	%edi, %ebx
	xorl	%esi, %esi
2:	incl	%esi
	mark	stamp, \suffix
	movl	%esi, (%ebx)
	mark_end stamp, \suffix
	addl	%ebp, %ebx
	cmpl	%ecx, %esi
	jne	2b
	decl	%edx
	jnz	1b
3:	hlt
	jmp	3b
	.endm

	/*
	 * Adds 1 to the first word of every page in turn, for ever. The laps
	 * show in the pages themselves, so no page more is needed at once.
	 */
	.macro	body_work suffix
1:	movl	%edi, %ebx
	movl	%ecx, %edx
2:	mark	work, \suffix
	incl	(%ebx)
	mark_end work, \suffix
	addl	%ebp, %ebx
	decl	%edx
	jnz	2b
	pause
	jmp	1b
	.endm

	/* Adds 1 to one word for ever and never leaves the guest. */
	.macro	body_spin suffix
1:	mark	spin, \suffix
	incl	(%edi)
	mark_end spin, \suffix
	jmp	1b
	.endm

	/*
	 * Does \insn on each page, at ebx, a lap; then an OUT tells the host, which
	 * takes the time. Ends with HLT after edx laps.
	 */
	.macro	laps name, suffix, insn:vararg
1:	movl	%edi, %ebx
	movl	%ecx, %esi
2:	mark	\name, \suffix
	\insn
	mark_end \name, \suffix
	addl	%ebp, %ebx
	decl	%esi
	jnz	2b
	outb	%al, $0x80
	decl	%edx
	jnz	1b
3:	hlt
	jmp	3b
	.endm

	/* Reads one byte of each page. */
	.macro	body_touch suffix
	laps	touch, \suffix, movb (%ebx), %al
	.endm

	/* Writes one word of each page. */
	.macro	body_put suffix
	laps	put, \suffix, movl %eax, (%ebx)
	.endm

	/*
	 * As work, but each page holds the code that adds 1 to it, at offset 16:
	 * no instruction needs more than one page at once. What is marked is
	 * that code; see vmm_load_hop().
	 */
	.macro	body_hop suffix
	movl	%edi, %ebx
	movl	%ecx, %edx
	leal	16(%ebx), %esi
	hop_to	\suffix
	mark	hop, \suffix
	incl	(%ebx)
	addl	%ebp, %ebx
	decl	%edx
	jnz	1f
	movl	%edi, %ebx
	movl	%ecx, %edx
1:	leal	16(%ebx), %esi
	hop_to	\suffix
	mark_end hop, \suffix
	.endm

	.macro	hop_to suffix
	.ifc	\suffix, long
	jmp	*%rsi
	.else
	jmpl	*%esi
	.endif
	.endm

	/* As work, but reads from eax beyond each page first. */
	.macro	body_read suffix
1:	movl	%edi, %ebx
	movl	%ecx, %edx
2:	mark	read, \suffix
	movl	(%ebx, %eax), %esi
	mark_end read, \suffix
	incl	(%ebx)
	addl	%ebp, %ebx
	decl	%edx
	jnz	2b
	jmp	1b
	.endm

	/* As work, but writes the pages left to go to eax beyond each page first. */
	.macro	body_write suffix
1:	movl	%edi, %ebx
	movl	%ecx, %edx
2:	mark	write, \suffix
	movl	%edx, (%ebx, %eax)
	mark_end write, \suffix
	incl	(%ebx)
	addl	%ebp, %ebx
	decl	%edx
	jnz	2b
	jmp	1b
	.endm

	/* As work, but drops the translation of each page after its turn. */
	.macro	body_invlpg suffix
1:	movl	%edi, %ebx
	movl	%ecx, %edx
2:	mark	invlpg, \suffix
	incl	(%ebx)
	mark_end invlpg, \suffix
	invlpg	(%ebx)
	addl	%ebp, %ebx
	decl	%edx
	jnz	2b
	jmp	1b
	.endm

	/*
	 * As work, but first turns a bit that is free for software in the page's
	 * own page-table entry (8 bytes each, from eax on), and drops the page's
	 * translation.
	 */
	.macro	body_tables suffix
1:	movl	%edi, %ebx
	movl	%ecx, %edx
	movl	%eax, %esi
2:	mark	tables, \suffix
	xorl	$0x200, (%esi)
	mark_end tables, \suffix
	invlpg	(%ebx)
	incl	(%ebx)
	addl	%ebp, %ebx
	addl	$8, %esi
	decl	%edx
	jnz	2b
	jmp	1b
	.endm

	/*
	 * Sends ecx bytes to a port, one at a time, after the port before it has
	 * said that it may, and copies them 64 KiB and three bytes further on in
	 * pieces of 1, 2, 4 bytes and by a string instruction; edx times; then
	 * HLT.
	 */
	.macro	body_text suffix
1:	movl	%edi, %ebx
	movl	%ecx, %ebp
2:	inb	$0x81, %al
	testb	$0x20, %al
	jz	2b
	mark	text, \suffix
	movb	(%ebx), %al
	mark_end text, \suffix
	outb	%al, $0x80
	movb	%al, 0x10003(%ebx)
	incl	%ebx
	decl	%ebp
	jnz	2b
	movl	%ecx, %ebp
	movl	%edi, %ebx
3:	movw	(%ebx), %ax
	movw	%ax, 0x20003(%ebx)
	movl	1(%ebx), %eax
	movl	%eax, 0x30004(%ebx)
	addl	$2, %ebx
	subl	$2, %ebp
	jnz	3b
	decl	%edx
	jnz	1b
4:	hlt
	jmp	4b
	.endm

	/*
	 * Copies the first word of every page to the second by way of MMX, edx times;
	 * then HLT. MASKMOVQ is one that neither KVM's emulator nor the module carries
	 * out.
	 */
	.macro	body_fpu suffix
	movl	%edi, %eax
	pcmpeqd	%mm1, %mm1
	psrlq	$32, %mm1
1:	movl	%eax, %ebx
	movl	%ecx, %esi
2:	movd	(%ebx), %mm0
	leal	4(%ebx), %edi
	mark	fpu, \suffix
	.ifc	\suffix, real
	.byte	0x67			/* by EDI */
	.endif
	maskmovq %mm1, %mm0
	mark_end fpu, \suffix
	addl	%ebp, %ebx
	decl	%esi
	jnz	2b
	decl	%edx
	jnz	1b
3:	hlt
	jmp	3b
	.endm

	/*
	 * A hypervisor: eax is a VMCB whose guest is what is marked, which works
	 * as work does, but leaves by VMMCALL after each page. For long mode.
	 */
	.macro	body_nested suffix
	movl	%eax, %esi
	movl	%edi, %ebx
	movl	%ecx, %edx
1:	movl	%esi, %eax
	.byte	0x0f, 0x01, 0xd8	/* VMRUN */
	addl	$3, 0x578(%esi)		/* its RIP, over VMMCALL */
	jmp	1b
2:	mark	nested, \suffix
	incl	(%ebx)
	.byte	0x0f, 0x01, 0xd9	/* VMMCALL */
	addl	%ebp, %ebx
	decl	%edx
	jnz	2b
	movl	%edi, %ebx
	movl	%ecx, %edx
	jmp	2b
	mark_end nested, \suffix
	.endm

	/*
	 * The same on VT-x: eax is a page that vmcs.c fills. It has the addresses of the
	 * VMXON region and of the VMCS, then fields and their values. Any exit but a
	 * VMCALL ends it.
	 */
	.macro	body_vmx suffix
	.ifc	\suffix, long
	movl	%eax, %esi
	movl	%edi, %ebx
	movl	%ecx, %edx
	vmxon	(%rsi)
	vmclear	8(%rsi)
	vmptrld	8(%rsi)
	leaq	4f(%rip), %r10
	movl	$0x6c16, %r9d		/* the host's RIP */
	vmwrite	%r10, %r9
	leal	16(%rsi), %r8d
1:	movq	(%r8), %r9
	testq	%r9, %r9
	js	2f
	vmwrite	8(%r8), %r9
	addq	$16, %r8
	jmp	1b
2:	vmlaunch
3:	hlt
	jmp	3b
4:	movl	$0x4402, %r9d		/* the exit's reason */
	vmread	%r9, %r10
	cmpl	$18, %r10d
	jne	3b
	movl	$0x681e, %r9d		/* the guest's RIP, over VMCALL */
	vmread	%r9, %r10
	addq	$3, %r10
	vmwrite	%r10, %r9
	vmresume
	jmp	3b
	.endif
	mark	vmx, \suffix
5:	incl	(%ebx)
	vmcall
	addl	%ebp, %ebx
	decl	%edx
	jnz	5b
	movl	%edi, %ebx
	movl	%ecx, %edx
	jmp	5b
	mark_end vmx, \suffix
	.endm

	.section .rodata
	.irp	name, add, stamp, work, spin, touch, put, hop, read, write, invlpg, tables, fpu, nested, vmx, text
	guest	\name, 16, real
	guest	\name, 32, prot
	guest	\name, 64, long
	.endr
	.code64
	.section .note.GNU-stack, "", @progbits
