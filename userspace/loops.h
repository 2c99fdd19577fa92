/* SPDX-License-Identifier: GPL-2.0-only */
/* Fault loops, as the module's "loops" files have them. */
#ifndef NPTB_LOOPS_H
#define NPTB_LOOPS_H

#include <stdbool.h>
#include <stddef.h>

#include "../uapi/nptbudget.h"

#define LOOP_CLASS_MAX 32

/**
 * struct loop_page - a page of a loop set
 * @gfn: guest frame number, guest-physical address >> 12
 * @faults: nested page faults taken on it in the loop
 * @as: KVM's address space: 0 normal, 1 SMM
 * @roles: NPTB_ROLE_* bits; roles that this command does not know are left out
 */
struct loop_page {
	unsigned long long gfn;
	unsigned long long faults;
	unsigned int as;
	unsigned int roles;
};

/**
 * struct loop - a fault loop
 * @class: name of an enum nptb_loop_class, or one of a newer module
 * @vcpu: index of the vCPU
 * @vector: vector being delivered, -1 for none
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
 * @has_mode: CR0 and EFER are known
 * @truncated: the loop set was larger than NPTB_LOOP_PAGES_MAX
 * @insn_len: number of bytes in @insn, 0 where they could not be read
 * @insn: bytes at @rip
 * @nr: number of entries of @page
 * @page: the loop set
 */
struct loop {
	char class[LOOP_CLASS_MAX];
	unsigned int vcpu;
	int vector;
	unsigned long long rip, cr3, cr0, cr4, efer, rflags;
	unsigned long long laps, times, budget, nr_pages;
	bool has_mode;
	bool truncated;
	unsigned int insn_len;
	unsigned char insn[NPTB_INSN_MAX];
	size_t nr;
	struct loop_page *page;
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
bool loops_is_line(const char *line);
bool loop_is(const struct loop *l, enum nptb_loop_class class);

#endif /* NPTB_LOOPS_H */
