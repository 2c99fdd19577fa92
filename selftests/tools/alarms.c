// SPDX-License-Identifier: GPL-2.0-only
/*
 * Are the fault loops that the module reports loops indeed? This runs a command
 * and follows the events nptb_fault, nptb_evict and nptb_loop meanwhile, keeping
 * books of its own of every attempt: a loop is one where a page that was given to
 * the attempt faults again after a later fault of the same attempt evicted it.
 *   alarms [-b KIB] COMMAND [ARGS...]
 * -b: the trace buffer of each CPU; to have it made takes a second for 10 MiB.
 * It has to be able to see the events in order: on a host with one CPU, or with
 * the command held to one.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tracefs/tracefs.h>
#include <unistd.h>

#include "../lib/formats.h"
#include "../lib/util.h"
#include "../../uapi/nptbudget.h"

#define SYSTEM		"nptbudget"
#define BUFFER_KIB	32768
#define POLL_MS		20
#define VCPUS_MAX	32
#define PAGES_MAX	512
/* Of a list of pages that is printed. */
#define SHOWN		8

enum { EV_FAULT, EV_EVICT, EV_LOOP, EVENTS };

enum {
	F_PID, F_FD, F_VCPU, F_GPA, F_GFN, F_AS, F_VERDICT, F_ATTEMPT, F_SEQ, F_REASON,
	F_CLASS, F_LAPS, F_NPAGES, F_BUDGET, F_RIP, F_VICTIM, F_VICTIM_AS, FIELDS,
};

static const char *const event_names[EVENTS] = { "nptb_fault", "nptb_evict", "nptb_loop" };
static const char *const field_names[FIELDS] = {
	"pid", "fd", "vcpu", "gpa", "gfn", "as", "verdict", "attempt", "seq", "reason",
	"class", "laps", "npages", "budget", "rip", "victim", "victim_as",
};

/* A page of an attempt. */
struct page {
	uint64_t gfn;
	uint64_t as;
	bool evicted;		/* by a later fault of the same attempt */
};

/* What is known of a vCPU's current attempt. */
struct vcpu {
	uint64_t pid, fd, nr;
	uint64_t attempt, rip;
	unsigned int pages;
	struct page page[PAGES_MAX];
	bool reported;
	/* Of the fault whose event is still to come. */
	unsigned int evictions;
	struct page eviction[PAGES_MAX];
	bool loop;
	uint64_t loop_laps, loop_attempt, loop_pages, loop_budget, loop_rip;
};

static struct {
	uint64_t faults, evictions, loops, laps, false_alarms, missed, lost, contention;
} sum;

static struct vcpu vcpus[VCPUS_MAX];
static struct tep_handle *formats;
static struct tracefs_instance *instance;
static struct tep_format_field *fields[EVENTS][FIELDS];
static int event_ids[EVENTS];

static void end_instance(void)
{
	tracefs_trace_off(instance);
	tracefs_event_disable(instance, NULL, NULL);
	tracefs_instance_destroy(instance);
}

static void find_fields(int ev)
{
	struct tep_event *event = formats_add(formats, instance, SYSTEM, event_names[ev]);
	int f;

	event_ids[ev] = event->id;
	for (f = 0; f < FIELDS; f++)
		fields[ev][f] = tep_find_any_field(event, field_names[f]);
}

static void begin(unsigned int kib)
{
	char name[48];
	int ev;

	formats = formats_open();
	snprintf(name, sizeof(name), "nptb-alarms-%d", getpid());
	instance = tracefs_instance_create(name);
	if (!instance)
		die("tracefs: %s", strerror(errno));
	atexit(end_instance);
	tracefs_trace_off(instance);
	/* Counts events over all CPUs: their order. */
	if (tracefs_instance_file_write(instance, "trace_clock", "counter") < 0 ||
	    tracefs_instance_set_buffer_size(instance, kib, -1))
		die("trace buffer: %s", strerror(errno));
	for (ev = 0; ev < EVENTS; ev++)
		find_fields(ev);
	tracefs_trace_on(instance);
}

static uint64_t get(int ev, int f, struct tep_record *record)
{
	unsigned long long value;

	if (!fields[ev][f] || tep_read_number_field(fields[ev][f], record->data, &value))
		die("event %s has no field %s", event_names[ev], field_names[f]);
	return value;
}

static struct vcpu *find_vcpu(int ev, struct tep_record *record)
{
	uint64_t pid = get(ev, F_PID, record), fd = get(ev, F_FD, record);
	uint64_t nr = (uint32_t)get(ev, F_VCPU, record);
	int i;

	for (i = 0; i < VCPUS_MAX && vcpus[i].attempt; i++)
		if (vcpus[i].pid == pid && vcpus[i].fd == fd && vcpus[i].nr == nr)
			return &vcpus[i];
	if (i == VCPUS_MAX)
		die("more vCPUs than this keeps books of");
	vcpus[i] = (struct vcpu){ .pid = pid, .fd = fd, .nr = nr, .attempt = ~0ULL };
	return &vcpus[i];
}

static struct page *find_page(struct vcpu *v, uint64_t gfn, uint64_t as)
{
	unsigned int i;

	for (i = 0; i < v->pages; i++)
		if (v->page[i].gfn == gfn && v->page[i].as == as)
			return &v->page[i];
	return NULL;
}

static void bad(struct vcpu *v, const char *what)
{
	unsigned int i;

	printf("alarms: vCPU %" PRIu64 " of VM %" PRIu64 "-%" PRIu64 ", attempt %" PRIu64
	       ": %s; %u pages", v->nr, v->pid, v->fd, v->attempt, what, v->pages);
	for (i = 0; i < v->pages && i < SHOWN; i++)
		printf(" 0x%" PRIx64 "%s", v->page[i].gfn, v->page[i].evicted ? "*" : "");
	if (v->loop)
		printf("; reported at rip 0x%" PRIx64 ", lap %" PRIu64 ", %" PRIu64
		       " pages, budget %" PRIu64, v->loop_rip, v->loop_laps, v->loop_pages,
		       v->loop_budget);
	putchar('\n');
}

/*
 * An eviction is told before its fault, or with it. One for a budget, a flush or
 * another vCPU's fault is none of the attempt's own.
 */
static void take_eviction(int ev, struct tep_record *record, struct page gone, bool flush)
{
	uint64_t pid = get(ev, F_PID, record), fd = get(ev, F_FD, record);
	uint64_t nr = (uint32_t)get(ev, F_VCPU, record);
	struct page *page;
	struct vcpu *v;
	unsigned int i, p;

	sum.evictions++;
	for (i = 0; i < VCPUS_MAX && vcpus[i].attempt; i++) {
		v = &vcpus[i];
		if (v->pid != pid || v->fd != fd)
			continue;
		if (v->nr == nr && !flush && v->evictions < PAGES_MAX) {
			v->eviction[v->evictions++] = gone;
			continue;
		}
		for (p = 0; flush && p < v->pages; p++)
			v->page[p].evicted = false;
		page = flush ? NULL : find_page(v, gone.gfn, gone.as);
		if (page)
			page->evicted = false;
	}
}

static void on_evict(struct tep_record *record)
{
	const struct page gone = {
		.gfn = get(EV_EVICT, F_GFN, record), .as = get(EV_EVICT, F_AS, record),
	};

	take_eviction(EV_EVICT, record, gone,
		      get(EV_EVICT, F_REASON, record) == NPTB_EVICT_FLUSH);
}

/* What a fault's own event tells. */
static void take_victim(struct tep_record *record)
{
	const struct page gone = {
		.gfn = get(EV_FAULT, F_VICTIM, record), .as = get(EV_FAULT, F_VICTIM_AS, record),
	};

	if (gone.gfn != NPTB_NO_VICTIM)
		take_eviction(EV_FAULT, record, gone, false);
}

static void on_loop(struct tep_record *record)
{
	struct vcpu *v = find_vcpu(EV_LOOP, record);

	if (get(EV_LOOP, F_CLASS, record) > NPTB_LOOP_EVENT) {
		sum.contention++;
		return;
	}
	v->loop = true;
	v->loop_laps = get(EV_LOOP, F_LAPS, record);
	v->loop_attempt = get(EV_LOOP, F_ATTEMPT, record);
	v->loop_pages = get(EV_LOOP, F_NPAGES, record);
	v->loop_budget = get(EV_LOOP, F_BUDGET, record);
	v->loop_rip = get(EV_LOOP, F_RIP, record);
}

/* The report, if any, against what the events before it say. */
static void judge(struct vcpu *v, const struct page *page)
{
	bool returned = page && page->evicted;

	if (v->loop) {
		v->loop_laps == 1 ? sum.loops++ : sum.laps++;
		if (!returned || v->loop_attempt != v->attempt ||
		    v->loop_pages <= v->loop_budget || v->pages < v->loop_pages) {
			sum.false_alarms++;
			bad(v, "a false alarm");
		}
		v->reported = true;
	} else if (returned && !v->reported) {
		sum.missed++;
		v->reported = true;
		bad(v, "a loop that was not reported");
	}
}

static void check_sequence(struct vcpu *v, uint64_t seq)
{
	static uint64_t pid, fd, last;

	/* One VM after the other, as here: each counts from 1. */
	if (v->pid != pid || v->fd != fd)
		last = 0;
	if (seq != last + 1)
		sum.lost++;
	pid = v->pid;
	fd = v->fd;
	last = seq;
}

static void on_fault(struct tep_record *record)
{
	struct vcpu *v = find_vcpu(EV_FAULT, record);
	uint64_t gfn = get(EV_FAULT, F_GPA, record) >> 12, as = get(EV_FAULT, F_AS, record);
	uint64_t attempt = get(EV_FAULT, F_ATTEMPT, record);
	uint64_t verdict = get(EV_FAULT, F_VERDICT, record);
	struct page *page, *gone;
	unsigned int i;

	sum.faults++;
	take_victim(record);
	check_sequence(v, get(EV_FAULT, F_SEQ, record));
	if (verdict == NPTB_VERDICT_MMIO)
		return;
	if (attempt != v->attempt) {
		v->attempt = attempt;
		v->rip = get(EV_FAULT, F_RIP, record);
		v->pages = 0;
		v->reported = false;
	}
	/* What the module takes for one attempt is at one instruction. */
	if (v->rip != get(EV_FAULT, F_RIP, record)) {
		sum.false_alarms++;
		bad(v, "an attempt of two instructions");
	}
	page = find_page(v, gfn, as);
	if (verdict != NPTB_VERDICT_DEFERRED)
		judge(v, page);
	/* What goes for a fault that is sent back proves nothing. */
	for (i = 0; i < v->evictions; i++) {
		gone = find_page(v, v->eviction[i].gfn, v->eviction[i].as);
		if (gone)
			gone->evicted = verdict != NPTB_VERDICT_DEFERRED;
	}
	v->evictions = 0;
	v->loop = false;
	if (verdict == NPTB_VERDICT_DEFERRED)
		return;
	if (!page && v->pages < PAGES_MAX) {
		page = &v->page[v->pages++];
		*page = (struct page){ .gfn = gfn, .as = as };
	}
	if (page)
		page->evicted = false;
}

static int on_event(struct tep_event *event, struct tep_record *record, int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (event->id == event_ids[EV_FAULT])
		on_fault(record);
	else if (event->id == event_ids[EV_EVICT])
		on_evict(record);
	else if (event->id == event_ids[EV_LOOP])
		on_loop(record);
	return 0;
}

static void take_events(void)
{
	if (tracefs_iterate_raw_events(formats, instance, NULL, 0, on_event, NULL))
		die("trace buffer: %s", strerror(errno));
}

static int follow(char **argv)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork: %s", strerror(errno));
	if (!child) {
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	while (!waitpid(child, &status, WNOHANG)) {
		take_events();
		sleep_ms(POLL_MS);
	}
	tracefs_trace_off(instance);
	take_events();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	unsigned long kib = BUFFER_KIB;
	char *end = "";
	int status, c;

	while ((c = getopt(argc, argv, "+b:")) == 'b')
		kib = strtoul(optarg, &end, 10);
	if (c != -1 || *end || !kib || kib > INT_MAX || optind == argc) {
		fputs("usage: alarms [-b KIB] COMMAND [ARGS...]\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	begin(kib);
	status = follow(argv + optind);
	printf("alarms: %" PRIu64 " faults, %" PRIu64 " evictions; %" PRIu64
	       " loops and %" PRIu64 " further laps reported, %" PRIu64 " of them false; %" PRIu64
	       " loops not reported; %" PRIu64 " of contention; %" PRIu64 " events lost; status %d\n",
	       sum.faults, sum.evictions, sum.loops, sum.laps, sum.false_alarms, sum.missed,
	       sum.contention, sum.lost, status);
	if (sum.false_alarms || sum.missed || sum.lost || !sum.faults)
		return 1;
	return 0;
}
