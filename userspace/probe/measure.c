// SPDX-License-Identifier: GPL-2.0-only
/* Budgets 1, 2, 3, ... until the case completes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/msg.h"
#include "model/stats.h"
#include "measure.h"

/* Plenty for any case, and below the number of pages that any of them has. */
#define ROOMY		"4096"
/* A step of a gather or a string instruction may be taken for a loop. */
#define STOPS_MAX	256

struct run {
	struct probe_host *host;
	struct probe_measure *x;
	struct vmm vm;
	struct vmm_state control, now, last;
	struct loop seen;	/* of the last stop */
};

static void __attribute__((format(printf, 2, 3)))
fail(struct probe_measure *x, const char *fmt, ...)
{
	va_list ap;

	if (x->status == PROBE_FAILED)
		return;
	x->status = PROBE_FAILED;
	va_start(ap, fmt);
	vsnprintf(x->why, sizeof(x->why), fmt, ap);
	va_end(ap);
}

static int knob(struct run *r, const char *file, const char *value)
{
	char path[DBGFS_PATH_MAX];
	int err = dbgfs_write(dbgfs_vm_file(path, r->vm.name, file), value);

	if (err)
		fail(r->x, "cannot set %s to %s: %s", file, value, msg_errno(-err));
	return err;
}

static int resident(struct run *r, unsigned int *pages)
{
	char path[DBGFS_PATH_MAX], word[32];
	int err = dbgfs_read_word(dbgfs_vm_file(path, r->vm.name, "resident"), word,
				  sizeof(word));

	if (err) {
		fail(r->x, "cannot read the resident pages: %s", msg_errno(-err));
		return err;
	}
	*pages = (unsigned int)strtoul(word, NULL, 10);
	return 0;
}

static unsigned long long module_stat(struct run *r, const char *name)
{
	char path[DBGFS_PATH_MAX], *text;
	unsigned long long value = 0;
	struct stats s = { 0 };

	if (dbgfs_read(dbgfs_vm_file(path, r->vm.name, "stats"), &text))
		return 0;
	if (!stats_parse(&s, text))
		stats_get(&s, name, &value);
	free(text);
	return value;
}

/* Empty, at the entry of the case; KVM's counters say that it is empty. */
static int begin(struct run *r)
{
	unsigned int pages = 0;

	if (vmm_reset(&r->vm)) {
		fail(r->x, "%s", r->vm.why);
		return -EIO;
	}
	if (resident(r, &pages))
		return -EIO;
	if (pages && vmm_drop(&r->vm)) {
		fail(r->x, "%s", r->vm.why);
		return -EIO;
	}
	if (pages && resident(r, &pages))
		return -EIO;
	if (!pages)
		return 0;
	fail(r->x, "%u pages are resident in a VM that was emptied", pages);
	return -EIO;
}

static int state(struct run *r, struct vmm_state *s)
{
	int err = vmm_state(&r->vm, s);

	if (err)
		fail(r->x, "%s", r->vm.why);
	return err;
}

static const char *const end_names[] = {
	[VMM_HLT] = "HLT", [VMM_SHUTDOWN] = "shutdown", [VMM_LOOP] = "fault loop",
	[VMM_STRAY] = "stray access", [VMM_HANG] = "hang", [VMM_OTHER] = "failure",
};

/* Ended as the case says that it should? */
static bool ended_well(struct run *r, enum vmm_end end)
{
	static const enum vmm_end wanted[] = {
		[RESULT_HLT] = VMM_HLT, [RESULT_SHUTDOWN] = VMM_SHUTDOWN,
	};

	if (end == wanted[r->x->c->result])
		return true;
	fail(r->x, "ended with %s, not %s%s%s", end_names[end],
	     end_names[wanted[r->x->c->result]], *r->vm.why ? ": " : "", r->vm.why);
	return false;
}

static void check_wants(struct run *r)
{
	const struct probe_case *c = r->x->c;
	const struct probe_layout *l = r->vm.l;
	uint64_t want, got;
	unsigned int i, width;

	for (i = 0; i < 2 && c->want_reg[i].reg; i++) {
		want = probe_value(l, &c->want_reg[i].val);
		got = vmm_reg(&r->control.regs, c->want_reg[i].reg);
		if (want != got)
			fail(r->x, "a register is 0x%llx after it, not 0x%llx",
			     (unsigned long long)got, (unsigned long long)want);
	}
	for (i = 0; i < 2 && c->want_mem[i].val.kind != V_NONE; i++) {
		width = c->want_mem[i].width ? (unsigned int)c->want_mem[i].width :
			probe_mode_word(l->m);
		want = probe_value(l, &c->want_mem[i].val);
		got = probe_peek(l, r->control.memory,
				 l->part[c->want_mem[i].part].lin + c->want_mem[i].offset, width);
		if (want != got)
			fail(r->x, "memory is 0x%llx after it, not 0x%llx",
			     (unsigned long long)got, (unsigned long long)want);
	}
}

/* Whether KVM emulates the HLT at the end: it has to skip it somehow. */
static void learn_tail(struct run *r)
{
	const struct probe_layout *l = r->vm.l;
	struct kvm_regs regs;
	uint64_t before;

	if (r->host->tail >= 0 || l->c->cpl || l->c->inject || begin(r) ||
	    ioctl(r->vm.vcpu, KVM_GET_REGS, &regs))
		return;
	/* "9: hlt; jmp 9b" */
	regs.rip += l->code_len - 3;
	before = vmm_stat(&r->vm, "insn_emulation");
	if (!ioctl(r->vm.vcpu, KVM_SET_REGS, &regs) && vmm_run(&r->vm) == VMM_HLT)
		r->host->tail = (int)(vmm_stat(&r->vm, "insn_emulation") - before);
}

/* It needs no page at all: KVM emulates each instruction of it. */
static void emulated(struct probe_measure *x)
{
	x->status = PROBE_EMULATED;
	x->agrees = !x->need.n;
	x->same = true;
}

/* Without a budget: what has to come out. Then what it touches in all. */
static void control(struct run *r)
{
	char buf[128];
	const char *what;

	if (knob(r, "budget", "off"))
		return;
	learn_tail(r);
	if (begin(r))
		return;
	r->x->emulated = vmm_stat(&r->vm, "insn_emulation");
	if (!ended_well(r, vmm_run(&r->vm)) || state(r, &r->control))
		return;
	r->x->emulated = vmm_stat(&r->vm, "insn_emulation") - r->x->emulated;
	if (r->host->tail > 0 && r->x->emulated)
		r->x->emulated -= (unsigned int)r->host->tail;
	check_wants(r);

	if (knob(r, "budget", ROOMY) || begin(r) || !ended_well(r, vmm_run(&r->vm)) ||
	    state(r, &r->now) || resident(r, &r->x->touched))
		return;
	what = vmm_differ(&r->vm, &r->control, &r->now, buf, sizeof(buf));
	if (what)
		fail(r->x, "with plenty of room it ends otherwise: %s", what);
	else if (!r->x->touched)
		emulated(r->x);
}

static int keep_loop(struct loop *to, const struct loop *from)
{
	free(to->page);
	*to = *from;
	to->page = malloc(from->nr * sizeof(*to->page) + 1);
	if (!to->page)
		return -ENOMEM;
	memcpy(to->page, from->page, from->nr * sizeof(*to->page));
	return 0;
}

/* The loop set of the loop that the module stopped last. */
static int read_loop(struct run *r, struct probe_outcome *o)
{
	char path[DBGFS_PATH_MAX], *text;
	const struct loop *found = NULL;
	unsigned int bad;
	struct loops ls = { 0 };
	size_t i;
	int err;

	err = dbgfs_read(dbgfs_vm_file(path, r->vm.name, "loops"), &text);
	if (!err) {
		err = loops_parse(&ls, text, &bad);
		free(text);
	}
	if (err) {
		fail(r->x, "cannot read the loops: %s", msg_errno(-err));
		return err;
	}
	for (i = 0; i < ls.nr; i++)
		if (ls.loop[i].rip == r->vm.loop_rip && ls.loop[i].budget == o->budget)
			found = &ls.loop[i];
	if (!found) {
		fail(r->x, "the module stopped a loop at 0x%llx that it has no record of",
		     (unsigned long long)r->vm.loop_rip);
		loops_free(&ls);
		return -ENOENT;
	}
	strcpy(o->class, found->class);
	o->vector = found->vector;
	o->rip = found->rip;
	o->pages = (unsigned int)found->nr;
	err = keep_loop(&r->seen, found);
	loops_free(&ls);
	if (err)
		fail(r->x, "out of memory");
	return err;
}

static void swap(struct vmm_state *a, struct vmm_state *b)
{
	struct vmm_state t = *a;

	*a = *b;
	*b = t;
}

/*
 * Run it in one budget. A stop counts as a loop where the whole state is as it
 * was at the stop before: the module looks at general registers only.
 */
static enum vmm_end run_budget(struct run *r, struct probe_outcome *o)
{
	char buf[128];

	if (begin(r) || state(r, &r->last))
		return VMM_OTHER;
	for (;;) {
		o->end = vmm_run(&r->vm);
		if (o->end != VMM_LOOP)
			return o->end;
		o->stops++;
		if (read_loop(r, o) || state(r, &r->now))
			return VMM_OTHER;
		if (!vmm_progress(&r->vm, &r->last, &r->now, buf, sizeof(buf))) {
			keep_loop(&r->x->loop, &r->seen);
			return VMM_LOOP;
		}
		if (o->stops == STOPS_MAX) {
			fail(r->x, "more than %d stops in one run", STOPS_MAX);
			return VMM_OTHER;
		}
		o->gains++;
		swap(&r->last, &r->now);
	}
}

static void completed(struct run *r, const struct probe_outcome *o)
{
	char buf[128];
	const char *what;

	if (!ended_well(r, o->end) || state(r, &r->now))
		return;
	r->x->min = o->budget;
	r->x->gained = o->gains;
	what = vmm_differ(&r->vm, &r->control, &r->now, buf, sizeof(buf));
	r->x->same = !what;
	snprintf(r->x->differs, sizeof(r->x->differs), "%s", what ? what : "");
}

static void budgets(struct run *r)
{
	struct probe_measure *x = r->x;
	struct probe_outcome *o;
	unsigned long long faults;
	char value[16];

	while (x->status == PROBE_OK && !x->min && x->nr < PROBE_BUDGET_MAX) {
		o = &x->outcome[x->nr++];
		o->budget = x->nr;
		o->vector = -1;
		if (r->host->budget)
			r->host->budget(r->host->priv, o->budget);
		snprintf(value, sizeof(value), "%u", o->budget);
		if (knob(r, "budget", value))
			return;
		faults = module_stat(r, "faults");
		if (run_budget(r, o) != VMM_LOOP)
			completed(r, o);
		x->faults = module_stat(r, "faults") - faults;
	}
	if (!x->min)
		fail(x, "did not complete with %d pages", PROBE_BUDGET_MAX);
}

static int open_vm(struct run *r, const struct probe_layout *l)
{
	if (vmm_open(&r->vm, r->host->kvm, l)) {
		fail(r->x, "%s", r->vm.why);
		return -EIO;
	}
	if (r->host->policy && knob(r, "policy", r->host->policy))
		return -EIO;
	return knob(r, "on_loop", "stop");
}

static int open_run(struct run *r, const struct probe_layout *l)
{
	size_t size = (size_t)l->nframes * PROBE_PAGE;

	r->control.memory = malloc(size);
	r->now.memory = malloc(size);
	r->last.memory = malloc(size);
	if (r->control.memory && r->now.memory && r->last.memory)
		return open_vm(r, l);
	fail(r->x, "out of memory");
	return -ENOMEM;
}

static void close_run(struct run *r)
{
	vmm_close(&r->vm);
	free(r->control.memory);
	free(r->now.memory);
	free(r->last.memory);
	free(r->seen.page);
}

/* Again, with a new VM for each budget: was the old one as good as new? */
static void fresh(struct run *r, const struct probe_layout *l)
{
	struct probe_measure *x = r->x;
	struct probe_outcome o;
	char value[16];
	unsigned int b;

	for (b = 1; b <= x->min && !x->fresh && x->status == PROBE_OK; b++) {
		vmm_close(&r->vm);
		if (open_vm(r, l))
			return;
		memset(&o, 0, sizeof(o));
		o.budget = b;
		snprintf(value, sizeof(value), "%u", b);
		if (!knob(r, "budget", value) && run_budget(r, &o) == VMM_HLT)
			x->fresh = b;
	}
	if (x->fresh != x->min)
		fail(x, "needs %u pages in a new VM, %u in one that was emptied", x->fresh, x->min);
}

/* One page alone, and no loop to show it: nothing but the fetch. */
static void one_page(struct probe_measure *x, const struct probe_layout *l)
{
	x->loop.page = calloc(1, sizeof(*x->loop.page));
	if (!x->loop.page)
		return;
	x->loop.nr = 1;
	x->loop.page[0].gfn = probe_page_at(l, l->part[P_CODE].lin)->gpa / PROBE_PAGE;
	x->loop.page[0].roles = NPTB_ROLE_FETCH;
}

/**
 * probe_same_pages() - did the loop have the pages that theory names?
 * @loop: what was measured
 * @need: what theory says
 *
 * Return: whether they are the same frames, each in a role that theory gives it.
 */
bool probe_same_pages(const struct loop *loop, const struct probe_need *need)
{
	unsigned int i, j;

	if (loop->nr != need->n)
		return false;
	for (i = 0; i < need->n; i++) {
		for (j = 0; j < loop->nr; j++)
			if (loop->page[j].gfn == need->gpa[i] / PROBE_PAGE &&
			    loop->page[j].roles && !(loop->page[j].roles & ~need->role[i]))
				break;
		if (j == loop->nr)
			return false;
	}
	return true;
}

static void compare(struct probe_measure *x, const struct probe_layout *l)
{
	bool turns;
	size_t i;

	x->roles.pages = (unsigned int)x->loop.nr;
	for (i = 0; i < x->loop.nr; i++)
		x->roles.of[x->loop.page[i].roles % PROBE_ROLES]++;
	if (x->roles.pages != x->min)
		fail(x, "completes with %u pages, but the loop below has %u", x->min,
		     x->roles.pages);
	/* Where pages, or instructions, take turns, which one it was is not told. */
	turns = x->c->steps || strchr(probe_formula(l), '|');
	x->agrees = x->min == x->need.n &&
		    (turns ? !memcmp(&x->roles, &x->predicted, sizeof(x->roles)) :
			     probe_same_pages(&x->loop, &x->need));
}

/**
 * probe_measure() - measure a case in a mode
 * @host: where
 * @l: the case in the mode
 * @x: what is found
 *
 * What theory says is computed first, and never changed.
 */
void probe_measure(struct probe_host *host, const struct probe_layout *l,
		   struct probe_measure *x)
{
	struct run r = { .host = host, .x = x };

	memset(x, 0, sizeof(*x));
	x->c = l->c;
	x->m = l->m;
	if (probe_predict(l, &x->need)) {
		fail(x, "its formula cannot be read: '%s'", probe_formula(l) ?: "");
		return;
	}
	probe_need_roles(&x->need, &x->predicted);
	if (!open_run(&r, l))
		control(&r);
	if (x->status == PROBE_OK)
		budgets(&r);
	if (x->status == PROBE_OK && x->min == 1)
		one_page(x, l);
	if (x->status == PROBE_OK)
		compare(x, l);
	if (x->status == PROBE_OK && x->c->fresh && BIT_M(x->m->id) & FEW_MODES)
		fresh(&r, l);
	close_run(&r);
}

/**
 * probe_measure_free() - drop what a measurement holds
 * @x: the measurement
 */
void probe_measure_free(struct probe_measure *x)
{
	free(x->loop.page);
	x->loop.page = NULL;
	x->loop.nr = 0;
}
