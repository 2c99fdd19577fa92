/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A case of the catalogue: an instruction or an event, what it touches, how the
 * vCPU enters it, and what theory says that it needs. cases/README tells how to
 * write one; only a file in cases/ has to change for that.
 */
#ifndef NPTB_PROBE_CASE_H
#define NPTB_PROBE_CASE_H

#include <stdbool.h>
#include <stdint.h>

/* What a case is made of. Each part lies in pages of its own. */
enum probe_part {
	P_NONE,
	P_CODE,		/* the instruction, then HLT */
	P_BX,		/* operands, by the register that points to them */
	P_SI,
	P_DI,
	P_BP,
	P_STACK,	/* what is pushed or popped */
	P_STACK0,	/* what is pushed on the stack that the TSS names */
	P_IDT,		/* the entry of the vector */
	P_TSS,		/* the stack pointer in the TSS */
	P_CS0,		/* descriptors in the GDT */
	P_SS0,
	P_CS3,
	P_SS3,
	P_GATE,
	P_TSSD,
	P_LDTD,
	P_TSS2D,
	P_LDT,		/* a descriptor in the LDT */
	P_HANDLER,	/* HLT, where the vector leads */
	P_TARGET,	/* HLT, where a transfer of control leads */
	P_KVM_TSS,	/* no part: where KVM has a TSS for real mode */
	P_NR,
};

#define P_GDT_FIRST	P_CS0
#define P_GDT_LAST	P_TSS2D
#define BIT_P(p)	(1U << (p))

extern const char *const probe_part_names[P_NR];

enum probe_mode_id {
	M_REAL, M_PROT,
	M_32, M_32F, M_32_4M, M_32_4MF,
	M_PAE, M_PAEF, M_PAE_2M, M_PAE_2MF,
	M_LONG, M_LONGF, M_LONG_2M, M_LONG_2MF, M_LONG_1G, M_LONG_1GF,
	M_LA57, M_LA57F, M_LA57_2M, M_LA57_2MF, M_LA57_1G, M_LA57_1GF,
	M_REAL_64K,
	M_NR,
};

#define BIT_M(m)	(1U << (m))
#define UNPAGED		(BIT_M(M_REAL) | BIT_M(M_PROT))
#define ALL_64		(((1U << M_REAL_64K) - 1) & ~((1U << M_LONG) - 1))
/* All but one that is there for cases of its own: cases/rmode.c. */
#define ALL_MODES	((1U << M_REAL_64K) - 1)
#define ALL_PROT	(ALL_MODES & ~BIT_M(M_REAL))
#define ALL_32		(ALL_PROT & ~ALL_64)
#define PAGED_32	(ALL_32 & ~BIT_M(M_PROT))
/* What most cases run in: each kind of table, near, and the worst spread. */
#define SOME_64		(BIT_M(M_LONG) | BIT_M(M_LONGF) | BIT_M(M_LA57F))
#define SOME_32		(BIT_M(M_PROT) | BIT_M(M_32) | BIT_M(M_PAEF))
#define SOME_PROT	(SOME_32 | SOME_64)
#define SOME_MODES	(BIT_M(M_REAL) | SOME_PROT)
/* Where nothing is to be learned from more. */
#define FEW_64		BIT_M(M_LONG)
#define FEW_PROT	(BIT_M(M_PROT) | BIT_M(M_LONG))
#define FEW_MODES	(BIT_M(M_REAL) | FEW_PROT)

enum probe_reg {
	R_NONE, R_AX, R_BX, R_CX, R_DX, R_SI, R_DI, R_BP, R_SP,
	R_R8, R_R9, R_R10, R_R11, R_NR,
};

/* A number that depends on where things are. */
struct probe_val {
	enum { V_NONE, V_CONST, V_ADDR, V_OFFSET, V_SEL, V_CR3 } kind;
	enum probe_part part;
	int64_t k;
};

#define CONST(n)	{ V_CONST, P_NONE, (int64_t)(n) }
#define ADDR(p, n)	{ V_ADDR, (p), (n) }	/* linear address of a part, + n */
#define OFFSET(p, n)	{ V_OFFSET, (p), (n) }	/* the same as offset in its segment */
#define SEL(p, rpl)	{ V_SEL, (p), (rpl) }	/* selector of a descriptor */
#define CR3()		{ V_CR3, P_NONE, 0 }

/* Width of an operand of the mode: 2, 4 or 8 bytes. */
#define W_WORD		0
/* Split in the middle. */
#define HALF		-1

/* An operand: size in bytes, or in words where negative. */
struct probe_op {
	enum probe_part part;
	int size;
	int before;		/* bytes below the page boundary, HALF, 0: not split */
	enum probe_part in;	/* P_CODE: in the code's page; P_NONE: its own */
	int64_t adjust;		/* register = address + adjust */
	int offset;		/* in its page where not split; 0: the usual one */
};

struct probe_set {
	enum probe_reg reg;
	struct probe_val val;
};

struct probe_put {
	enum probe_part part;
	int offset;		/* from the part's first byte; words where negative */
	int width;
	struct probe_val val;
};

struct probe_msr {
	uint32_t index;
	struct probe_val val;
};

struct probe_text {
	const uint8_t *code;
	const uint8_t *insn_end;	/* end of the instruction */
	const uint8_t *end;
};

enum probe_gdt { GDT_PACKED, GDT_OWN, GDT_SPLIT };
enum probe_inject { INJECT_NONE, INJECT_IRQ, INJECT_NMI };
enum probe_feature { F_NONE, F_AVX, F_AVX2, F_CX16, F_LA57, F_SYSCALL32 };
enum probe_result { RESULT_HLT, RESULT_SHUTDOWN, RESULT_NEVER };

#define PROBE_OPS	4
#define PROBE_SETS	8
#define PROBE_PUTS	14

struct probe_case {
	const char *name;
	const char *family;
	const char *what;	/* one line */
	const char *note;	/* more for --explain and the document; may be NULL */
	struct probe_text text[3];	/* for 16, 32 and 64 bits */
	struct probe_text target[3];	/* what lies at P_TARGET, instead of HLT */
	uint32_t modes;
	/* Pages needed at the same time; see needs.h. The first that is given. */
	const char *needs, *needs_real, *needs_prot, *needs_long;
	/* Instead of these on VT-x, see struct probe_paging: .pdptes; .restricted. */
	const char *needs_pdptes, *needs_v86;
	enum probe_result result;

	int code_before;	/* bytes of the instruction below a page boundary */
	bool code_in_table;	/* the code's page is the table that maps it */
	struct probe_op op[PROBE_OPS];
	int push, pop;		/* bytes, or words where negative, at SP */
	bool align16;		/* long mode aligns the stack first (events) */
	uint32_t split;		/* BIT_P() of parts that are to be split */
	enum probe_gdt gdt;
	bool event;		/* there is an IDT entry and a handler */
	uint8_t vector;
	uint8_t ist;		/* 1: the gate uses the TSS's IST1 (long mode) */
	bool task;		/* all of the TSS counts, not its stack pointer */
	bool ldt_gate;		/* the call gate lies in the LDT */
	uint8_t params;		/* words that the call gate copies */
	enum probe_inject inject;
	uint8_t cpl;
	uint8_t push0;		/* words pushed on the TSS's stack */
	enum probe_feature feature;
	struct probe_set set[PROBE_SETS];
	struct probe_put put[PROBE_PUTS];
	struct probe_msr msr[4];
	uint64_t cr4;		/* bits beyond the usual */
	struct probe_set want_reg[2];	/* after it */
	struct probe_put want_mem[2];
	bool steps;		/* makes progress between its faults */
	bool fresh;		/* also run with a new VM for each budget */
	bool ltr;		/* TR is loaded by the case itself */
	bool loads_cr3;		/* MOV CR3 */
};

/*
 * The text is assembled three times. In it BX, SI, DI, BP, AX, CX, DX and SP
 * stand for the registers that addresses have in the mode, so that one text
 * fits all. Registers are symbols here, which the assembler lets be set anew.
 */
#define PROBE_REGS_(l)							\
	".set AX,%" l "ax\n.set BX,%" l "bx\n.set CX,%" l "cx\n"	\
	".set DX,%" l "dx\n.set SI,%" l "si\n.set DI,%" l "di\n"	\
	".set BP,%" l "bp\n.set SP,%" l "sp\n"
#define PROBE_ASM1_(sym, bits, l, text)					\
	".code" #bits "\n" PROBE_REGS_(l)				\
	".globl " sym "," sym "_insn," sym "_end\n"			\
	sym ":\n" text "\n"						\
	".ifndef " sym "_insn\n" sym "_insn:\n.endif\n"			\
	"9: hlt\njmp 9b\n" sym "_end:\n"
#define PROBE_ASM_(name, t16, t32, t64)					\
	asm(".pushsection .rodata\n"					\
	    PROBE_ASM1_("probe_" #name "_16", 16, "e", t16)		\
	    PROBE_ASM1_("probe_" #name "_32", 32, "e", t32)		\
	    PROBE_ASM1_("probe_" #name "_64", 64, "r", t64)		\
	    ".code64\n.popsection\n");
#define PROBE_EXTERN1_(s)						\
	extern const uint8_t s[], s##_insn[], s##_end[];
#define PROBE_EXTERN_(name)						\
	PROBE_EXTERN1_(probe_##name##_16)				\
	PROBE_EXTERN1_(probe_##name##_32)				\
	PROBE_EXTERN1_(probe_##name##_64)
#define PROBE_TEXT1_(s)	{ s, s##_insn, s##_end }
#define PROBE_TEXT_(name) {						\
	PROBE_TEXT1_(probe_##name##_16),				\
	PROBE_TEXT1_(probe_##name##_32),				\
	PROBE_TEXT1_(probe_##name##_64) }

/* Sorted by the linker: families by file, cases as they stand in it. */
#define PROBE_CASE_(id, ...)						\
	static const struct probe_case probe_case_##id			\
	__attribute__((no_reorder)) = {					\
		.name = #id, .family = PROBE_FAMILY,			\
		.text = PROBE_TEXT_(id), __VA_ARGS__ };			\
	static const struct probe_case *const probe_ref_##id		\
	__attribute__((used, no_reorder, section("probe_cases"))) = &probe_case_##id;

/* One text for all modes, or one each for 16, 32 and 64 bits. */
#define CASE(id, text, ...)	CASE3(id, text, text, text, __VA_ARGS__)
#define CASE3(id, t16, t32, t64, ...)					\
	PROBE_ASM_(id, t16, t32, t64) PROBE_EXTERN_(id)			\
	PROBE_CASE_(id, __VA_ARGS__)
#define CASE16(id, text, ...)	CASE3(id, text, "nop", "nop", __VA_ARGS__)
#define CASE32(id, text, ...)	CASE3(id, "nop", text, "nop", __VA_ARGS__)
#define CASE64(id, text, ...)	CASE3(id, "nop", "nop", text, __VA_ARGS__)
/* Code for P_TARGET: TARGET(id, text...) before the case, .target = AT(id). */
#define TARGET(id, text)						\
	PROBE_ASM_(id, text, text, text) PROBE_EXTERN_(id)
#define AT(id)			PROBE_TEXT_(id)

extern const struct probe_case *const __start_probe_cases[];
extern const struct probe_case *const __stop_probe_cases[];

#define probe_for_each_case(c)						\
	for ((c) = __start_probe_cases; (c) < __stop_probe_cases; (c)++)

#endif /* NPTB_PROBE_CASE_H */
