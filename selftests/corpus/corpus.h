/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small guest programs whose least budget is known. Each is one instruction, or
 * the delivery of one event, and a HLT behind it; where its code, its operands,
 * its descriptors and its page tables lie is chosen at random, from a seed.
 *
 * The generator writes the program into guest memory and says, step by step,
 * which bytes it touches; the model counts the distinct pages of that. Neither
 * knows of the module, or of anything that was measured.
 */
#ifndef NPTB_CORPUS_H
#define NPTB_CORPUS_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORPUS_MEMORY		(4UL << 20)
#define CORPUS_FRAMES		(CORPUS_MEMORY >> 12)
/* Frames from here on are for what is mapped by 2 MiB pages. */
#define CORPUS_LARGE		(CORPUS_FRAMES / 2)

#define CORPUS_PAGES_MAX	32
#define CORPUS_STEPS_MAX	12
#define CORPUS_RANGES_MAX	8
#define CORPUS_LEVELS		4

enum corpus_mode {
	CORPUS_REAL,
	CORPUS_PROT,	/* 32 bits, no paging */
	CORPUS_LEGACY,	/* 32 bits, two levels of page tables */
	CORPUS_PAE,	/* 32 bits, three levels */
	CORPUS_LONG,	/* 64 bits, four levels */
	CORPUS_MODES,
};

/* Bytes that a step touches, by linear address. */
struct corpus_range {
	uint64_t linear;
	unsigned int len;
};

/*
 * What completes at once or not at all: an instruction, one round of a repeated
 * one, or the delivery of an event (@vector, else -1).
 */
struct corpus_step {
	uint64_t rip;
	int vector;
	unsigned int ranges;
	struct corpus_range range[CORPUS_RANGES_MAX];
};

/* A linear page, its frame, and the frames of the tables that map it. */
struct corpus_page {
	uint64_t lpn;
	uint64_t gfn;
	unsigned int tables;
	uint64_t table[CORPUS_LEVELS];
};

struct corpus_case {
	char name[128];
	enum corpus_mode mode;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	uint64_t end_rip;		/* behind the HLT */
	unsigned int pages;
	struct corpus_page page[CORPUS_PAGES_MAX];
	unsigned int steps;
	struct corpus_step step[CORPUS_STEPS_MAX];

	/* The generator's own. */
	uint8_t *mem;
	uint64_t random;
	uint64_t root;			/* guest-physical, of the page tables */
	uint16_t fill[CORPUS_FRAMES];	/* bytes in use of a frame of data */
	uint8_t used[CORPUS_FRAMES];	/* frame is in use, for data or a table */
	uint8_t code[16];
	unsigned int code_len;
	uint64_t code_at;
	uint64_t code_base;
	uint64_t gdt_at;
};

/*
 * Generate case @index of @seed into @mem and @c; @sregs are those of a fresh
 * vCPU. @mem has CORPUS_MEMORY bytes, all zero but for what the case before left
 * there, which @c knows; @c is zero at first. False where this instruction does
 * not exist in this mode, or needs no more than one page.
 */
bool corpus_generate(struct corpus_case *c, uint64_t seed, unsigned int index,
		     uint8_t *mem, const struct kvm_sregs *sregs);

/* The host is on VT-x, not on AMD-V. */
extern bool corpus_vtx;

/* Distinct pages that a step needs. */
unsigned int corpus_step_pages(const struct corpus_case *c,
			       const struct corpus_step *step);
/* The most of all steps: the least budget that the program ends with. */
unsigned int corpus_need(const struct corpus_case *c);
/* The first step that needs the most. */
const struct corpus_step *corpus_hardest(const struct corpus_case *c);

extern const char *const corpus_mode_names[CORPUS_MODES];

/* build.c: guest memory and its page tables. */
uint32_t corpus_random(struct corpus_case *c, uint32_t below);
void corpus_memory(struct corpus_case *c);
/* Room for @len bytes somewhere; crossing into another page where @split. */
uint64_t corpus_place(struct corpus_case *c, unsigned int len, bool split);
void corpus_poke(struct corpus_case *c, uint64_t linear, const void *buf,
		 unsigned int len);

/* state.c: segments, descriptors and gates. */
bool corpus_long(const struct corpus_case *c);
unsigned int corpus_word(const struct corpus_case *c);
/* Make @seg reach @linear; what an address register is to hold. */
uint64_t corpus_reach(struct corpus_case *c, struct kvm_segment *seg,
		      uint64_t linear);
void corpus_mode_state(struct corpus_case *c, unsigned int cpl);
/* Put two descriptors, code and data of privilege level 0, somewhere. */
void corpus_gdt(struct corpus_case *c, bool split);
void corpus_event(struct corpus_case *c, int vector, unsigned int cpl,
		  uint64_t rip);

/* insn.c: what the programs do. */
unsigned int corpus_templates(void);
bool corpus_emit(struct corpus_case *c, unsigned int nr);

/* For steps. */
struct corpus_step *corpus_begin(struct corpus_case *c, uint64_t rip, int vector);
void corpus_touch(struct corpus_step *step, uint64_t linear, unsigned int len);
/* Put the code somewhere, and set CS:RIP to it. */
void corpus_put_code(struct corpus_case *c, bool split);
/* A step of the code as it is; what else it touches is to be added. */
struct corpus_step *corpus_code_step(struct corpus_case *c);

#define CORPUS_SEL_CODE	0x18
#define CORPUS_SEL_DATA	0x20

#endif
