// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tracefs/tracefs.h>

#include "base/clock.h"
#include "base/util.h"
#include "model/eventformats.h"
#include "model/hot.h"
#include "model/instance.h"
#include "model/vmname.h"

#define INSTANCE	"nptbudget-top-"
/* For each CPU: some 5,000 faults between two looks. */
#define BUFFER_KB	"512"
/* A vCPU in a fault loop may fault faster than its faults can be read. */
#define READ_NS		5000000

/**
 * struct hot_trace - a recording of one VM's faults
 * @instance: of tracefs
 * @tep: formats of the events
 * @h: where to count, while it is read
 * @until: when to leave it at that, ns
 */
struct hot_trace {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	struct hot *h;
	uint64_t until;
};

static void count(struct hot_table *t, uint64_t key)
{
	/* The multiplier of the golden ratio: neighbours are far apart. */
	size_t i = (key * 0x9e3779b97f4a7c15ULL) >> 51;

	while (t->entry[i].faults && t->entry[i].key != key)
		i = (i + 1) % HOT_MAX;
	/* Some room is left, so that the search above ends. */
	if (!t->entry[i].faults && t->nr == HOT_MAX / 4 * 3) {
		t->others++;
		return;
	}
	t->nr += !t->entry[i].faults;
	t->entry[i].key = key;
	t->entry[i].faults++;
}

/**
 * hot_add() - count a fault
 * @h: where to
 * @f: the fault
 */
void hot_add(struct hot *h, const struct hot_fault *f)
{
	h->faults++;
	count(&h->pages, f->gpa >> 12 << 8 | (f->as & 0xff));
	count(&h->rips, f->rip);
	if (f->vcpu >= HOT_VCPUS)
		return;
	h->vcpu[f->vcpu].faults++;
	h->vcpu[f->vcpu].rip = f->rip;
	h->vcpu[f->vcpu].gpa = f->gpa;
	h->vcpu[f->vcpu].verdict = f->verdict;
}

/**
 * hot_most() - those that fault most
 * @t: the table
 * @to: room for them, most first
 * @nr: how many at most
 *
 * Return: how many there are.
 */
size_t hot_most(const struct hot_table *t, struct hot_entry *to, size_t nr)
{
	size_t i, j, found = 0;

	for (i = 0; nr && i < HOT_MAX; i++) {
		if (!t->entry[i].faults ||
		    (found == nr && t->entry[i].faults <= to[nr - 1].faults))
			continue;
		j = found < nr ? found++ : nr - 1;
		for (; j && to[j - 1].faults < t->entry[i].faults; j--)
			to[j] = to[j - 1];
		to[j] = t->entry[i];
	}
	return found;
}

static uint64_t number(struct tep_event *event, struct tep_record *record, const char *name)
{
	unsigned long long value = 0;

	tep_get_field_val(NULL, event, name, record, &value, 0);
	return value;
}

static int take(struct tep_event *event, struct tep_record *record, int cpu, void *data)
{
	struct hot_trace *t = data;
	const struct hot_fault f = {
		.vcpu = number(event, record, "vcpu"),
		.as = number(event, record, "as"),
		.verdict = number(event, record, "verdict"),
		.rip = number(event, record, "rip"),
		.gpa = number(event, record, "gpa"),
	};

	(void)cpu;
	hot_add(t->h, &f);
	if (!t->until)
		t->until = clock_ns(CLOCK_MONOTONIC) + READ_NS;
	return t->h->faults % 64 == 0 && clock_ns(CLOCK_MONOTONIC) > t->until;
}

static int begin(struct hot_trace *t, const struct vm_name *name)
{
	char filter[80];
	int err;

	t->tep = eventformats_open();
	if (!t->tep)
		return -errno;
	err = eventformats_add(t->tep, "nptbudget", "nptb_fault");
	if (err < 0)
		return err;
	snprintf(filter, sizeof(filter), "pid==%d && fd==%d && nth==%d", name->tid, name->fd,
		 name->nth);
	err = instance_write(t->instance, "buffer_size_kb", BUFFER_KB);
	if (!err)
		err = instance_write(t->instance, "events/nptbudget/nptb_fault/filter", filter);
	if (!err)
		err = instance_write(t->instance, "events/nptbudget/nptb_fault/enable", "1");
	return err;
}

/**
 * hot_open() - begin to record a VM's faults
 * @trace: where to put the recording, for hot_close()
 * @vm: the module's name of the VM
 *
 * While it goes on, each fault of a VM under a budget costs the kernel an event.
 *
 * Return: 0; -EINVAL for no such name; -ENOENT where the module's events are not
 * there; -errno of tracefs; -ENOMEM.
 */
int hot_open(struct hot_trace **trace, const char *vm)
{
	struct hot_trace *t = calloc(1, sizeof(*t));
	struct vm_name name;
	int err;

	if (!t)
		return -ENOMEM;
	err = vm_name_parse(vm, &name);
	if (!err) {
		t->instance = instance_create(INSTANCE);
		err = t->instance ? begin(t, &name) : -errno;
	}
	if (err)
		hot_close(t);
	else
		*trace = t;
	return err;
}

/**
 * hot_read() - count what was recorded since the last time
 * @trace: the recording
 * @h: where to count
 *
 * It reads for 5 ms at most: what is not read by then, or was overwritten, is not counted.
 *
 * Return: 0; -EIO.
 */
int hot_read(struct hot_trace *trace, struct hot *h)
{
	trace->h = h;
	trace->until = 0;
	if (tracefs_iterate_raw_events(trace->tep, trace->instance, NULL, 0, take, trace) < 0)
		return -EIO;
	return 0;
}

/**
 * hot_close() - end a recording, and leave nothing in tracefs
 * @trace: the recording, may be NULL
 */
void hot_close(struct hot_trace *trace)
{
	if (!trace)
		return;
	instance_destroy(trace->instance);
	tep_free(trace->tep);
	free(trace);
}
