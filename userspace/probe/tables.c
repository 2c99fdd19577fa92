// SPDX-License-Identifier: GPL-2.0-only
/* The guest's own page tables. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"

#define TABLES_GPA	0x100000ULL

/* Present, writable, user; accessed and dirty, so that a walk writes nothing. */
#define ENTRY_FLAGS	0x67ULL
#define ENTRY_LARGE	0x80ULL
/* PAE's root has no such bits: AMD64 APM volume 2, section 5.2.3. */
#define ENTRY_PDPTE	0x01ULL

static uint64_t prefix(const struct probe_mode *m, unsigned int level, uint64_t lin)
{
	return lin >> (m->levels[level].shift + m->levels[level].bits);
}

/**
 * probe_table_at() - the table that a walk goes through
 * @l: the layout
 * @level: index of the level, 0 is the root
 * @lin: linear address
 *
 * Return: the table, or NULL where there is none.
 */
const struct probe_table *probe_table_at(const struct probe_layout *l,
					 unsigned int level, uint64_t lin)
{
	uint64_t want = prefix(l->m, level, lin);
	unsigned int i;

	for (i = 0; i < l->ntables; i++)
		if (l->table[i].level == level && l->table[i].prefix == want)
			return &l->table[i];
	return NULL;
}

static int add_table(struct probe_layout *l, unsigned int level, unsigned int page)
{
	if (probe_table_at(l, level, l->page[page].lin))
		return 0;
	if (l->ntables == PROBE_TABLES)
		return -E2BIG;
	l->table[l->ntables] = (struct probe_table) {
		.gpa = TABLES_GPA + l->ntables * PROBE_PAGE,
		.level = level,
		.prefix = prefix(l->m, level, l->page[page].lin),
		.page = page,
	};
	l->ntables++;
	return 0;
}

/**
 * probe_tables() - give every page the tables that lead to it
 * @l: the layout; its pages are known
 *
 * Return: 0, or -E2BIG.
 */
int probe_tables(struct probe_layout *l)
{
	unsigned int level, i;
	int err = 0;

	for (i = 0; i < l->npages; i++)
		for (level = 0; level < l->m->nlevels && !err; level++)
			err = add_table(l, level, i);
	if (err)
		return err;
	if (l->m->nlevels)
		l->cr3 = TABLES_GPA;
	/* The code's page is the very table that maps it. */
	if (l->c->code_in_table)
		for (i = 0; i < l->npages; i++)
			if (l->page[i].part == P_CODE)
				l->page[i].gpa = probe_table_at(l, l->m->nlevels - 1U,
								l->page[i].lin)->gpa;
	return 0;
}

static void set_entry(struct probe_layout *l, const struct probe_table *t, uint64_t lin,
		      uint64_t value)
{
	const struct probe_level *v = &l->m->levels[t->level];
	uint64_t index = (lin >> v->shift) & ((1ULL << v->bits) - 1);

	memcpy(probe_frame_at(l, t->gpa)->data + index * l->m->entry, &value, l->m->entry);
}

/**
 * probe_tables_fill() - write the tables
 * @l: the layout; its frames have memory
 */
void probe_tables_fill(struct probe_layout *l)
{
	unsigned int last = l->m->nlevels - 1U, level, i, shift = probe_page_shift(l->m);
	const struct probe_table *t;
	uint64_t flags, lin;

	if (!l->m->nlevels)
		return;
	for (i = 0; i < l->npages; i++) {
		lin = l->page[i].lin;
		for (level = 0; level < last; level++) {
			t = probe_table_at(l, level, lin);
			flags = l->m->levels[level].bits == 2 ? ENTRY_PDPTE : ENTRY_FLAGS;
			set_entry(l, t, lin, probe_table_at(l, level + 1, lin)->gpa | flags);
		}
		flags = ENTRY_FLAGS | (shift > 12 ? ENTRY_LARGE : 0);
		set_entry(l, probe_table_at(l, last, lin), lin,
			  (l->page[i].gpa & ~((1ULL << shift) - 1)) | flags);
	}
}

/**
 * probe_frame_name() - what a frame is, for people
 * @l: the layout
 * @gpa: guest-physical address
 * @buf: for the text
 * @size: of it
 *
 * Return: @buf: "code", "bx.2" (the second page of it), "PT of si.1", "KVM's TSS".
 */
const char *probe_frame_name(const struct probe_layout *l, uint64_t gpa, char *buf,
			     size_t size)
{
	const struct probe_page *page = NULL;
	const struct probe_table *table = NULL;
	unsigned int i;

	gpa &= ~(uint64_t)(PROBE_PAGE - 1);
	for (i = 0; i < l->npages && !page; i++)
		if (l->page[i].gpa == gpa)
			page = &l->page[i];
	for (i = 0; i < l->ntables && !table; i++)
		if (l->table[i].gpa == gpa)
			table = &l->table[i];
	if (page && table)
		snprintf(buf, size, "%s and %s", l->m->levels[table->level].name,
			 probe_part_names[page->part]);
	else if (page)
		snprintf(buf, size, "%s.%u", probe_part_names[page->part], page->index + 1);
	else if (table && !table->level)
		snprintf(buf, size, "%s", l->m->levels[0].name);
	else if (table)
		snprintf(buf, size, "%s of %s.%u", l->m->levels[table->level].name,
			 probe_part_names[l->page[table->page].part],
			 l->page[table->page].index + 1);
	else if (gpa == PROBE_KVM_IDENTITY)
		snprintf(buf, size, "KVM's identity map");
	else
		snprintf(buf, size, gpa == PROBE_KVM_TSS ? "KVM's TSS" : "?");
	return buf;
}
