// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/json.h"
#include "base/util.h"
#include "explain/explain.h"
#include "view/loops.h"

static const char *const role_names[] = NPTB_ROLE_NAMES;

/* Exceptions: AMD64 APM volume 2, table 8-1. */
static const char *const vector_names[] = {
	"#DE", "#DB", NULL, "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", NULL, "#TS",
	"#NP", "#SS", "#GP", "#PF", NULL, "#MF", "#AC", "#MC", "#XF", "#VE", "#CP",
};

#define NR_VECTOR_NAMES ((int)ARRAY_SIZE(vector_names))

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

static const char *const event_names[] = NPTB_EVENT_NAMES;

/* A vector's name says nothing unless the event is an exception. */
static const char *event_text(const struct loop *l)
{
	if (!strcmp(l->event, event_names[NPTB_EVENT_EXCEPTION]))
		return l->vector >= 0 && l->vector < NR_VECTOR_NAMES &&
		       vector_names[l->vector] ? vector_names[l->vector] : "exception";
	if (!strcmp(l->event, event_names[NPTB_EVENT_INTERRUPT]))
		return "interrupt";
	if (!strcmp(l->event, event_names[NPTB_EVENT_SOFT]))
		return "INT instruction";
	if (!strcmp(l->event, event_names[NPTB_EVENT_NMI]))
		return "NMI";
	return NULL;
}

static void what_text(const struct loop *l, char *buf, size_t size)
{
	const char *name = event_text(l);

	if (!loop_is(l, NPTB_LOOP_EVENT)) {
		snprintf(buf, size, "in %s %s", loop_is(l, NPTB_LOOP_INSTRUCTION) ? "an" : "class",
			 l->class);
		return;
	}
	if (l->vector >= 0 && name)
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
	const char *s = l->needs == 1 && !l->truncated ? "" : "s";
	const char *least = l->exact ? "exactly" : l->truncated ? "more than" : "at least";

	if (l->exact || l->needs > l->budget)
		snprintf(buf, size, "needs %s %llu page%s at once, has %llu", least, l->needs, s,
			 l->budget);
	else
		snprintf(buf, size,
			 "needs %s %llu page%s at once; the VM had %llu for all vCPUs, or just got it",
			 least, l->needs, s, l->budget);
}

/* "code, [rbx]", or of a table "page table, level 2 of code, [rbx]". */
static void page_text(const struct explain_page *page, char *buf, size_t size)
{
	size_t used = 0, i;

	*buf = '\0';
	if (page->level)
		used += (size_t)snprintf(buf, size, "page table, level %u%s", page->level,
					 page->nr ? " of " : "");
	else if (page->roles & NPTB_ROLE_TABLE && page->nr)
		used += (size_t)snprintf(buf, size, "page table of ");
	for (i = 0; i < page->nr && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 page->name[i]);
}

static void print_pages(FILE *to, const struct loop *l, const struct explain *e)
{
	struct explain_page page;
	char roles[64], what[256];
	bool smm = false;
	size_t i;

	for (i = 0; i < l->nr; i++)
		smm |= l->page[i].as != 0;
	fprintf(to, "    %-12s  %-16s  %s%-18s  %10s\n", "GFN", "GPA", smm ? "AS  " : "",
		"ROLES", "FAULTS");
	for (i = 0; i < l->nr; i++) {
		explain_page(l, e, &l->page[i], &page);
		role_text(page.roles, roles, sizeof(roles));
		page_text(&page, what, sizeof(what));
		fprintf(to, "    0x%-10llx  0x%-14llx  ", l->page[i].gfn, l->page[i].gfn << 12);
		if (smm)
			fprintf(to, "%-4u", l->page[i].as);
		fprintf(to, "%-18s  %10llu%s%s\n", roles, l->page[i].faults, *what ? "  " : "",
			what);
	}
}

static void print_operand(FILE *to, const struct loop *l, const struct operand *op)
{
	unsigned long long first, last, end = op->linear + op->size - 1;

	fprintf(to, "    %s: linear 0x%llx, %u byte%s", op->text, op->linear, op->size,
		op->size == 1 ? "" : "s");
	if (!operand_gfn(l, op, op->linear, &first))
		fprintf(to, ", page unknown");
	else if (op->linear >> 12 == end >> 12)
		fprintf(to, ", gfn 0x%llx", first);
	else if (operand_gfn(l, op, end, &last))
		fprintf(to, ", gfn 0x%llx and 0x%llx", first, last);
	else
		fprintf(to, ", gfn 0x%llx and another", first);
	fputc('\n', to);
}

/* Why it was not emulated: uapi/nptbudget.h, enum nptb_reason. NULL where it was. */
static const char *reason_text(const struct loop *l)
{
	static const char *const names[] = NPTB_REASON_NAMES;
	static const char *const texts[NPTB_REASON_NR] = {
		[NPTB_REASON_INSTRUCTION] = "neither KVM's emulator nor the module knows it",
		[NPTB_REASON_FORM] = "the module does not carry it out in this form",
		[NPTB_REASON_MEMORY] = "the host does not let KVM have memory that it needs",
		[NPTB_REASON_NESTED] = "the vCPU runs a guest of its own",
		[NPTB_REASON_SMM] = "the vCPU is in system management mode",
		[NPTB_REASON_DEBUGGED] = "user space debugs the vCPU",
		[NPTB_REASON_BREAKPOINT] = "the guest has a breakpoint on data or a port",
		[NPTB_REASON_SINGLE_STEP] = "the guest runs in single steps",
		[NPTB_REASON_NMI] = "it ends the handling of an NMI",
		[NPTB_REASON_PRIVATE] = "the guest's state is encrypted",
	};
	size_t i;

	if (!*l->reason || !strcmp(l->reason, names[NPTB_REASON_NONE]))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(l->reason, names[i]))
			return texts[i];
	return l->reason;
}

static void print_resolved(FILE *to, const struct loop *l)
{
	if (reason_text(l))
		fprintf(to, "  not emulated: %s\n", reason_text(l));
	if (l->lent)
		fprintf(to, "  at most %llu page%s lent\n", l->lent, l->lent == 1 ? "" : "s");
	if (l->steps)
		fprintf(to, "  %llu instruction%s emulated\n", l->steps, l->steps == 1 ? "" : "s");
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
	struct explain e;
	size_t i;

	explain_loop(l, &e);
	what_text(l, what, sizeof(what));
	need_text(l, need, sizeof(need));
	bytes_text(l, &e.d, bytes, sizeof(bytes));
	fprintf(to, "VM %s (%s), vCPU %u: fault loop %s, %llu lap%s", vm, comm, l->vcpu, what,
		l->laps, l->laps == 1 ? "" : "s");
	if (l->times > 1)
		fprintf(to, " in %llu times", l->times);
	fprintf(to, "\n  rip 0x%llx: %s", l->rip, insn_text(l, &e.d));
	if (*bytes)
		fprintf(to, "  [%s]", bytes);
	fprintf(to, "\n  %s", e.d.mode);
	if (l->has_machine)
		fprintf(to, ", CPL %u", l->cpl);
	fprintf(to, ", cr3 0x%llx\n", l->cr3);
	for (i = 0; i < e.ops.nr; i++)
		print_operand(to, l, &e.ops.op[i]);
	fprintf(to, "  %s:\n", need);
	print_pages(to, l, &e);
	print_resolved(to, l);
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
	char what[80], need[128], roles[64], text[256];
	struct explain_page page;
	struct explain e;
	size_t i;

	explain_loop(l, &e);
	what_text(l, what, sizeof(what));
	need_text(l, need, sizeof(need));
	fprintf(to, "  loop: vCPU %u, rip 0x%llx, %s", l->vcpu, l->rip, insn_text(l, &e.d));
	if (!loop_is(l, NPTB_LOOP_INSTRUCTION))
		fprintf(to, ", %s", what);
	fprintf(to, "; %llu lap%s\n    %s:", l->laps, l->laps == 1 ? "" : "s", need);
	for (i = 0; i < l->nr && i < SHORT_PAGES; i++) {
		explain_page(l, &e, &l->page[i], &page);
		role_text(page.roles, roles, sizeof(roles));
		page_text(&page, text, sizeof(text));
		fprintf(to, "%s gfn 0x%llx %s%s%s%s", i ? ";" : "", l->page[i].gfn, roles,
			*text ? " (" : "", text, *text ? ")" : "");
	}
	if (l->nr > SHORT_PAGES)
		fprintf(to, "; and %zu more", l->nr - SHORT_PAGES);
	fputc('\n', to);
	if (reason_text(l))
		fprintf(to, "    not emulated: %s\n", reason_text(l));
}

static struct json_object *role_json(unsigned int bits)
{
	struct json_object *roles = json_object_new_array();
	unsigned int i;

	for (i = 0; i < NPTB_ROLE_NR; i++)
		if (bits & BIT(i))
			json_object_array_add(roles, json_object_new_string(role_names[i]));
	return roles;
}

static struct json_object *page_json(const struct loop *l, const struct explain *e,
				     const struct loop_page *p)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *names = json_object_new_array();
	struct explain_page page;
	size_t i;

	explain_page(l, e, p, &page);
	for (i = 0; i < page.nr; i++)
		json_object_array_add(names, json_object_new_string(page.name[i]));
	json_object_object_add(obj, "gfn", json_hex(p->gfn));
	json_object_object_add(obj, "gpa", json_hex(p->gfn << 12));
	json_object_object_add(obj, "as", json_object_new_uint64(p->as));
	json_object_object_add(obj, "roles", role_json(page.roles));
	json_object_object_add(obj, "level",
			       page.level ? json_object_new_uint64(page.level) : NULL);
	json_object_object_add(obj, "for", names);
	json_object_object_add(obj, "faults", json_object_new_uint64(p->faults));
	return obj;
}

static struct json_object *operand_json(const struct loop *l, const struct operand *op)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *gfns = json_object_new_array();
	unsigned long long end = op->linear + op->size - 1, gfn;

	json_object_object_add(obj, "text", json_object_new_string(op->text));
	json_object_object_add(obj, "linear", json_hex(op->linear));
	json_object_object_add(obj, "size", json_object_new_uint64(op->size));
	json_object_object_add(obj, "roles", role_json(op->roles));
	json_object_array_add(gfns, operand_gfn(l, op, op->linear, &gfn) ? json_hex(gfn) : NULL);
	if (op->linear >> 12 != end >> 12)
		json_object_array_add(gfns, operand_gfn(l, op, end, &gfn) ? json_hex(gfn) : NULL);
	json_object_object_add(obj, "gfns", gfns);
	return obj;
}

/* Registers and segments; null where the record has none. */
static void add_machine(struct json_object *obj, const struct loop *l)
{
	static const char *const gprs[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11",
		"r12", "r13", "r14", "r15",
	};
	static const char *const names[] = NPTB_SEGMENT_NAMES;
	struct json_object *regs = NULL, *segs = NULL, *seg;
	size_t i;

	if (l->has_machine) {
		regs = json_object_new_object();
		segs = json_object_new_object();
		for (i = 0; i < LOOP_GPRS; i++)
			json_object_object_add(regs, gprs[i], json_hex(l->gpr[i]));
		for (i = 0; i < LOOP_SEGMENTS; i++) {
			seg = json_object_new_object();
			json_object_object_add(seg, "selector", json_hex(l->seg[i].selector));
			json_object_object_add(seg, "base", json_hex(l->seg[i].base));
			json_object_object_add(seg, "limit", json_hex(l->seg[i].limit));
			json_object_object_add(seg, "attributes", json_hex(l->seg[i].attr));
			json_object_object_add(segs, names[i], seg);
		}
	}
	json_object_object_add(obj, "cpl", regs ? json_object_new_uint64(l->cpl) : NULL);
	json_object_object_add(obj, "registers", regs);
	json_object_object_add(obj, "segments", segs);
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
 * Addresses and registers are strings, see json_hex(); counts are numbers. What is
 * unknown is null.
 *
 * Return: the object.
 */
struct json_object *loop_json(const struct loop *l)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *pages = json_object_new_array();
	struct json_object *ops = json_object_new_array();
	struct explain e;
	size_t i;

	explain_loop(l, &e);
	json_object_object_add(obj, "class", json_object_new_string(l->class));
	json_object_object_add(obj, "vcpu", json_object_new_uint64(l->vcpu));
	json_object_object_add(obj, "vector",
			       l->vector < 0 ? NULL : json_object_new_int(l->vector));
	json_object_object_add(obj, "event", loop_is(l, NPTB_LOOP_EVENT) && *l->event ?
			       json_object_new_string(l->event) : NULL);
	json_object_object_add(obj, "rip", json_hex(l->rip));
	json_object_object_add(obj, "cr0", json_hex(l->cr0));
	json_object_object_add(obj, "cr3", json_hex(l->cr3));
	json_object_object_add(obj, "cr4", json_hex(l->cr4));
	json_object_object_add(obj, "efer", json_hex(l->efer));
	json_object_object_add(obj, "rflags", json_hex(l->rflags));
	json_object_object_add(obj, "mode", json_object_new_string(e.d.mode));
	add_machine(obj, l);
	add_insn(obj, l, &e.d);
	for (i = 0; i < e.ops.nr; i++)
		json_object_array_add(ops, operand_json(l, &e.ops.op[i]));
	json_object_object_add(obj, "operands", ops);
	json_object_object_add(obj, "laps", json_object_new_uint64(l->laps));
	json_object_object_add(obj, "times", json_object_new_uint64(l->times));
	json_object_object_add(obj, "budget", json_object_new_uint64(l->budget));
	json_object_object_add(obj, "needs", json_object_new_uint64(l->needs));
	json_object_object_add(obj, "exact", json_object_new_boolean(l->exact));
	json_object_object_add(obj, "resolved",
			       *l->resolved ? json_object_new_string(l->resolved) : NULL);
	json_object_object_add(obj, "reason",
			       *l->reason ? json_object_new_string(l->reason) : NULL);
	json_object_object_add(obj, "lent", json_object_new_uint64(l->lent));
	json_object_object_add(obj, "steps", json_object_new_uint64(l->steps));
	json_object_object_add(obj, "truncated", json_object_new_boolean(l->truncated));
	for (i = 0; i < l->nr; i++)
		json_object_array_add(pages, page_json(l, &e, &l->page[i]));
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
