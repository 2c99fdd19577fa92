// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tracefs/tracefs.h>

#include "base/clock.h"
#include "base/util.h"
#include "model/eventformats.h"
#include "model/instance.h"
#include "model/kvmtrace.h"

#define INSTANCE	"nptbudget-watch-"
/* For each CPU: a second of 10,000 exits and what belongs to them. */
#define BUFFER_KB	"4096"
/* A reading ends after so long, also where a VM is quicker than it; looked at so often. */
#define READ_NS		1000000000ULL
#define READ_EVENTS	1024

/*
 * AMD64 APM volume 2, section 15.20: V of EXITINTINFO, and its vector. IDT-vectoring
 * information has them in the same place: Intel's SDM, volume 3C, section 24.9.3.
 */
#define EXITINTINFO_V	(1u << 31)

/* Of kvm_exit: KVM_ISA_VMX of the kernel's trace.h, and SDM, volume 3D, appendix C. */
#define ISA_VMX			1
#define VMX_REASON		0xffff
#define VMX_EPT_VIOLATION	48
#define VMX_EPT_MISCONFIG	49

/* Exit qualification of an EPT violation: SDM, volume 3C, table 27-7. */
#define EPT_WRITE	(1u << 1)
#define EPT_FETCH	(1u << 2)
#define EPT_ALLOWED	(7u << 3)
#define EPT_LINEAR	(1u << 7)
#define EPT_FINAL	(1u << 8)

/* The kernel's names of emulation modes: KVM_EMUL_INSN_F_* of its trace.h. */
#define EMUL_CR0_PE	1u
#define EMUL_EFER_LMA	2u
#define EMUL_CS_D	4u
#define EMUL_CS_L	8u

/* What is recorded; the last two may be missing. */
static const struct {
	const char *system, *name;
	enum kvm_event_kind what;
	bool optional;
} events[] = {
	{ "kvm", "kvm_exit", KVM_EVENT_EXIT, false },
	{ "kvm", "kvm_page_fault", KVM_EVENT_FAULT, false },
	{ "kvm", "kvm_entry", KVM_EVENT_ENTRY, false },
	{ "kvm", "kvm_mmio", KVM_EVENT_ACCESS, false },
	{ "kvm", "kvm_emulate_insn", KVM_EVENT_INSN, false },
	{ "sched", "sched_switch", KVM_EVENT_SLEEP, false },
	{ "nptbudget", "nptb_fault", KVM_EVENT_BUDGETED, true },
};

/**
 * struct kvmtrace - a recording that is read while it goes on
 * @instance: of tracefs
 * @tep: formats of the events
 * @event: their numbers, below 0 where there is none
 * @fn: takes what is read
 * @data: for @fn
 * @err: what @fn returned
 * @read: events of this reading
 * @until: when it ends at the latest, ns
 * @cut: readings that ended so
 * @ept: there was an EPT violation: faults have an exit qualification, not a code
 */
struct kvmtrace {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	int event[ARRAY_SIZE(events)];
	kvmtrace_fn fn;
	void *data;
	int err;
	uint64_t read, until, cut;
	bool ept;
};

static uint64_t number(struct tep_event *event, struct tep_record *record, const char *name)
{
	unsigned long long value = 0;

	tep_get_field_val(NULL, event, name, record, &value, 0);
	return value;
}

static void take_insn(struct kvm_event *e, struct tep_event *event, struct tep_record *record)
{
	unsigned int flags = number(event, record, "flags");
	struct tep_format_field *field = tep_find_field(event, "insn");

	e->rip = number(event, record, "rip");
	e->insn_len = number(event, record, "len");
	if (!field || e->insn_len > KVM_INSN_MAX || field->size < KVM_INSN_MAX) {
		e->insn_len = 0;
		return;
	}
	memcpy(e->insn, (const char *)record->data + field->offset, KVM_INSN_MAX);
	e->bits = flags & EMUL_CS_L ? 64 : flags & EMUL_CS_D ? 32 : 16;
}

static void take_exit(struct kvmtrace *t, struct kvm_event *e, struct tep_event *event,
		      struct tep_record *record)
{
	bool vmx = number(event, record, "isa") == ISA_VMX;
	uint64_t reason = number(event, record, "exit_reason") & VMX_REASON;
	uint32_t info = number(event, record, vmx ? "info2" : "intr_info");

	e->vcpu = number(event, record, "vcpu_id");
	e->rip = number(event, record, "guest_rip");
	e->delivering = info & EXITINTINFO_V;
	e->vector = info;
	e->mmio = vmx && reason == VMX_EPT_MISCONFIG;
	t->ept |= vmx && reason == VMX_EPT_VIOLATION;
}

/* An exit qualification as AMD-V's code of a nested page fault, section 15.25.6. */
static uint64_t code_of(uint64_t qualification)
{
	uint64_t code = 0;

	code |= qualification & EPT_ALLOWED ? 1 : 0;
	code |= qualification & EPT_WRITE ? 2 : 0;
	code |= qualification & EPT_FETCH ? 0x10 : 0;
	if (qualification & EPT_LINEAR)
		code |= qualification & EPT_FINAL ? 1ULL << 32 : 1ULL << 33;
	return code;
}

/* False where an event is of no use. */
static bool convert(struct kvmtrace *t, struct kvm_event *e, struct tep_event *event,
		    struct tep_record *record)
{
	switch (e->what) {
	case KVM_EVENT_EXIT:
		take_exit(t, e, event, record);
		return true;
	case KVM_EVENT_FAULT:
		e->vcpu = number(event, record, "vcpu_id");
		e->rip = number(event, record, "guest_rip");
		e->address = number(event, record, "fault_address");
		e->error = number(event, record, "error_code");
		if (t->ept)
			e->error = code_of(e->error);
		return true;
	case KVM_EVENT_ENTRY:
		e->vcpu = number(event, record, "vcpu_id");
		e->rip = number(event, record, "rip");
		return true;
	case KVM_EVENT_ACCESS:
		e->address = number(event, record, "gpa");
		return true;
	case KVM_EVENT_INSN:
		take_insn(e, event, record);
		return true;
	case KVM_EVENT_SLEEP:
		/* Who is only preempted stays runnable, state 0. */
		return number(event, record, "prev_pid") == (uint64_t)e->tid &&
		       (number(event, record, "prev_state") & 0xff);
	case KVM_EVENT_BUDGETED:
		return true;
	}
	return false;
}

static int take(struct tep_event *event, struct tep_record *record, int cpu, void *data)
{
	struct kvm_event e = { 0 };
	struct kvmtrace *t = data;
	size_t i;

	(void)cpu;
	/* What is left of a page is lost; what is in the buffers is not. */
	if (!(++t->read % READ_EVENTS) && kvmtrace_now() > t->until) {
		t->cut++;
		return 1;
	}
	for (i = 0; i < ARRAY_SIZE(events) && t->event[i] != event->id; i++)
		;
	if (i == ARRAY_SIZE(events))
		return 0;
	e.what = events[i].what;
	e.tid = tep_data_pid(t->tep, record);
	e.ns = record->ts;
	if (convert(t, &e, event, record))
		t->err = t->fn(&e, t->data);
	return t->err;
}

/**
 * kvmtrace_add() - record more threads
 * @trace: the recording
 * @tids: threads; their children are recorded as well
 * @nr: how many
 *
 * Return: 0; -errno of tracefs.
 */
int kvmtrace_add(struct kvmtrace *trace, const pid_t *tids, size_t nr)
{
	char text[24];
	size_t i;

	for (i = 0; i < nr; i++) {
		snprintf(text, sizeof(text), "%d\n", tids[i]);
		/* One that has ended meanwhile is none to record. */
		if (tracefs_instance_file_append(trace->instance, "set_event_pid", text) < 0 &&
		    errno != ESRCH)
			return -errno;
	}
	return 0;
}

static int begin(struct kvmtrace *t)
{
	const pid_t self = getpid();
	size_t i;
	int err;

	t->tep = eventformats_open();
	if (!t->tep)
		return -errno;
	err = instance_write(t->instance, "trace_clock", "mono");
	if (!err)
		err = instance_write(t->instance, "buffer_size_kb", BUFFER_KB);
	tracefs_option_enable(t->instance, TRACEFS_OPTION_EVENT_FORK);
	/* Without any thread in the list, all of the system would be recorded. */
	if (!err)
		err = kvmtrace_add(t, &self, 1);
	for (i = 0; !err && i < ARRAY_SIZE(events); i++) {
		t->event[i] = eventformats_add(t->tep, events[i].system, events[i].name);
		if (t->event[i] < 0 && !(events[i].optional && t->event[i] == -ENOENT))
			err = t->event[i];
		else if (t->event[i] >= 0 && tracefs_event_enable(t->instance, events[i].system,
								  events[i].name))
			err = -errno;
	}
	return err;
}

/**
 * kvmtrace_open() - begin to record
 * @trace: where to put the recording, for kvmtrace_close()
 *
 * Nothing is recorded before kvmtrace_add().
 *
 * Return: 0; -ENOENT where KVM's events are not there; -errno of tracefs; -ENOMEM.
 */
int kvmtrace_open(struct kvmtrace **trace)
{
	struct kvmtrace *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->instance = instance_create(INSTANCE);
	err = t->instance ? begin(t) : -errno;
	if (err)
		kvmtrace_close(t);
	else
		*trace = t;
	return err;
}

/**
 * kvmtrace_read() - hand on what was recorded since the last time
 * @trace: the recording
 * @fn: takes an event
 * @data: for @fn
 *
 * A VM may make events as quickly as they are read: after a second, the rest is left for
 * the next time, and a page of each buffer is lost, see kvmtrace_cut().
 *
 * Return: 0; what @fn returned; -EIO.
 */
int kvmtrace_read(struct kvmtrace *trace, kvmtrace_fn fn, void *data)
{
	int err;

	trace->fn = fn;
	trace->data = data;
	trace->err = 0;
	trace->read = 0;
	trace->until = kvmtrace_now() + READ_NS;
	err = tracefs_iterate_raw_events(trace->tep, trace->instance, NULL, 0, take, trace);
	return trace->err ? trace->err : err < 0 ? -EIO : 0;
}

/**
 * kvmtrace_lost() - events that found no room in the buffers so far
 * @trace: the recording
 */
uint64_t kvmtrace_lost(struct kvmtrace *trace)
{
	return instance_lost(trace->instance);
}

/**
 * kvmtrace_cut() - readings that left something for the next one
 * @trace: the recording
 */
uint64_t kvmtrace_cut(const struct kvmtrace *trace)
{
	return trace->cut;
}

/**
 * kvmtrace_now() - the clock that events are stamped with
 *
 * Return: ns.
 */
uint64_t kvmtrace_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/**
 * kvmtrace_close() - end a recording, and leave nothing in tracefs
 * @trace: the recording, may be NULL
 */
void kvmtrace_close(struct kvmtrace *trace)
{
	if (!trace)
		return;
	instance_destroy(trace->instance);
	tep_free(trace->tep);
	free(trace);
}
