// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "base/util.h"
#include "explain.h"

static void code(FILE *to, const struct probe_layout *l, enum probe_part part, unsigned int len)
{
	static const ZydisMachineMode modes[] = {
		[1] = ZYDIS_MACHINE_MODE_REAL_16, [2] = ZYDIS_MACHINE_MODE_LEGACY_32,
		[4] = ZYDIS_MACHINE_MODE_LONG_64,
	};
	uint64_t lin = l->part[part].lin;
	ZydisDisassembledInstruction in;
	unsigned int at, i, n;
	uint8_t bytes[15];

	for (at = 0; at < len; at += n) {
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)probe_peek(l, l->memory, lin + at + i, 1);
		n = 1;
		strcpy(in.text, "?");
		if (ZYAN_SUCCESS(ZydisDisassembleIntel(modes[l->m->bits / 16], lin + at, bytes,
						       sizeof(bytes), &in)))
			n = in.info.length;
		fprintf(to, "  %#14llx  ", (unsigned long long)(lin + at));
		for (i = 0; i < n; i++)
			fprintf(to, "%02x", bytes[i]);
		fprintf(to, "%*s  %s\n", (int)(30 - 2 * n), "", in.text);
	}
}

static void parts(FILE *to, const struct probe_layout *l)
{
	unsigned int p, n;
	uint64_t first;

	fputs("Parts: where each begins, its size, the pages it lies in\n", to);
	for (p = 1; p < P_NR; p++) {
		if (!l->part[p].size)
			continue;
		/* The GDT has all descriptors: show those that count. */
		if (p >= P_GDT_FIRST && p <= P_GDT_LAST &&
		    !strstr(probe_formula(l), probe_part_names[p]))
			continue;
		first = l->part[p].lin & ~(uint64_t)(PROBE_PAGE - 1);
		n = (unsigned int)((l->part[p].lin + l->part[p].size - 1 - first) / PROBE_PAGE + 1);
		fprintf(to, "  %-8s %#14llx  %5u bytes, %u page%s\n", probe_part_names[p],
			(unsigned long long)l->part[p].lin, l->part[p].size, n, n == 1 ? "" : "s");
	}
}

static void map(FILE *to, const struct probe_layout *l)
{
	char name[48];
	unsigned int i;

	fputs("Memory: linear pages, and the guest-physical frames behind them\n", to);
	for (i = 0; i < l->npages; i++)
		fprintf(to, "  %#14llx -> %#11llx  %s.%u\n", (unsigned long long)l->page[i].lin,
			(unsigned long long)l->page[i].gpa, probe_part_names[l->page[i].part],
			l->page[i].index + 1);
	if (l->ntables)
		fputs("Page tables: guest-physical, and the first page that each was made for\n",
		      to);
	for (i = 0; i < l->ntables; i++)
		fprintf(to, "  %#11llx  %s\n", (unsigned long long)l->table[i].gpa,
			probe_frame_name(l, l->table[i].gpa, name, sizeof(name)));
}

static void entry(FILE *to, const struct probe_layout *l)
{
	static const char *const names[R_NR] = {
		"", "ax", "bx", "cx", "dx", "si", "di", "bp", "sp", "r8", "r9", "r10", "r11",
	};
	struct kvm_sregs s = { 0 };
	struct kvm_regs r;
	unsigned int i;

	vmm_entry_sregs(l, &s);
	vmm_entry_regs(l, &r);
	fprintf(to, "Entry: ip %#llx, cs %#x, ss %#x, cr0 %#llx, cr3 %#llx, cr4 %#llx, efer %#llx\n",
		(unsigned long long)r.rip, s.cs.selector, s.ss.selector,
		(unsigned long long)s.cr0, (unsigned long long)s.cr3,
		(unsigned long long)s.cr4, (unsigned long long)s.efer);
	fprintf(to, "  gdt %#llx, idt %#llx, tss %#llx, ring %u\n ",
		(unsigned long long)s.gdt.base, (unsigned long long)s.idt.base,
		(unsigned long long)s.tr.base, l->c->cpl);
	for (i = R_AX; i < R_NR; i++)
		if (vmm_reg(&r, i))
			fprintf(to, " %s %#llx", names[i], (unsigned long long)vmm_reg(&r, i));
	fputc('\n', to);
	if (l->c->inject)
		fprintf(to, "  %s %u is injected at the entry\n",
			l->c->inject == INJECT_NMI ? "NMI," : "interrupt,", l->c->vector);
}

/**
 * explain_case() - the case in its mode, before it is run
 * @to: where to
 * @l: the case in the mode
 */
void explain_case(FILE *to, const struct probe_layout *l)
{
	const struct probe_text *t = probe_text(l->c->target, l->m);

	fprintf(to, "%s in mode %s\n  %s\n  %s\n", l->c->name, l->m->name, l->c->what, l->m->what);
	if (l->c->note)
		fprintf(to, "\n%s\n", l->c->note);
	fputs("\nCode\n", to);
	code(to, l, P_CODE, l->code_len);
	if (t->code) {
		fputs("Code at the target\n", to);
		code(to, l, P_TARGET, (unsigned int)(t->end - t->code));
	}
	parts(to, l);
	map(to, l);
	entry(to, l);
}

static void page_line(FILE *to, const struct probe_layout *l, uint64_t gpa, uint32_t roles)
{
	static const char *const role_names[] = NPTB_ROLE_NAMES;
	char name[48];
	const char *comma = "";
	unsigned int i;

	fprintf(to, "    %#11llx  %-16s ", (unsigned long long)gpa,
		probe_frame_name(l, gpa, name, sizeof(name)));
	for (i = 0; i < NPTB_ROLE_NR; i++) {
		if (!(roles & (1U << i)))
			continue;
		fprintf(to, "%s%s", comma, role_names[i]);
		comma = ",";
	}
	fputc('\n', to);
}

static void budgets(FILE *to, const struct probe_measure *x)
{
	const struct probe_outcome *o;
	unsigned int i;

	fputs("Measured\n", to);
	for (i = 0; i < x->nr; i++) {
		o = &x->outcome[i];
		if (o->end != VMM_LOOP) {
			fprintf(to, "  budget %u: completes", o->budget);
			if (o->gains)
				fprintf(to, ", after %u stops with progress in between", o->gains);
			fputc('\n', to);
			continue;
		}
		fprintf(to, "  budget %u: loops at ip %#llx, %s", o->budget,
			(unsigned long long)o->rip, o->class);
		if (o->vector >= 0)
			fprintf(to, " of vector %d", o->vector);
		fprintf(to, ", %u pages in turn\n", o->pages);
	}
}

/**
 * explain_measure() - what theory says, each budget's outcome, the pages
 * @to: where to
 * @l: the case in its mode
 * @x: what was measured
 */
void explain_measure(FILE *to, const struct probe_layout *l, const struct probe_measure *x)
{
	unsigned int i;
	size_t j;

	fprintf(to, "Theory: %s, %s the tables of each walk: %u pages\n",
		probe_formula(l), l->paging.shadow ? "without" : "with", x->need.n);
	for (i = 0; i < x->need.n; i++)
		page_line(to, l, x->need.gpa[i], x->need.role[i]);
	budgets(to, x);
	if (x->status == PROBE_EMULATED) {
		fprintf(to, "  KVM emulates all of it, %llu instructions: it needs no page\n\n",
			x->emulated);
		return;
	}
	if (x->status != PROBE_OK) {
		fprintf(to, "  not measured: %s\n\n", x->why);
		return;
	}
	fprintf(to, "  the %u pages that it needs at once, and what each is first wanted for:\n",
		x->min);
	for (j = 0; j < x->loop.nr; j++)
		page_line(to, l, x->loop.page[j].gfn * PROBE_PAGE, x->loop.page[j].roles);
	fprintf(to, "  %u pages touched in all, %llu faults with %u pages\n", x->touched, x->faults,
		x->min);
	if (x->emulated)
		fprintf(to, "  KVM emulated %llu instructions of it\n", x->emulated);
	fprintf(to, "  registers and memory after it: %s a run without a budget%s%s\n",
		x->same ? "as after" : "NOT as after", x->same ? "" : ": ", x->differs);
	fprintf(to, "  theory %s\n\n", x->agrees ? "agrees" : "DIFFERS");
}
