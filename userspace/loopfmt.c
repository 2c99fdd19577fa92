// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "disas.h"
#include "loopfmt.h"
#include "util.h"

static const char *const role_names[] = NPTB_ROLE_NAMES;

/* AMD64 APM volume 2, table 8-1. */
static const char *const vector_names[] = {
	"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", NULL, "#TS",
	"#NP", "#SS", "#GP", "#PF", NULL, "#MF", "#AC", "#MC", "#XF", "#VE", "#CP",
};

#define NR_VECTOR_NAMES ((int)ARRAY_SIZE(vector_names))

/*
 * The module's roles are those of single faults. The fault on an operand that
 * is read and written says "write", or "read" where the CPU loads first (QEMU's
 * does). Where the instruction writes no operand without reading it, every
 * written page is such a one; and the other way round.
 */
static unsigned int refine_roles(const struct loop *l, const struct disas *d, unsigned int roles)
{
	const unsigned int rw = NPTB_ROLE_READ | NPTB_ROLE_WRITE;

	if (!loop_is(l, NPTB_LOOP_INSTRUCTION))
		return roles;
	if ((d->writes_read && roles & NPTB_ROLE_WRITE) ||
	    (d->reads_written && roles & NPTB_ROLE_READ))
		roles |= rw;
	return roles;
}

static void role_text(unsigned int roles, char *buf, size_t size)
{
	const unsigned int rw = NPTB_ROLE_READ | NPTB_ROLE_WRITE;
	const char *name;
	size_t used = 0;
	unsigned int i;

	snprintf(buf, size, "-");
	for (i = 0; i < NPTB_ROLE_NR && used < size; i++) {
		if (!(roles & BIT(i)))
			continue;
		name = role_names[i];
		if ((roles & rw) == rw && BIT(i) == NPTB_ROLE_READ)
			continue;
		if ((roles & rw) == rw && BIT(i) == NPTB_ROLE_WRITE)
			name = "read/write";
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "", name);
	}
}

static void bytes_text(const struct loop *l, const struct disas *d, char *buf, size_t size)
{
	unsigned int len = d->len ? d->len : l->insn_len, i;
	size_t used = 0;

	*buf = '\0';
	for (i = 0; i < len && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%02x", i ? " " : "",
					 l->insn[i]);
}

static void what_text(const struct loop *l, char *buf, size_t size)
{
	const char *name = NULL;

	if (!loop_is(l, NPTB_LOOP_EVENT)) {
		snprintf(buf, size, "in %s %s", loop_is(l, NPTB_LOOP_INSTRUCTION) ? "an" : "class",
			 l->class);
		return;
	}
	if (l->vector >= 0 && l->vector < NR_VECTOR_NAMES)
		name = vector_names[l->vector];
	if (name)
		snprintf(buf, size, "in the delivery of vector %d (%s)", l->vector, name);
	else if (l->vector >= 0)
		snprintf(buf, size, "in the delivery of vector %d", l->vector);
	else
		snprintf(buf, size, "in the delivery of an event");
}

static const char *insn_text(const struct loop *l, const struct disas *d)
{
	if (!l->insn_len)
		return "(bytes unreadable)";
	return d->len ? d->text : "(no instruction)";
}

static void need_text(const struct loop *l, char *buf, size_t size)
{
	const char *s = l->nr_pages == 1 && !l->truncated ? "" : "s";
	const char *least = l->truncated ? "more than" : "at least";

	if (l->nr_pages > l->budget)
		snprintf(buf, size, "needs %s %llu page%s at once, has %llu", least, l->nr_pages,
			 s, l->budget);
	else
		snprintf(buf, size,
			 "needs %s %llu page%s at once; the VM had %llu for all vCPUs, or just got it",
			 least, l->nr_pages, s, l->budget);
}

static void print_pages(FILE *to, const struct loop *l, const struct disas *d)
{
	bool smm = false;
	char roles[64];
	size_t i;

	for (i = 0; i < l->nr; i++)
		smm |= l->page[i].as != 0;
	fprintf(to, "    %-12s  %-16s  %s%-18s  %10s\n", "GFN", "GPA", smm ? "AS  " : "",
		"ROLES", "FAULTS");
	for (i = 0; i < l->nr; i++) {
		role_text(refine_roles(l, d, l->page[i].roles), roles, sizeof(roles));
		fprintf(to, "    0x%-10llx  0x%-14llx  ", l->page[i].gfn, l->page[i].gfn << 12);
		if (smm)
			fprintf(to, "%-4u", l->page[i].as);
		fprintf(to, "%-18s  %10llu\n", roles, l->page[i].faults);
	}
}

/**
 * loop_print() - explain a fault loop in full
 * @to: where to
 * @vm: name of the VM
 * @comm: name of its process
 * @l: the fault loop
 */
void loop_print(FILE *to, const char *vm, const char *comm, const struct loop *l)
{
	char what[80], need[128], bytes[3 * NPTB_INSN_MAX + 1];
	struct disas d;

	disas_loop(l, &d);
	what_text(l, what, sizeof(what));
	need_text(l, need, sizeof(need));
	bytes_text(l, &d, bytes, sizeof(bytes));
	fprintf(to, "VM %s (%s), vCPU %u: fault loop %s, %llu lap%s", vm, comm, l->vcpu, what,
		l->laps, l->laps == 1 ? "" : "s");
	if (l->times > 1)
		fprintf(to, " in %llu times", l->times);
	fprintf(to, "\n  rip 0x%llx: %s", l->rip, insn_text(l, &d));
	if (*bytes)
		fprintf(to, "  [%s]", bytes);
	fprintf(to, "\n  %s, cr3 0x%llx\n  %s:\n", d.mode, l->cr3, need);
	print_pages(to, l, &d);
}

/* Pages that a short explanation names. */
#define SHORT_PAGES 6

/**
 * loop_print_short() - explain a fault loop in two lines
 * @to: where to
 * @l: the fault loop
 */
void loop_print_short(FILE *to, const struct loop *l)
{
	char what[80], need[128], roles[64];
	struct disas d;
	size_t i;

	disas_loop(l, &d);
	what_text(l, what, sizeof(what));
	need_text(l, need, sizeof(need));
	fprintf(to, "  loop: vCPU %u, rip 0x%llx, %s", l->vcpu, l->rip, insn_text(l, &d));
	if (!loop_is(l, NPTB_LOOP_INSTRUCTION))
		fprintf(to, ", %s", what);
	fprintf(to, "; %llu lap%s\n    %s:", l->laps, l->laps == 1 ? "" : "s", need);
	for (i = 0; i < l->nr && i < SHORT_PAGES; i++) {
		role_text(refine_roles(l, &d, l->page[i].roles), roles, sizeof(roles));
		fprintf(to, "%s gfn 0x%llx %s", i ? ";" : "", l->page[i].gfn, roles);
	}
	if (l->nr > SHORT_PAGES)
		fprintf(to, "; and %zu more", l->nr - SHORT_PAGES);
	fputc('\n', to);
}

static struct json_object *hex_json(unsigned long long v)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "0x%llx", v);
	return json_object_new_string(buf);
}

static struct json_object *page_json(const struct loop *l, const struct disas *d,
				     const struct loop_page *p)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *roles = json_object_new_array();
	unsigned int bits = refine_roles(l, d, p->roles), i;

	for (i = 0; i < NPTB_ROLE_NR; i++)
		if (bits & BIT(i))
			json_object_array_add(roles, json_object_new_string(role_names[i]));
	json_object_object_add(obj, "gfn", hex_json(p->gfn));
	json_object_object_add(obj, "gpa", hex_json(p->gfn << 12));
	json_object_object_add(obj, "as", json_object_new_uint64(p->as));
	json_object_object_add(obj, "roles", roles);
	json_object_object_add(obj, "faults", json_object_new_uint64(p->faults));
	return obj;
}

static void add_insn(struct json_object *obj, const struct loop *l, const struct disas *d)
{
	char hex[2 * NPTB_INSN_MAX + 1] = "";
	unsigned int i;

	for (i = 0; i < l->insn_len; i++)
		sprintf(hex + 2 * i, "%02x", l->insn[i]);
	json_object_object_add(obj, "insn", l->insn_len ? json_object_new_string(hex) : NULL);
	json_object_object_add(obj, "insn_length",
			       d->len ? json_object_new_uint64(d->len) : NULL);
	json_object_object_add(obj, "disassembly",
			       d->len ? json_object_new_string(d->text) : NULL);
}

/**
 * loop_json() - a fault loop as a JSON object
 * @l: the fault loop
 *
 * Addresses and registers are strings of hex digits, because readers of JSON
 * may keep numbers as doubles; counts are numbers. What is unknown is null.
 *
 * Return: the object.
 */
struct json_object *loop_json(const struct loop *l)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *pages = json_object_new_array();
	struct disas d;
	size_t i;

	disas_loop(l, &d);
	json_object_object_add(obj, "class", json_object_new_string(l->class));
	json_object_object_add(obj, "vcpu", json_object_new_uint64(l->vcpu));
	json_object_object_add(obj, "vector",
			       l->vector < 0 ? NULL : json_object_new_int(l->vector));
	json_object_object_add(obj, "rip", hex_json(l->rip));
	json_object_object_add(obj, "cr0", hex_json(l->cr0));
	json_object_object_add(obj, "cr3", hex_json(l->cr3));
	json_object_object_add(obj, "cr4", hex_json(l->cr4));
	json_object_object_add(obj, "efer", hex_json(l->efer));
	json_object_object_add(obj, "rflags", hex_json(l->rflags));
	json_object_object_add(obj, "mode", json_object_new_string(d.mode));
	add_insn(obj, l, &d);
	json_object_object_add(obj, "laps", json_object_new_uint64(l->laps));
	json_object_object_add(obj, "times", json_object_new_uint64(l->times));
	json_object_object_add(obj, "budget", json_object_new_uint64(l->budget));
	json_object_object_add(obj, "needs", json_object_new_uint64(l->nr_pages));
	json_object_object_add(obj, "truncated", json_object_new_boolean(l->truncated));
	for (i = 0; i < l->nr; i++)
		json_object_array_add(pages, page_json(l, &d, &l->page[i]));
	json_object_object_add(obj, "pages", pages);
	return obj;
}

/**
 * loops_json() - fault loops as a JSON array
 * @ls: they
 *
 * Return: the array.
 */
struct json_object *loops_json(const struct loops *ls)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < ls->nr; i++)
		json_object_array_add(array, loop_json(&ls->loop[i]));
	return array;
}
