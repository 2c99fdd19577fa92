// SPDX-License-Identifier: GPL-2.0-only
/* Reading recordings: trace.dat through libtracecmd, fields by their names. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trace-cmd/trace-cmd.h>

#include "base/msg.h"
#include "model/events.h"
#include "model/trace.h"
#include "base/util.h"

#define SYSTEM	"nptbudget"
/* Places for each fault of a recording: beyond, sorting is quicker. */
#define MOVES_MOST	16

enum { PID, FD, SEQ, GPA, ATTEMPT, VCPU, EVICTED, VERDICT, AS, KNOWN, NR_FIELDS };

static const char *const field_names[NR_FIELDS] = {
	"pid", "fd", "seq", "gpa", "attempt", "vcpu", "evicted", "verdict", "as", "known",
};

/**
 * struct reader - a recording being read
 * @path: of the file
 * @trace: where it goes
 * @fault: the event, NULL where the recording has none
 * @field: its fields
 * @attach: the event of a budget's beginning, or NULL
 * @budget: of a budget's change, or NULL
 * @policy: of a policy's change, or NULL
 * @err: 0 or -errno; a message was printed
 */
struct reader {
	const char *path;
	struct trace *trace;
	struct tep_event *fault;
	struct tep_format_field *field[NR_FIELDS];
	struct tep_event *attach;
	struct tep_event *budget;
	struct tep_event *policy;
	int err;
};

static int no_memory(struct reader *r)
{
	if (!r->err)
		msg_err("%s: out of memory", r->path);
	r->err = -ENOMEM;
	return -1;
}

/**
 * trace_add_fault() - append a fault
 * @vm: to append to
 * @fault: the fault
 *
 * Return: 0; -ENOMEM; -errno after a message, where there is no room on disk.
 */
int trace_add_fault(struct trace_vm *vm, const struct trace_fault *fault)
{
	const size_t used = vm->nr * sizeof(*fault);
	int err;

	if (used + sizeof(*fault) > vm->mem.size) {
		err = spill_grow(&vm->mem, used ? 2 * used : 1024 * sizeof(*fault));
		if (err)
			return err;
		vm->fault = vm->mem.at;
	}
	vm->fault[vm->nr++] = *fault;
	return 0;
}

static int by_seq(const void *a, const void *b)
{
	const struct trace_fault *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/*
 * Faults of several CPUs are out of order by a few places: that needs neither the memory
 * that qsort() takes nor its time. False where they are not so.
 */
static bool order_neighbours(struct trace_vm *vm)
{
	struct trace_fault *f = vm->fault, moved;
	size_t i, k, moves = 0;

	for (i = 1; i < vm->nr; i++) {
		if (f[i - 1].seq < f[i].seq)
			continue;
		moved = f[i];
		for (k = i; k && f[k - 1].seq > moved.seq; k--, moves++)
			f[k] = f[k - 1];
		f[k] = moved;
		if (moves > MOVES_MOST * vm->nr)
			return false;
	}
	return true;
}

/**
 * trace_order() - put faults in order by their numbers, and count what is missing
 * @vm: whose
 *
 * Clocks of several CPUs may differ, and a full buffer loses events.
 */
void trace_order(struct trace_vm *vm)
{
	vm->missing = 0;
	if (!vm->nr)
		return;
	if (!order_neighbours(vm))
		qsort(vm->fault, vm->nr, sizeof(*vm->fault), by_seq);
	vm->missing = vm->fault[vm->nr - 1].seq - vm->fault[0].seq + 1 - vm->nr;
}

static unsigned long long number(struct tep_event *event, const char *name,
				 struct tep_record *record)
{
	unsigned long long value = 0;

	tep_get_field_val(NULL, event, name, record, &value, 0);
	return value;
}

/* A recording without @nth, or with 1, has one VM of a name at a time. */
static struct trace_vm *vm_of(struct reader *r, int pid, int fd, unsigned long long nth)
{
	struct trace *t = r->trace;
	char name[VM_NAME_MAX];
	struct trace_vm *more;
	size_t i;

	if (nth > 1)
		snprintf(name, sizeof(name), "%d-%d.%llu", pid, fd, nth);
	else
		snprintf(name, sizeof(name), "%d-%d", pid, fd);
	for (i = t->nr; i--;)
		if (!strcmp(t->vm[i].name, name))
			return &t->vm[i];
	more = reallocarray(t->vm, t->nr + 1, sizeof(*more));
	if (!more)
		return NULL;
	t->vm = more;
	memset(&more[t->nr], 0, sizeof(*more));
	strscpy(more[t->nr].name, name, sizeof(more[0].name));
	return &more[t->nr++];
}

static int on_fault(struct reader *r, struct tep_record *record)
{
	unsigned long long value[NR_FIELDS];
	struct trace_fault fault;
	struct trace_vm *vm;
	size_t i;

	for (i = 0; i < NR_FIELDS; i++)
		if (tep_read_number_field(r->field[i], record->data, &value[i]))
			return 0;
	if (value[VCPU] >= EVENTS_VCPUS_MAX) {
		msg_err("%s: it is damaged: vCPU %llu", r->path, value[VCPU]);
		r->err = -EBADMSG;
		return -1;
	}
	vm = vm_of(r, (int)value[PID], (int)value[FD], number(r->fault, "nth", record));
	fault = (struct trace_fault){
		.seq = value[SEQ], .gfn = value[GPA] >> 12, .attempt = value[ATTEMPT],
		.vcpu = (unsigned int)value[VCPU], .evicted = (unsigned int)value[EVICTED],
		.verdict = (unsigned char)value[VERDICT], .as = (unsigned char)value[AS],
		.known = value[KNOWN],
	};
	r->err = vm ? trace_add_fault(vm, &fault) : -ENOMEM;
	if (r->err == -ENOMEM)
		msg_err("%s: out of memory", r->path);
	return r->err ? -1 : 0;
}

static int on_attach(struct reader *r, struct tep_record *record)
{
	struct tep_format_field *field = tep_find_field(r->attach, "policy");
	struct trace_vm *vm = vm_of(r, (int)number(r->attach, "pid", record),
				    (int)number(r->attach, "fd", record),
				    number(r->attach, "nth", record));

	if (!vm)
		return no_memory(r);
	if (vm->attached || vm->nr) {
		vm->changed = true;
		return 0;
	}
	vm->attached = true;
	vm->budget = number(r->attach, "budget", record);
	vm->seed = number(r->attach, "seed", record);
	if (field && field->offset + field->size <= record->size)
		strscpy(vm->policy, (const char *)record->data + field->offset,
			sizeof(vm->policy));
	return 0;
}

static int on_change(struct reader *r, struct tep_event *event, struct tep_record *record)
{
	struct trace_vm *vm = vm_of(r, (int)number(event, "pid", record),
				    (int)number(event, "fd", record),
				    number(event, "nth", record));

	if (!vm)
		return no_memory(r);
	/* A budget that begins, or ends, is told as a change from 0, or to it. */
	if (event == r->policy || (number(event, "old", record) && number(event, "new", record)))
		vm->changed = true;
	return 0;
}

static int on_event(struct tracecmd_input *handle, struct tep_record *record, int cpu,
		    void *data)
{
	struct reader *r = data;
	struct tep_event *event;

	(void)cpu;
	event = tep_find_event_by_record(tracecmd_get_tep(handle), record);
	if (!event)
		return 0;
	if (event == r->fault)
		return on_fault(r, record);
	if (event == r->attach)
		return on_attach(r, record);
	if (event == r->budget || event == r->policy)
		return on_change(r, event, record);
	return 0;
}

static int find_fields(struct reader *r)
{
	size_t i;

	if (!r->fault) {
		msg_err("%s: no event " SYSTEM ":nptb_fault in it: record with trace-cmd record -e "
			SYSTEM, r->path);
		return -ENOENT;
	}
	for (i = 0; i < NR_FIELDS; i++) {
		r->field[i] = tep_find_field(r->fault, field_names[i]);
		if (!r->field[i])
			r->field[i] = tep_find_common_field(r->fault, field_names[i]);
		if (r->field[i])
			continue;
		msg_err("%s: its faults have no field '%s': record with a newer module", r->path,
			field_names[i]);
		return -EBADMSG;
	}
	return 0;
}

static int read_events(struct reader *r, struct tracecmd_input *handle)
{
	struct tep_handle *tep = tracecmd_get_tep(handle);

	r->fault = tep_find_event_by_name(tep, SYSTEM, "nptb_fault");
	r->attach = tep_find_event_by_name(tep, SYSTEM, "nptb_attach");
	r->budget = tep_find_event_by_name(tep, SYSTEM, "nptb_budget");
	r->policy = tep_find_event_by_name(tep, SYSTEM, "nptb_policy");
	r->err = find_fields(r);
	if (r->err)
		return r->err;
	if (events_read(handle, r->path, on_event, r) < 0 && !r->err) {
		msg_err("%s: cannot be read to its end", r->path);
		r->err = -EIO;
	}
	return r->err;
}

/**
 * trace_read() - read a recording
 * @path: a file of trace-cmd's
 * @trace: where to put it; for trace_free(), also after an error
 *
 * Return: 0, or -errno after a message.
 */
int trace_read(const char *path, struct trace *trace)
{
	struct reader r = { .path = path, .trace = trace };
	struct tracecmd_input *handle;
	size_t i;
	int err;

	*trace = (struct trace){ 0 };
	handle = events_open(path, NULL);
	if (!handle)
		return -EBADMSG;
	err = read_events(&r, handle);
	tracecmd_close(handle);
	for (i = 0; !err && i < trace->nr; i++)
		trace_order(&trace->vm[i]);
	return err;
}

/**
 * trace_free_faults() - free what trace_add_fault() allocated
 * @vm: whose
 */
void trace_free_faults(struct trace_vm *vm)
{
	spill_free(&vm->mem);
	vm->fault = NULL;
}

/**
 * trace_free() - free what trace_read() allocated
 * @trace: the recording
 */
void trace_free(struct trace *trace)
{
	while (trace->nr)
		trace_free_faults(&trace->vm[--trace->nr]);
	free(trace->vm);
	trace->vm = NULL;
}
