// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/dbgfs.h"
#include "explain/explain.h"
#include "base/util.h"

#define CR0_PG	BIT_ULL(31)

/* As people write them. */
static const char *const for_names[] = {
	"code", "stack", "IDT", "GDT", "LDT", "TSS", "what rax points to", "what rcx points to",
	"what rdx points to", "what rbx points to", "what rsp points to", "what rbp points to",
	"what rsi points to", "what rdi points to", "what r8 points to", "what r9 points to",
	"what r10 points to", "what r11 points to", "what r12 points to", "what r13 points to",
	"what r14 points to", "what r15 points to",
	"KVM's TSS for real mode", "KVM's local APIC", "KVM's identity map",
};

_Static_assert(ARRAY_SIZE(for_names) == NPTB_FOR_NR, "a name for each bit");

/**
 * explain_loop() - explain a fault loop
 * @l: the fault loop
 * @e: where to put the explanation
 */
void explain_loop(const struct loop *l, struct explain *e)
{
	disas_loop(l, &e->d);
	operands_of(l, &e->ops);
}

static void add_name(struct explain_page *to, const char *name)
{
	size_t i;

	for (i = 0; i < to->nr; i++)
		if (!strcmp(to->name[i], name))
			return;
	if (to->nr < EXPLAIN_NAMES)
		to->name[to->nr++] = name;
}

static unsigned long long last_byte(const struct operand *op)
{
	return op->linear + op->size - 1;
}

static bool lies_on(const struct loop *l, const struct operand *op, unsigned long long gfn)
{
	unsigned long long first, last;

	return (operand_gfn(l, op, op->linear, &first) && first == gfn) ||
	       (operand_gfn(l, op, last_byte(op), &last) && last == gfn);
}

/* The level of a frame among the tables of a walk, 0 for none. */
static unsigned int level_in(const struct loop_walk *w, unsigned long long gfn)
{
	size_t i;

	for (i = w->nr; i > 0; i--)
		if (w->table[i - 1] == gfn)
			return w->level + (unsigned int)(w->nr - i);
	return 0;
}

/* The operands whose walks read this table. */
static void name_table(const struct loop *l, const struct operands *ops,
		       const struct loop_page *p, struct explain_page *to)
{
	unsigned int level;
	size_t i, o;

	for (i = 0; i < l->nr_walks; i++) {
		level = level_in(&l->walk[i], p->gfn);
		if (!level)
			continue;
		to->level = level;
		for (o = 0; o < ops->nr; o++)
			if (ops->op[o].linear >> 12 == l->walk[i].addr >> 12 ||
			    last_byte(&ops->op[o]) >> 12 == l->walk[i].addr >> 12)
				add_name(to, ops->op[o].text);
	}
}

/*
 * An access that reads and writes faults as either, and QEMU's CPU reads first:
 * a page that an operand lies on has the operand's roles, too.
 */
static void name_data(const struct loop *l, const struct operands *ops,
		      const struct loop_page *p, struct explain_page *to)
{
	const unsigned int data = NPTB_ROLE_READ | NPTB_ROLE_WRITE;
	size_t o;

	for (o = 0; o < ops->nr; o++) {
		if (!lies_on(l, &ops->op[o], p->gfn))
			continue;
		add_name(to, ops->op[o].text);
		if (p->roles & data)
			to->roles |= ops->op[o].roles & data;
	}
}

/*
 * What the module found: operands, by their names. Or else whatever leads there:
 * a register may hold a number that happens to be an address.
 */
static void name_by_record(const struct operands *ops, const struct loop_page *p,
			   struct explain_page *to)
{
	unsigned int what;
	bool none;
	size_t o;

	for (o = 0; o < ops->nr; o++)
		if (p->what & ops->op[o].what)
			add_name(to, ops->op[o].text);
	none = !to->nr;
	for (what = 0; none && what < NPTB_FOR_NR; what++)
		if (p->what & BIT(what))
			add_name(to, for_names[what]);
}

/* KVM's own pages are nothing of the guest's, whatever points there. */
static bool name_kvm(const struct loop_page *p, struct explain_page *to)
{
	const unsigned int kvm = NPTB_FOR_KVM_TSS | NPTB_FOR_KVM_APIC | NPTB_FOR_KVM_IDENTITY;
	unsigned int what;

	for (what = 0; what < NPTB_FOR_NR; what++)
		if (p->what & kvm & BIT(what))
			add_name(to, for_names[what]);
	return p->what & kvm;
}

/**
 * explain_page() - say what a page of a loop set is
 * @l: the fault loop
 * @e: its explanation
 * @p: the page
 * @to: where to put what is known
 */
void explain_page(const struct loop *l, const struct explain *e, const struct loop_page *p,
		  struct explain_page *to)
{
	*to = (struct explain_page){ .roles = p->roles };
	if (name_kvm(p, to))
		return;
	if (p->roles & NPTB_ROLE_TABLE) {
		name_table(l, &e->ops, p, to);
		if (!to->level)
			to->level = p->level;
	}
	if (p->roles & ~NPTB_ROLE_TABLE)
		name_data(l, &e->ops, p, to);
	if (!to->nr)
		name_by_record(&e->ops, p, to);
}

/**
 * explain_ask() - ask the module for the page tables of a loop
 * @vm: name of the VM
 * @l: the fault loop; its walks are filled in
 *
 * It answers where the vCPU still is in that loop. Otherwise what the record has
 * will do.
 */
void explain_ask(const char *vm, struct loop *l)
{
	struct operands ops;
	char request[1024], *text;
	size_t used, i;

	operands_of(l, &ops);
	if (!ops.nr || !(l->cr0 & CR0_PG) || l->nr_walks)
		return;
	used = (size_t)snprintf(request, sizeof(request), "vcpu=%u rip=0x%llx cr3=0x%llx",
				l->vcpu, l->rip, l->cr3);
	for (i = 0; i < ops.nr; i++) {
		used += (size_t)snprintf(request + used, sizeof(request) - used, " addr=0x%llx",
					 ops.op[i].linear);
		if (ops.op[i].linear >> 12 != last_byte(&ops.op[i]) >> 12)
			used += (size_t)snprintf(request + used, sizeof(request) - used,
						 " addr=0x%llx", last_byte(&ops.op[i]));
	}
	if (dbgfs_translate(vm, request, &text))
		return;
	if (loop_add_walks(l, text)) {
		/* No answer that is understood. */
		free(l->walk);
		l->walk = NULL;
		l->nr_walks = 0;
	}
	free(text);
}
