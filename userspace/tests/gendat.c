// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of ring buffers as the kernel lays them out (include/linux/ring_buffer.h),
 * with events as formats.h says. Written as they come, for large files: the first
 * CPU's pages go where they belong, the other's behind them at the end.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nptbudget.h>

#include "fake.h"
#include "formats.h"
#include "gendat.h"
#include "model/tracedat.h"

#define HEAD		16
#define TIME_EXTEND	30
#define DELTA_BITS	27
/* Numbers of the events in formats.h. */
enum { ID_PRINT = 5, ID_ATTACH = 101, ID_EVICT, ID_FAULT, ID_LOOP, ID_BUDGET };

struct gencpu {
	FILE *f;
	uint64_t size, last;
	uint32_t used;
	char page[TRACEDAT_PAGE];
};

struct gendat {
	FILE *f;
	struct tracedat head;
	uint64_t data;
	bool victims;
	struct gencpu cpu[GENDAT_CPUS];
};

static void flush_page(struct gencpu *c)
{
	const uint64_t commit = c->used - HEAD;

	if (c->used <= HEAD)
		return;
	memcpy(c->page + 8, &commit, sizeof(commit));
	assert_int_equal(fwrite(c->page, sizeof(c->page), 1, c->f), 1);
	c->size += sizeof(c->page);
	c->used = 0;
}

static void put32(struct gencpu *c, uint32_t n)
{
	memcpy(c->page + c->used, &n, sizeof(n));
	c->used += sizeof(n);
}

static void put(struct gendat *g, unsigned int cpu, uint64_t ns, const void *data, uint32_t len)
{
	struct gencpu *c = &g->cpu[cpu];
	uint32_t words = (len + 3) / 4;
	uint64_t delta;

	if (c->used + 16 + 4 * words > TRACEDAT_PAGE)
		flush_page(c);
	if (!c->used) {
		memset(c->page, 0, sizeof(c->page));
		memcpy(c->page, &ns, sizeof(ns));
		c->used = HEAD;
		c->last = ns;
	}
	delta = ns - c->last;
	c->last = ns;
	if (delta >> DELTA_BITS) {
		put32(c, TIME_EXTEND | (uint32_t)(delta << 5));
		put32(c, (uint32_t)(delta >> DELTA_BITS));
		delta = 0;
	}
	put32(c, (words <= 28 ? words : 0) | (uint32_t)(delta << 5));
	if (words > 28)
		put32(c, 4 * words + 4);
	memcpy(c->page + c->used, data, len);
	c->used += 4 * words;
}

static struct gendat *open_as(const char *path, const char *format_fault)
{
	const char *const formats[] = {
		FORMAT_ATTACH, FORMAT_EVICT, format_fault, FORMAT_LOOP, FORMAT_BUDGET,
	};
	const uint64_t none[GENDAT_CPUS] = { 0 };
	struct gendat *g = calloc(1, sizeof(*g));
	char *text;
	size_t size, i;

	assert_non_null(g);
	g->head.header_page = strdup(HEADER_PAGE);
	g->head.header_event = strdup(HEADER_EVENT);
	g->head.uname = strdup("Linux 6.12.0-test #1 x86_64");
	g->head.cmdlines = strdup("7 vmm\n");
	g->head.cpus = GENDAT_CPUS;
	assert_int_equal(tracedat_add(&g->head, "ftrace", FORMAT_PRINT), 0);
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		assert_int_equal(tracedat_add(&g->head, "nptbudget", formats[i]), 0);
	assert_int_equal(tracedat_header(&g->head, 0, none, &text, &size), 0);
	free(text);
	g->data = (size + TRACEDAT_PAGE - 1) & ~(uint64_t)(TRACEDAT_PAGE - 1);
	g->f = fopen(path, "w+");
	assert_non_null(g->f);
	fseek(g->f, (long)g->data, SEEK_SET);
	g->cpu[0].f = g->f;
	for (i = 1; i < GENDAT_CPUS; i++) {
		g->cpu[i].f = tmpfile();
		assert_non_null(g->cpu[i].f);
	}
	return g;
}

struct gendat *gendat_open(const char *path)
{
	return open_as(path, FORMAT_FAULT);
}

struct gendat *gendat_open_victims(const char *path)
{
	struct gendat *g = open_as(path, FORMAT_FAULT_VICTIM);

	g->victims = true;
	return g;
}

void gendat_close(struct gendat *g)
{
	uint64_t sizes[GENDAT_CPUS];
	char page[TRACEDAT_PAGE], *text;
	size_t size, i;

	for (i = 0; i < GENDAT_CPUS; i++) {
		flush_page(&g->cpu[i]);
		sizes[i] = g->cpu[i].size;
		if (!i)
			continue;
		rewind(g->cpu[i].f);
		while (fread(page, sizeof(page), 1, g->cpu[i].f) == 1)
			assert_int_equal(fwrite(page, sizeof(page), 1, g->f), 1);
		fclose(g->cpu[i].f);
	}
	assert_int_equal(tracedat_header(&g->head, g->data, sizes, &text, &size), 0);
	rewind(g->f);
	assert_int_equal(fwrite(text, size, 1, g->f), 1);
	assert_int_equal(fclose(g->f), 0);
	free(text);
	tracedat_free(&g->head);
	free(g);
}

struct __attribute__((packed)) common {
	uint16_t type;
	uint8_t flags, preempt;
	int32_t tid;
	int32_t pid, fd;
	uint32_t nth;
};

#define COMMON(id)	{ .type = id, .tid = 7, .pid = 77, .fd = 5, .nth = 1 }

void gendat_note(struct gendat *g, uint64_t ns, const char *text)
{
	char data[512] = { ID_PRINT };

	data[4] = 7;
	strcpy(data + 16, "nptbudget: ");
	strcat(data + 16, text);
	strcat(data + 16, "\n");
	put(g, 0, ns, data, (uint32_t)(16 + strlen(data + 16) + 1));
}

void gendat_attach(struct gendat *g, uint64_t ns, uint64_t budget, const char *policy)
{
	struct __attribute__((packed)) {
		struct common c;
		uint32_t pad;
		uint64_t budget;
		char policy[16];
		uint64_t seed;
	} e = { .c = COMMON(ID_ATTACH), .budget = budget };

	strcpy(e.policy, policy);
	put(g, 0, ns, &e, sizeof(e));
}

void gendat_fault(struct gendat *g, unsigned int cpu, uint64_t ns, const struct gendat_fault *f)
{
	struct __attribute__((packed)) {
		struct common c;
		uint32_t vcpu;
		uint64_t rip, gpa, error;
		uint32_t verdict, evicted;
		uint64_t attempt, resident, seq;
		uint8_t as, known, event, victim_as;
		uint32_t pad;
		uint64_t victim;
		uint8_t own;
	} e = {
		.c = COMMON(ID_FAULT), .vcpu = f->vcpu, .rip = f->rip, .gpa = f->gpa,
		.error = f->error, .verdict = f->verdict, .evicted = f->evicted,
		.attempt = f->attempt, .resident = f->resident, .seq = f->seq, .as = f->as,
		.known = f->known, .event = f->event,
		.victim = f->victim ? f->victim : NPTB_NO_VICTIM,
	};

	put(g, cpu, ns, &e, g->victims ? sizeof(e) : offsetof(typeof(e), victim_as));
}

void gendat_evict(struct gendat *g, unsigned int cpu, uint64_t ns, int vcpu, uint64_t gfn)
{
	struct __attribute__((packed)) {
		struct common c;
		int32_t vcpu;
		uint32_t as, pad;
		uint64_t gfn;
		uint32_t reason;
		uint8_t own;
	} e = { .c = COMMON(ID_EVICT), .vcpu = vcpu, .gfn = gfn };

	put(g, cpu, ns, &e, sizeof(e));
}

void gendat_loop(struct gendat *g, uint64_t ns, uint64_t rip, uint64_t laps,
		 const uint64_t *gfns, const uint8_t *roles, uint32_t pages)
{
	struct __attribute__((packed)) {
		struct common c;
		uint32_t vcpu, class;
		int32_t vector;
		uint64_t rip, cr3, laps, attempt, budget;
		uint32_t pages, at_gfns, at_roles, at_insn, event;
		uint8_t data[256];
	} e = {
		.c = COMMON(ID_LOOP), .vector = -1, .rip = rip, .cr3 = 0x1000, .laps = laps,
		.attempt = 1, .budget = pages - 1, .pages = pages,
	};
	const uint32_t begin = offsetof(__typeof__(e), data);
	uint32_t at = begin;

	e.at_gfns = at | 8 * pages << 16;
	memcpy(e.data, gfns, 8 * (size_t)pages);
	at += 8 * pages;
	e.at_roles = at | pages << 16;
	memcpy(e.data + at - begin, roles, pages);
	at += pages;
	/* add [bx+di], si */
	e.at_insn = at | 2 << 16;
	memcpy(e.data + at - begin, "\x01\x31", 2);
	at += 2;
	put(g, 0, ns, &e, at);
}

const char *gendat_empty(void)
{
	const char *path = fake_in("empty.dat");
	struct gendat *g = gendat_open(path);

	gendat_note(g, 10, "kernel=6.12.0-test machine=x86_64");
	gendat_note(g, 500000000, "end=signal lost=0");
	gendat_close(g);
	return path;
}
