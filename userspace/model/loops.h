/* SPDX-License-Identifier: GPL-2.0-only */
/* Fault loops, as the module's "loops" files have them. */
#ifndef NPTB_LOOPS_H
#define NPTB_LOOPS_H

#include <stdbool.h>
#include <stddef.h>

#include <nptbudget.h>

#define LOOP_CLASS_MAX 32
#define LOOP_GPRS 16
#define LOOP_LEVELS 5

/* In the order of NPTB_SEGMENT_NAMES. */
enum loop_segment_nr {
	LOOP_ES, LOOP_CS, LOOP_SS, LOOP_DS, LOOP_FS, LOOP_GS, LOOP_LDTR, LOOP_TR, LOOP_IDTR,
	LOOP_GDTR, LOOP_SEGMENTS,
};

/**
 * struct loop_segment - a segment register, or a descriptor table's
 * @selector: 0 for a descriptor table
 * @base: linear address
 * @limit: last byte, from @base
 * @attr: AMD64 APM volume 2, section 15.5.1
 */
struct loop_segment {
	unsigned long long selector, base, limit, attr;
};

/**
 * struct loop_walk - the guest's page tables for a linear address
 * @addr: the address
 * @mapped: it leads to a page
 * @gpa: which, guest-physical
 * @level: of the last table
 * @nr: tables read
 * @table: their frames, from the first level down to @level
 */
struct loop_walk {
	unsigned long long addr;
	bool mapped;
	unsigned long long gpa;
	unsigned int level;
	size_t nr;
	unsigned long long table[LOOP_LEVELS];
};

/**
 * struct loop_page - a page of a loop set
 * @gfn: guest frame number, guest-physical address >> 12
 * @faults: nested page faults taken on it in the loop
 * @as: KVM's address space: 0 normal, 1 SMM
 * @roles: NPTB_ROLE_* bits; roles that this command does not know are left out
 * @level: of the guest's page table that it is, 0: none, or unknown
 * @what: NPTB_FOR_* bits
 */
struct loop_page {
	unsigned long long gfn;
	unsigned long long faults;
	unsigned int as;
	unsigned int roles;
	unsigned int level;
	unsigned int what;
};

/**
 * struct loop - a fault loop
 * @class: name of an enum nptb_loop_class, or one of a newer module
 * @vcpu: index of the vCPU
 * @vector: vector being delivered, -1 for none
 * @event: what kind of event that is, from NPTB_EVENT_NAMES; empty from an older module
 * @rip: guest RIP, as an offset in the code segment
 * @cr3: guest CR3 at the last lap
 * @cr0: guest CR0 at the last lap
 * @cr4: guest CR4 at the last lap
 * @efer: guest EFER at the last lap
 * @rflags: guest RFLAGS at the last lap
 * @laps: rounds in all
 * @times: how often this place began to loop anew
 * @budget: limit in force at the last lap, pages
 * @nr_pages: distinct pages in the loop set, by the module's count
 * @needs: distinct pages that it was seen to need at once
 * @exact: it ran to its end on lent pages: needs that many
 * @lent: pages lent to one attempt, at most
 * @steps: instructions emulated
 * @resolved: how the last attempt here ended
 * @reason: why it was not emulated, from NPTB_REASON_NAMES; empty from an older module
 * @has_mode: CR0 and EFER are known
 * @has_machine: @cpl, @gpr and @seg are known
 * @cpl: privilege level
 * @gpr: general registers, numbered as in ModRM
 * @seg: segments and descriptor tables
 * @truncated: the loop set was larger than NPTB_LOOP_PAGES_MAX
 * @insn_len: number of bytes in @insn, 0 where they could not be read
 * @insn: bytes at @rip
 * @nr: number of entries of @page
 * @page: the loop set
 * @nr_walks: number of entries of @walk
 * @walk: the guest's page tables, for linear addresses that were asked for
 */
struct loop {
	char class[LOOP_CLASS_MAX];
	unsigned int vcpu;
	int vector;
	char event[LOOP_CLASS_MAX];
	unsigned long long rip, cr3, cr0, cr4, efer, rflags;
	unsigned long long laps, times, budget, nr_pages, needs, lent, steps;
	unsigned int exact;
	char resolved[LOOP_CLASS_MAX];
	char reason[LOOP_CLASS_MAX];
	bool has_mode;
	bool has_machine;
	unsigned int cpl;
	unsigned long long gpr[LOOP_GPRS];
	struct loop_segment seg[LOOP_SEGMENTS];
	bool truncated;
	unsigned int insn_len;
	unsigned char insn[NPTB_INSN_MAX];
	size_t nr;
	struct loop_page *page;
	size_t nr_walks;
	struct loop_walk *walk;
};

/**
 * struct loops - fault loops of a VM
 * @nr: how many
 * @loop: they, in the module's order
 */
struct loops {
	size_t nr;
	struct loop *loop;
};

int loops_add_line(struct loops *ls, char *line);
int loops_check_last(const struct loops *ls);
int loops_parse(struct loops *ls, char *text, unsigned int *bad_line);
void loops_free(struct loops *ls);
int loop_add_walks(struct loop *l, char *text);
bool loops_is_line(const char *line);
bool loop_is(const struct loop *l, enum nptb_loop_class class);

#endif /* NPTB_LOOPS_H */
