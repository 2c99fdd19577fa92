/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the parts of a case lie in a mode: linear addresses, the frames behind
 * them, and the guest's own page tables. Pure: no KVM here.
 */
#ifndef NPTB_PROBE_LAYOUT_H
#define NPTB_PROBE_LAYOUT_H

#include <stddef.h>

#include "case.h"
#include "mode.h"

#define PROBE_PAGES	64
#define PROBE_TABLES	160
#define PROBE_FRAMES	(PROBE_PAGES + PROBE_TABLES)
#define PROBE_CODE_MAX	512

/**
 * struct probe_range - the bytes of a part
 * @lin: linear address of the first
 * @size: how many; 0: the case has no such part
 */
struct probe_range {
	uint64_t lin;
	uint32_t size;
};

/**
 * struct probe_page - a page of the guest's linear address space
 * @lin: its address
 * @gpa: guest-physical address of its frame
 * @part: the first part that wanted it
 * @index: its number among the pages of that part
 */
struct probe_page {
	uint64_t lin;
	uint64_t gpa;
	enum probe_part part;
	unsigned int index;
};

/**
 * struct probe_table - one of the guest's page tables
 * @gpa: its address
 * @level: index in &probe_mode.levels
 * @prefix: address bits above those that index it
 * @page: index of the page that it was first made for
 */
struct probe_table {
	uint64_t gpa;
	unsigned int level;
	uint64_t prefix;
	unsigned int page;
};

/**
 * struct probe_frame - a frame that the guest has, and what is in it at first
 * @gpa: its address
 * @data: PROBE_PAGE bytes
 */
struct probe_frame {
	uint64_t gpa;
	uint8_t *data;
};

/**
 * struct probe_paging - how the host maps its guests' memory
 * @shadow: KVM shadows the guest's tables (npt=0, ept=0)
 * @pdptes: the CPU keeps the four entries of PAE's root, and MOV CR3 loads them: EPT
 * @restricted: VT-x without "unrestricted guest", whose guests always have paging on.
 *	KVM runs real mode as virtual-8086 mode, and emulates all of it where segments are
 *	not of 64 KiB; under EPT unpaged guests go through an identity map of KVM's
 */
struct probe_paging {
	bool shadow;
	bool pdptes;
	bool restricted;
};

/* Where KVM has its pages in a guest: what vmm.c and KVM choose. */
#define PROBE_KVM_IDENTITY	0xfffbc000ULL
#define PROBE_KVM_TSS		0xfffbd000ULL

/**
 * struct probe_layout - a case in a mode
 * @c: the case
 * @m: the mode
 * @part: bytes of each part
 * @home: whose boundary each part lies at
 * @gdt: linear address of the GDT
 * @idt: of the IDT
 * @tss: of the TSS
 * @ldt: of the LDT
 * @sp: initial stack pointer, linear
 * @sp0: stack pointer in the TSS, linear
 * @cs_base: of the code segment
 * @ss_base: of the stack segment
 * @cr3: root of the page tables, 0 without paging
 * @npages: entries used in @page
 * @ntables: entries used in @table
 * @nframes: entries used in @frame
 * @nunits: entries used in @unit
 * @page: linear pages
 * @table: page tables
 * @frame: frames, by address
 * @unit: large pages that have been given frames
 * @memory: what the frames hold at first
 * @paging: the host's; set after probe_layout()
 * @code_len: bytes of code
 * @insn_len: bytes of it that are the instruction
 */
struct probe_layout {
	const struct probe_case *c;
	const struct probe_mode *m;
	struct probe_range part[P_NR];
	enum probe_part home[P_NR];
	uint64_t gdt, idt, tss, ldt, sp, sp0, cs_base, ss_base, cr3;
	unsigned int code_len, insn_len;
	unsigned int npages, ntables, nframes, nunits;
	struct probe_page page[PROBE_PAGES];
	struct probe_table table[PROBE_TABLES];
	struct probe_frame frame[PROBE_FRAMES];
	uint64_t unit[PROBE_PAGES];
	uint8_t *memory;
	struct probe_paging paging;
};

bool probe_fits(const struct probe_case *c, const struct probe_mode *m);
int probe_layout(struct probe_layout *l, const struct probe_case *c,
		 const struct probe_mode *m);
void probe_layout_free(struct probe_layout *l);

const struct probe_text *probe_text(const struct probe_text *t,
				    const struct probe_mode *m);
const struct probe_page *probe_page_at(const struct probe_layout *l, uint64_t lin);
const struct probe_table *probe_table_at(const struct probe_layout *l,
					 unsigned int level, uint64_t lin);
struct probe_frame *probe_frame_at(const struct probe_layout *l, uint64_t gpa);
const char *probe_frame_name(const struct probe_layout *l, uint64_t gpa,
			     char *buf, size_t size);
void probe_poke(struct probe_layout *l, uint64_t lin, uint64_t value, unsigned int width);
uint64_t probe_peek(const struct probe_layout *l, const uint8_t *memory, uint64_t lin,
		    unsigned int width);
uint64_t probe_value(const struct probe_layout *l, const struct probe_val *v);
uint16_t probe_selector(const struct probe_layout *l, enum probe_part part);

unsigned int probe_bytes(const struct probe_layout *l, int size);

/* image.c */
int probe_frames(struct probe_layout *l);
void probe_fill(struct probe_layout *l);
/* tables.c */
int probe_tables(struct probe_layout *l);
void probe_tables_fill(struct probe_layout *l);
/* system.c */
void probe_system(struct probe_layout *l);

#endif /* NPTB_PROBE_LAYOUT_H */
