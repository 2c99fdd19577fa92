// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trace-cmd/trace-cmd.h>

#include "base/fields.h"
#include "base/msg.h"
#include "base/util.h"
#include "model/events.h"
#include "model/recorder.h"
#include "model/recording.h"

#define SYSTEM	"nptbudget"
/* Events between two looks at the progress line. */
#define SHOW_EVENTS	(1u << 17)
#define CPUS_MAX	1024
/* What may follow the last event of a CPU: pages without any. */
#define UNREAD_MOST	(1u << 20)

enum { PID, FD, NTH, VCPU, RIP, GPA, ERROR, VERDICT, EVICTED, ATTEMPT, RESIDENT, SEQ, AS, KNOWN,
	EVENT, GFN, REASON, OWN, CLASS, VECTOR, LAPS, BUDGET, NPAGES, VICTIM, VICTIM_AS,
	NR_FIELDS };

static const char *const field_names[NR_FIELDS] = {
	"pid", "fd", "nth", "vcpu", "rip", "gpa", "error_code", "verdict", "evicted", "attempt",
	"resident", "seq", "as", "known", "event", "gfn", "reason", "own", "class", "vector",
	"laps", "budget", "npages", "victim", "victim_as",
};

static const struct {
	const char *name;
	enum rec_kind kind;
} kinds[] = {
	{ "nptb_fault", REC_FAULT }, { "nptb_evict", REC_EVICT }, { "nptb_loop", REC_LOOP },
	{ "nptb_attach", REC_BEGIN }, { "nptb_budget", REC_OTHER }, { "nptb_policy", REC_OTHER },
	{ "nptb_detach", REC_OTHER },
};

/**
 * struct reader - a recording being read
 * @r: what becomes known
 * @fn: takes events
 * @data: for @fn
 * @event: for each entry of kinds[], NULL where the recording has none
 * @field: of each event
 * @print: the event of notes
 * @buf: its text
 * @begin: for each CPU, where in the file its first event was, 0 for none yet
 * @at: where the last one was
 * @size: of the file
 * @seen: events read
 * @live: there is a terminal for a progress line
 * @err: -errno; a message was printed
 */
struct reader {
	struct recording *r;
	recording_fn fn;
	void *data;
	struct tep_event *event[ARRAY_SIZE(kinds)];
	struct tep_format_field *field[ARRAY_SIZE(kinds)][NR_FIELDS];
	struct tep_event *print;
	struct tep_format_field *buf;
	uint64_t begin[CPUS_MAX], at[CPUS_MAX];
	uint64_t size;
	uint64_t seen;
	bool live;
	int err;
};

static struct rec_vm *vm_named(struct recording *r, const char *name)
{
	struct rec_vm *more;
	size_t i;

	for (i = r->nr; i--;)
		if (!strcmp(r->vm[i].name, name))
			return &r->vm[i];
	more = reallocarray(r->vm, r->nr + 1, sizeof(*more));
	if (!more)
		return NULL;
	r->vm = more;
	memset(&more[r->nr], 0, sizeof(*more));
	strscpy(more[r->nr].name, name, sizeof(more[0].name));
	return &more[r->nr++];
}

/* A line of name=value fields; what is not known is passed over. */
static void take_note(struct recording *r, char *text)
{
	char *value, *name, *rest = text;
	unsigned long long n = 0;
	struct rec_vm *vm = NULL;

	text[strcspn(text, "\n")] = '\0';
	field_printable(text);
	r->noted = true;
	if (!strncmp(text, "cpu=", 4)) {
		strscpy(r->cpu, text + 4, sizeof(r->cpu));
		return;
	}
	while ((name = field_next(&rest, &value))) {
		if (!value)
			continue;
		if (!strcmp(name, "vm") && (!r->only || !strcmp(r->only, value)))
			vm = vm_named(r, value);
		else if (!strcmp(name, "kernel"))
			strscpy(r->kernel, value, sizeof(r->kernel));
		else if (!strcmp(name, "machine"))
			strscpy(r->machine, value, sizeof(r->machine));
		else if (!strcmp(name, "module"))
			strscpy(r->module, value, sizeof(r->module));
		else if (!strcmp(name, "end"))
			strscpy(r->end, value, sizeof(r->end));
		else if (vm && !strcmp(name, "comm"))
			strscpy(vm->comm, value, sizeof(vm->comm));
		else if (vm && !strcmp(name, "budget"))
			strscpy(vm->budget, value, sizeof(vm->budget));
		else if (vm && !strcmp(name, "policy"))
			strscpy(vm->policy, value, sizeof(vm->policy));
		else if (vm && !strcmp(name, "on_loop"))
			strscpy(vm->on_loop, value, sizeof(vm->on_loop));
		else if (field_u64(value, &n))
			continue;
		else if (!strcmp(name, "lost"))
			r->lost = n;
		else if (!strcmp(name, "mono_ns"))
			r->mono_ns = n;
		else if (!strcmp(name, "realtime_ns"))
			r->realtime_ns = n;
	}
}

static void on_print(struct reader *rd, const struct tep_record *record)
{
	char text[512];
	size_t size;

	if (!rd->buf || (size_t)record->size <= (size_t)rd->buf->offset)
		return;
	size = (size_t)record->size - (size_t)rd->buf->offset;
	if (size >= sizeof(text))
		size = sizeof(text) - 1;
	memcpy(text, (const char *)record->data + rd->buf->offset, size);
	text[size] = '\0';
	if (!strncmp(text, RECORDER_NOTE, strlen(RECORDER_NOTE)))
		take_note(rd->r, text + strlen(RECORDER_NOTE));
}

/* An array whose place and size the event has in a field of its own. */
static const void *array_of(struct tep_event *event, const struct tep_record *record,
			    const char *name, size_t *bytes)
{
	struct tep_format_field *field = tep_find_field(event, name);
	uint32_t loc;

	*bytes = 0;
	if (!field || (size_t)field->offset + sizeof(loc) > (size_t)record->size)
		return NULL;
	memcpy(&loc, (const char *)record->data + field->offset, sizeof(loc));
	if ((loc & 0xffff) + (loc >> 16) > (size_t)record->size)
		return NULL;
	*bytes = loc >> 16;
	return (const char *)record->data + (loc & 0xffff);
}

static void take_loop(struct tep_event *event, struct tep_record *record, struct rec_event *e)
{
	static uint64_t gfns[NPTB_LOOP_PAGES_MAX];
	size_t bytes, roles;
	const void *from = array_of(event, record, "gfns", &bytes);

	e->nr = bytes / sizeof(*gfns);
	if (e->nr > ARRAY_SIZE(gfns))
		e->nr = ARRAY_SIZE(gfns);
	if (e->nr)
		memcpy(gfns, from, e->nr * sizeof(*gfns));
	e->gfns = gfns;
	e->roles = array_of(event, record, "roles", &roles);
	if (roles < e->nr)
		e->nr = roles;
	e->insn = array_of(event, record, "insn", &e->insn_len);
}

static void take_begin(struct tep_event *event, const struct tep_record *record,
		       struct rec_vm *vm, uint64_t budget)
{
	struct tep_format_field *field = tep_find_field(event, "policy");

	if (*vm->budget && strcmp(vm->budget, "off"))
		return;
	snprintf(vm->budget, sizeof(vm->budget), "%" PRIu64, budget);
	if (!field || (size_t)field->offset + (size_t)field->size > (size_t)record->size)
		return;
	snprintf(vm->policy, sizeof(vm->policy), "%.*s", field->size,
		 (const char *)record->data + field->offset);
	field_printable(vm->policy);
}

static int no_memory(struct reader *rd)
{
	msg_err("%s: out of memory", rd->r->path);
	return -ENOMEM;
}

/* Evictions alone may be nobody's. */
static bool is_vcpu(enum rec_kind kind, unsigned long long vcpu)
{
	return (kind != REC_FAULT && kind != REC_LOOP) || vcpu < EVENTS_VCPUS_MAX;
}

/* A fault whose event tells what was evicted for it: two events, in that order. */
static int evicted_first(struct reader *rd, const struct rec_event *fault, uint64_t gfn,
			 unsigned int as)
{
	struct rec_event e = {
		.kind = REC_EVICT, .vm = fault->vm, .ns = fault->ns, .vcpu = fault->vcpu,
		.gfn = gfn, .as = as, .reason = NPTB_EVICT_FAULT, .own = fault->own,
	};

	return rd->fn(rd->r, &e, rd->data);
}

static int convert(struct reader *rd, size_t i, struct tep_record *record)
{
	unsigned long long v[NR_FIELDS] = { 0 };
	struct recording *r = rd->r;
	struct rec_event e;
	char name[VM_NAME_MAX];
	struct rec_vm *vm;
	int err = 0;
	size_t k;

	for (k = 0; k < NR_FIELDS; k++)
		if (rd->field[i][k])
			tep_read_number_field(rd->field[i][k], record->data, &v[k]);
	if (v[NTH] > 1)
		snprintf(name, sizeof(name), "%d-%d.%llu", (int)v[PID], (int)v[FD], v[NTH]);
	else
		snprintf(name, sizeof(name), "%d-%d", (int)v[PID], (int)v[FD]);
	if (r->only && strcmp(r->only, name))
		return 0;
	if (!is_vcpu(kinds[i].kind, v[VCPU])) {
		msg_err("%s: it is damaged: vCPU %llu", r->path, v[VCPU]);
		return -EBADMSG;
	}
	vm = vm_named(r, name);
	if (!vm)
		return no_memory(rd);
	e = (struct rec_event){
		.kind = kinds[i].kind, .vm = (unsigned int)(vm - r->vm), .ns = record->ts,
		.vcpu = (int)v[VCPU], .rip = v[RIP], .gpa = v[GPA], .error = v[ERROR],
		.gfn = rd->field[i][GFN] ? v[GFN] : v[GPA] >> 12,
		.verdict = (unsigned int)v[VERDICT], .evicted = (unsigned int)v[EVICTED],
		.attempt = v[ATTEMPT], .resident = v[RESIDENT], .seq = v[SEQ],
		.as = (unsigned int)v[AS], .known = v[KNOWN], .event = (unsigned int)v[EVENT],
		.reason = (unsigned int)v[REASON], .own = v[OWN], .class = (unsigned int)v[CLASS],
		.vector = (int)v[VECTOR], .laps = v[LAPS], .budget = v[BUDGET],
		.npages = (unsigned int)v[NPAGES],
	};
	if (e.kind == REC_LOOP)
		take_loop(rd->event[i], record, &e);
	if (e.kind == REC_BEGIN)
		take_begin(rd->event[i], record, vm, e.budget);
	if (e.kind == REC_FAULT) {
		if (!vm->faults++ || e.seq < vm->first_seq)
			vm->first_seq = e.seq;
		if (e.seq > vm->last_seq)
			vm->last_seq = e.seq;
	}
	if (!r->events++)
		r->first_ns = e.ns;
	r->last_ns = e.ns;
	if (e.kind == REC_FAULT && rd->field[i][VICTIM] && v[VICTIM] != NPTB_NO_VICTIM)
		err = evicted_first(rd, &e, v[VICTIM], (unsigned int)v[VICTIM_AS]);
	return err ? err : rd->fn(r, &e, rd->data);
}

static void show(struct reader *rd)
{
	uint64_t done = 0;
	size_t i;

	for (i = 0; i < CPUS_MAX; i++)
		done += rd->at[i] - rd->begin[i];
	fprintf(stderr, "%s: %s%" PRIu64 " events, %d%%\r", rd->r->path,
		rd->r->again ? "again: " : "", rd->seen,
		rd->size ? (int)(100.0 * (double)done / (double)rd->size) : 0);
	fflush(stderr);
}

static int on_event(struct tracecmd_input *handle, struct tep_record *record, int cpu, void *data)
{
	struct reader *rd = data;
	struct tep_event *event;
	size_t i;

	if (cpu >= 0 && cpu < CPUS_MAX) {
		if (!rd->begin[cpu])
			rd->begin[cpu] = record->offset;
		rd->at[cpu] = record->offset;
	}
	/* At least one, where the kernel could not say how many. */
	if (record->missed_events)
		rd->r->missed += record->missed_events > 0 ? (uint64_t)record->missed_events : 1;
	if (!(++rd->seen % SHOW_EVENTS) && rd->live)
		show(rd);
	event = tep_find_event_by_record(tracecmd_get_tep(handle), record);
	if (!event)
		return 0;
	if (event == rd->print) {
		on_print(rd, record);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (event == rd->event[i]) {
			rd->err = convert(rd, i, record);
			return rd->err ? -1 : 0;
		}
	return 0;
}

static int find_fields(struct reader *rd, struct tep_handle *tep)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		rd->event[i] = tep_find_event_by_name(tep, SYSTEM, kinds[i].name);
		for (k = 0; rd->event[i] && k < NR_FIELDS; k++)
			rd->field[i][k] = tep_find_field(rd->event[i], field_names[k]);
	}
	rd->print = tep_find_event_by_name(tep, "ftrace", "print");
	rd->buf = rd->print ? tep_find_field(rd->print, "buf") : NULL;
	if (rd->event[0] && rd->field[0][SEQ] && rd->field[0][AS])
		return 0;
	msg_err("%s: no faults of the module in it: record with nptbudget record", rd->r->path);
	return -ENOENT;
}

static int read_all(struct reader *rd, struct tracecmd_input *handle)
{
	int err = find_fields(rd, tracecmd_get_tep(handle));

	if (err)
		return err;
	if (events_read(handle, rd->r->path, on_event, rd) < 0 && !rd->err) {
		msg_err("%s: cannot be read to its end", rd->r->path);
		rd->err = -EIO;
	}
	if (rd->live && rd->seen >= SHOW_EVENTS)
		fprintf(stderr, "%*s\r", 78, "");
	return rd->err;
}

/* Bytes behind the last event of a CPU, up to the next one's or the end of the file. */
static uint64_t unread(const struct reader *rd)
{
	uint64_t most = 0, end;
	size_t i, k;

	for (i = 0; i < CPUS_MAX; i++) {
		if (!rd->begin[i])
			continue;
		end = rd->size;
		for (k = 0; k < CPUS_MAX; k++)
			if (rd->begin[k] > rd->begin[i] && rd->begin[k] < end)
				end = rd->begin[k];
		if (end > rd->at[i] && end - rd->at[i] > most)
			most = end - rd->at[i];
	}
	return most;
}

/**
 * recording_read() - read a recording from its beginning to its end
 * @r: @path, @only and @again are set; for recording_free(), also after an error. A
 *	second reading of the same keeps the VMs
 * @fn: takes events
 * @data: for @fn
 *
 * Return: 0; -errno after a message; what @fn returned.
 */
int recording_read(struct recording *r, recording_fn fn, void *data)
{
	struct reader *rd = calloc(1, sizeof(*rd));
	struct tracecmd_input *handle;
	int err = 0;
	size_t i;

	if (!rd)
		return -ENOMEM;
	*rd = (struct reader){ .r = r, .fn = fn, .data = data };
	r->events = 0;
	r->missed = 0;
	for (i = 0; i < r->nr; i++)
		r->vm[i].faults = 0;
	rd->live = isatty(STDERR_FILENO);
	handle = events_open(r->path, &rd->size);
	if (!handle) {
		free(rd);
		return -EBADMSG;
	}
	err = read_all(rd, handle);
	tracecmd_close(handle);
	/* The library ends early, and says nothing, where it has no memory. */
	if (!err && r->noted && unread(rd) > UNREAD_MOST) {
		msg_err("%s: %" PRIu64 " bytes of it could not be read: is there memory?", r->path,
			unread(rd));
		err = -EIO;
	}
	free(rd);
	if (!err && r->only && !r->nr) {
		msg_err("%s: no VM %s in it", r->path, r->only);
		err = -ENOENT;
	}
	return err;
}

/**
 * recording_free() - free what is known of a recording
 * @r: the recording
 */
void recording_free(struct recording *r)
{
	free(r->vm);
	r->vm = NULL;
	r->nr = 0;
}
