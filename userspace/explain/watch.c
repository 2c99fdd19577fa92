// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "explain/watch.h"

/* AMD64 APM volume 2, section 8.4.2; reserved bits are KVM's mark of MMIO. */
#define ERROR_PRESENT	(1u << 0)
#define ERROR_RESERVED	(1u << 3)

/* So many of the same in a row, and for so long, are no accident. */
#define STUCK_EXITS	32
#define STUCK_NS	500000000ULL
/* A thread that sleeps longer than this in a fault waits for somebody. */
#define WAIT_NS		300000000ULL
/* Fewer than these in an interval are not worth a word. */
#define STORM_FAULTS	64

/**
 * watch_kind_name() - a kind's name, for people and JSON
 * @kind: the kind
 */
const char *watch_kind_name(enum watch_kind kind)
{
	static const char *const names[WATCH_KIND_NR] = {
		[WATCH_MISSING] = "missing",
		[WATCH_PROTECT] = "write-protect",
		[WATCH_MMIO] = "mmio",
		[WATCH_BUDGET] = "budget",
		[WATCH_HOST] = "host",
	};

	return names[kind];
}

/**
 * watch_verdict_name() - a verdict's name, for people and JSON
 * @verdict: the verdict
 */
const char *watch_verdict_name(enum watch_verdict verdict)
{
	static const char *const names[] = {
		[WATCH_FINE] = "fine",
		[WATCH_STUCK] = "stuck",
		[WATCH_STORM] = "storm",
		[WATCH_REPEATS] = "slow",
		[WATCH_WAITS] = "waits",
	};

	return names[verdict];
}

static struct watch_vcpu *find_vcpu(struct watch *w, pid_t tid)
{
	size_t i;

	for (i = 0; i < w->nr; i++)
		if (w->vcpu[i].tid == tid)
			return &w->vcpu[i];
	return NULL;
}

static struct watch_vcpu *add_vcpu(struct watch *w, pid_t tid)
{
	struct watch_vcpu *more;

	more = reallocarray(w->vcpu, w->nr + 1, sizeof(*more));
	if (!more)
		return NULL;
	w->vcpu = more;
	memset(&more[w->nr], 0, sizeof(*more));
	more[w->nr].tid = tid;
	more[w->nr].nr = WATCH_VCPU_UNKNOWN;
	return &more[w->nr++];
}

static struct watch_site *site_of(struct watch_vcpu *v, uint64_t rip, uint64_t gfn)
{
	struct watch_site *s;

	for (s = v->sites; s < v->sites + v->nr_sites; s++)
		if (s->rip == rip && s->gfn == gfn)
			return s;
	if (v->nr_sites == WATCH_SITES)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->rip = rip;
	s->gfn = gfn;
	v->nr_sites++;
	return s;
}

static void begin_fault(struct watch_vcpu *v, const struct kvm_event *e)
{
	struct watch_site *s = site_of(v, e->rip, e->address >> 12);

	v->in_fault = true;
	v->slept = false;
	v->rip = e->rip;
	v->address = e->address;
	v->kind = e->error & ERROR_RESERVED ? WATCH_MMIO :
		  e->error & ERROR_PRESENT ? WATCH_PROTECT : WATCH_MISSING;
	v->faults++;
	if (!v->repeat || v->repeat_rip != e->rip) {
		v->repeat = 0;
		v->repeat_rip = e->rip;
		v->repeat_since = e->ns;
	}
	v->repeat++;
	if (!s) {
		v->lost_sites++;
		return;
	}
	s->faults++;
	s->error = e->error;
	/* The module tells of it later: until then it is as the last one was there. */
	if (s->kind != WATCH_BUDGET || v->kind != WATCH_MISSING)
		s->kind = v->kind;
	s->delivering = v->delivering;
	s->vector = v->vector;
}

/* The module has taken the fault: it is of a VM under budget. */
static void budgeted(struct watch_vcpu *v)
{
	struct watch_site *s = v->in_fault ? site_of(v, v->rip, v->address >> 12) : NULL;

	if (v->in_fault)
		v->kind = WATCH_BUDGET;
	if (s)
		s->kind = WATCH_BUDGET;
}

static void note_insn(struct watch_vcpu *v, const struct kvm_event *e)
{
	struct watch_site *s = v->in_fault ? site_of(v, v->rip, v->address >> 12) : NULL;

	if (v->mmio)
		v->insn = *e;
	if (!s || e->rip != v->rip)
		return;
	memcpy(s->insn, e->insn, sizeof(s->insn));
	s->insn_len = e->insn_len;
	s->bits = e->bits;
}

/* On VT-x KVM learns of MMIO by an exit of its own, and the address comes last. */
static void begin_mmio(struct watch_vcpu *v, uint64_t address)
{
	struct kvm_event fault = {
		.rip = v->exit_rip, .ns = v->since, .address = address, .error = ERROR_RESERVED,
	};

	v->mmio = false;
	begin_fault(v, &fault);
	note_insn(v, &v->insn);
}

/* KVM has carried the instruction's access out: it gets on. */
static void carried_out(struct watch_vcpu *v, const struct kvm_event *e)
{
	struct watch_site *s;

	if (v->mmio && !v->in_fault)
		begin_mmio(v, e->address);
	v->repeat = 0;
	if (!v->in_fault)
		return;
	v->kind = WATCH_MMIO;
	s = site_of(v, v->rip, e->address >> 12);
	if (!s)
		return;
	s->accesses++;
	s->kind = WATCH_MMIO;
}

static void end_fault(struct watch *w, struct watch_vcpu *v, uint64_t now)
{
	uint64_t ns = now > v->since ? now - v->since : 0, us = ns / 1000;
	enum watch_kind kind = v->slept ? WATCH_HOST : v->kind;
	unsigned int i = 0;

	while (us && i < WATCH_BUCKETS - 1) {
		us >>= 1;
		i++;
	}
	w->count[kind]++;
	w->total_ns[kind] += ns;
	w->bucket[kind][i]++;
	if (ns > w->longest_ns[kind])
		w->longest_ns[kind] = ns;
	v->in_fault = false;
}

/**
 * watch_feed() - take an event in
 * @w: zeroed at first
 * @e: the event; a thread's in the order in which they were
 *
 * Return: 0 or -ENOMEM.
 */
int watch_feed(struct watch *w, const struct kvm_event *e)
{
	struct watch_vcpu *v = find_vcpu(w, e->tid);

	/* What sleeps and never was in a guest is no vCPU. */
	if (!v && e->what != KVM_EVENT_EXIT && e->what != KVM_EVENT_ENTRY)
		return 0;
	if (!v)
		v = add_vcpu(w, e->tid);
	if (!v)
		return -ENOMEM;
	switch (e->what) {
	case KVM_EVENT_EXIT:
		v->nr = e->vcpu;
		v->exits++;
		v->since = e->ns;
		v->in_fault = false;
		v->mmio = e->mmio;
		v->exit_rip = e->rip;
		v->insn.insn_len = 0;
		v->delivering = e->delivering;
		v->vector = e->vector;
		/* At another place, or for another reason: it has got on. */
		if (v->repeat_rip != e->rip)
			v->repeat = 0;
		break;
	case KVM_EVENT_FAULT:
		v->nr = e->vcpu;
		begin_fault(v, e);
		break;
	case KVM_EVENT_ACCESS:
		carried_out(v, e);
		break;
	case KVM_EVENT_INSN:
		note_insn(v, e);
		break;
	case KVM_EVENT_BUDGETED:
		budgeted(v);
		break;
	case KVM_EVENT_SLEEP:
		v->slept = v->in_fault;
		break;
	case KVM_EVENT_ENTRY:
		v->nr = e->vcpu;
		if (v->in_fault)
			end_fault(w, v, e->ns);
		break;
	}
	return 0;
}

/**
 * watch_sleeper() - a thread sleeps in a fault, and no event of it was seen
 * @w: what is watched
 * @tid: the thread
 * @now: ns of the trace clock
 *
 * It began before it was watched: from where on is not known.
 *
 * Return: 0 or -ENOMEM.
 */
int watch_sleeper(struct watch *w, pid_t tid, uint64_t now)
{
	struct watch_vcpu *v;

	if (find_vcpu(w, tid))
		return 0;
	v = add_vcpu(w, tid);
	if (!v)
		return -ENOMEM;
	v->in_fault = true;
	v->slept = true;
	v->since = now;
	return 0;
}

static const struct watch_site *find_site(const struct watch_vcpu *v, uint64_t rip, uint64_t gfn)
{
	const struct watch_site *s;

	for (s = v->sites; s < v->sites + v->nr_sites; s++)
		if (s->rip == rip && s->gfn == gfn)
			return s;
	return NULL;
}

static const struct watch_site *busiest(const struct watch_vcpu *v)
{
	const struct watch_site *s, *best = NULL;

	for (s = v->sites; s < v->sites + v->nr_sites; s++)
		if (!best || s->faults > best->faults)
			best = s;
	return best;
}

/* An access may go over several frames: to a screen, say. */
static uint64_t mmio_at(const struct watch_vcpu *v, uint64_t rip)
{
	const struct watch_site *s;
	uint64_t faults = 0;

	for (s = v->sites; s < v->sites + v->nr_sites; s++)
		if (s->rip == rip && s->kind == WATCH_MMIO)
			faults += s->faults;
	return faults;
}

/**
 * watch_judge() - what does a vCPU do?
 * @v: the vCPU
 * @now: ns of the trace clock
 * @interval: ns since watch_next() was called last
 * @finding: the answer; its site is one of @v
 */
void watch_judge(const struct watch_vcpu *v, uint64_t now, uint64_t interval,
		 struct watch_finding *finding)
{
	const struct watch_site *s = busiest(v);
	uint64_t faults;

	memset(finding, 0, sizeof(*finding));
	if (v->in_fault && v->slept && now > v->since && now - v->since >= WAIT_NS) {
		finding->verdict = WATCH_WAITS;
		finding->site = find_site(v, v->rip, v->address >> 12);
		finding->ns = now - v->since;
		return;
	}
	if (!s)
		return;
	faults = s->kind == WATCH_MMIO ? mmio_at(v, s->rip) : s->faults;
	finding->rate = interval ? (double)faults * 1e9 / (double)interval : 0;
	finding->ns = interval;
	if (v->repeat >= STUCK_EXITS && now > v->repeat_since &&
	    now - v->repeat_since >= STUCK_NS) {
		finding->verdict = WATCH_STUCK;
		finding->ns = now - v->repeat_since;
	} else if (faults >= STORM_FAULTS && faults * 2 > v->exits) {
		finding->verdict = s->kind == WATCH_MMIO ? WATCH_STORM : WATCH_REPEATS;
	} else {
		return;
	}
	finding->site = s;
}

/**
 * watch_next() - begin a new interval; totals stay
 * @w: what is watched
 *
 * A fault under way keeps its place.
 */
void watch_next(struct watch *w)
{
	struct watch_vcpu *v;
	struct watch_site keep;
	const struct watch_site *s;

	for (v = w->vcpu; v < w->vcpu + w->nr; v++) {
		s = v->in_fault ? find_site(v, v->rip, v->address >> 12) : NULL;
		v->exits = 0;
		v->faults = 0;
		v->lost_sites = 0;
		v->nr_sites = 0;
		if (!s)
			continue;
		keep = *s;
		keep.faults = 0;
		keep.accesses = 0;
		v->sites[v->nr_sites++] = keep;
	}
}

/**
 * watch_free() - free what was taken in
 * @w: zeroed afterwards
 */
void watch_free(struct watch *w)
{
	free(w->vcpu);
	memset(w, 0, sizeof(*w));
}
