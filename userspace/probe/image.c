// SPDX-License-Identifier: GPL-2.0-only
/* The guest's memory: its frames, and what is in them at the entry. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

#define HLT	0xf4

static int cmp_frame(const void *a, const void *b)
{
	const struct probe_frame *x = a, *y = b;

	return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

/**
 * probe_frames() - give every page and table a frame, once
 * @l: the layout; its pages and tables are known
 *
 * Return: 0, or -ENOMEM.
 */
int probe_frames(struct probe_layout *l)
{
	unsigned int i, n = 0;
	uint8_t *memory;

	for (i = 0; i < l->npages; i++)
		l->frame[n++].gpa = l->page[i].gpa;
	for (i = 0; i < l->ntables; i++)
		l->frame[n++].gpa = l->table[i].gpa;
	qsort(l->frame, n, sizeof(l->frame[0]), cmp_frame);
	/* A page of code may be a table: once is enough. */
	for (i = 0; i < n; i++)
		if (!l->nframes || l->frame[l->nframes - 1].gpa != l->frame[i].gpa)
			l->frame[l->nframes++].gpa = l->frame[i].gpa;
	memory = calloc(l->nframes, PROBE_PAGE);
	if (!memory)
		return -ENOMEM;
	l->memory = memory;
	for (i = 0; i < l->nframes; i++)
		l->frame[i].data = memory + i * PROBE_PAGE;
	return 0;
}

/**
 * probe_frame_at() - the frame of an address
 * @l: the layout
 * @gpa: guest-physical address
 *
 * Return: the frame, or NULL.
 */
struct probe_frame *probe_frame_at(const struct probe_layout *l, uint64_t gpa)
{
	struct probe_frame key = { .gpa = gpa & ~(uint64_t)(PROBE_PAGE - 1) };

	return bsearch(&key, l->frame, l->nframes, sizeof(key), cmp_frame);
}

static uint8_t *at(const struct probe_layout *l, uint8_t *memory, uint64_t lin)
{
	const struct probe_page *page = probe_page_at(l, lin);
	struct probe_frame *frame = page ? probe_frame_at(l, page->gpa) : NULL;

	return frame ? memory + (frame->data - l->memory) + lin % PROBE_PAGE : NULL;
}

/**
 * probe_poke() - write a number to the guest's first memory
 * @l: the layout
 * @lin: linear address; may straddle a page boundary
 * @value: the number
 * @width: bytes of it
 */
void probe_poke(struct probe_layout *l, uint64_t lin, uint64_t value, unsigned int width)
{
	unsigned int i;
	uint8_t *to;

	for (i = 0; i < width; i++, value >>= 8) {
		to = at(l, l->memory, lin + i);
		if (to)
			*to = (uint8_t)value;
	}
}

/**
 * probe_peek() - read a number from a copy of guest memory
 * @l: the layout
 * @memory: as &probe_layout.memory is laid out
 * @lin: linear address
 * @width: bytes
 *
 * Return: the number.
 */
uint64_t probe_peek(const struct probe_layout *l, const uint8_t *memory, uint64_t lin,
		    unsigned int width)
{
	uint64_t value = 0;
	const uint8_t *from;

	while (width--) {
		from = at(l, (uint8_t *)memory, lin + width);
		value = value << 8 | (from ? *from : 0);
	}
	return value;
}

static void fill(struct probe_layout *l)
{
	const struct probe_text *t = probe_text(l->c->text, l->m);
	unsigned int i, j;
	uint8_t *data;

	for (i = 0; i < l->npages; i++) {
		enum probe_part p = l->page[i].part;

		/* A page that is a table has been filled. */
		if (l->c->code_in_table && p == P_CODE)
			continue;
		data = probe_frame_at(l, l->page[i].gpa)->data;
		for (j = 0; j < PROBE_PAGE; j++)
			data[j] = (uint8_t)(p * 37 + i * 11 + j * 7 + 1);
		if (p == P_CODE || p == P_HANDLER || p == P_TARGET)
			memset(data, HLT, PROBE_PAGE);
	}
	for (i = 0; i < l->code_len; i++)
		probe_poke(l, l->part[P_CODE].lin + i, t->code[i], 1);
	if (!l->c->target[0].code)
		return;
	t = probe_text(l->c->target, l->m);
	for (i = 0; i < (unsigned int)(t->end - t->code); i++)
		probe_poke(l, l->part[P_TARGET].lin + i, t->code[i], 1);
}

static void put(struct probe_layout *l)
{
	const struct probe_put *p = l->c->put;
	unsigned int i;

	for (i = 0; i < PROBE_PUTS && p[i].val.kind != V_NONE; i++)
		probe_poke(l, l->part[p[i].part].lin + probe_bytes(l, p[i].offset),
			   probe_value(l, &p[i].val),
			   p[i].width ? (unsigned int)p[i].width : probe_mode_word(l->m));
}

/**
 * probe_fill() - write what the guest's memory holds at the entry
 * @l: the layout; its frames have memory
 */
void probe_fill(struct probe_layout *l)
{
	fill(l);
	probe_tables_fill(l);
	probe_system(l);
	put(l);
}
