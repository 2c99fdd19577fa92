/* SPDX-License-Identifier: GPL-2.0-only */
/* What measuring a case in a mode finds. */
#ifndef NPTB_PROBE_MEASURE_H
#define NPTB_PROBE_MEASURE_H

#include "model/loops.h"
#include "needs.h"
#include "vmm.h"

/* No case needs more, by far. */
#define PROBE_BUDGET_MAX 160

enum probe_status {
	PROBE_OK,
	PROBE_EMULATED,	/* by KVM, to the last instruction: it needs no page */
	PROBE_SKIPPED,	/* this host cannot: &probe_measure.why */
	PROBE_FAILED,	/* to measure, or the case did not do what it should */
};

/**
 * struct probe_outcome - one budget
 * @budget: pages
 * @end: how it ended
 * @stops: times that the module stopped it as a loop
 * @gains: of these, those between which it had made progress after all
 * @class: of the last loop
 * @vector: being delivered, -1 for none
 * @rip: where it looped last; offset in the code segment
 * @pages: distinct pages in the last loop's set
 */
struct probe_outcome {
	unsigned int budget;
	enum vmm_end end;
	unsigned int stops, gains;
	char class[LOOP_CLASS_MAX];
	int vector;
	uint64_t rip;
	unsigned int pages;
};

/**
 * struct probe_measure - a case in a mode, measured
 * @c: the case
 * @m: the mode
 * @status: whether the rest means anything
 * @why: where not, the reason
 * @min: fewest resident pages at which it completes
 * @roles: pages by role: the loop set one page below @min
 * @loop: that loop set
 * @predicted: what theory says
 * @agrees: the same pages in the same roles
 * @same: registers and memory are as after a run without a budget
 * @differs: what is not
 * @touched: pages resident after a run with plenty of room, by KVM's counters
 * @faults: taken in the run at @min
 * @emulated: instructions that KVM emulated in a run without a budget
 * @gained: false loops: the module stopped it, but it had made progress
 * @fresh: minimum with a new VM for each budget; 0 where not asked for
 * @nr: number of entries of @outcome
 * @outcome: budgets 1, 2, 3, ...
 */
struct probe_measure {
	const struct probe_case *c;
	const struct probe_mode *m;
	enum probe_status status;
	char why[256];
	unsigned int min;
	struct probe_roles roles;
	struct loop loop;
	struct probe_need need;
	struct probe_roles predicted;
	bool agrees;
	bool same;
	char differs[128];
	unsigned int touched;
	unsigned long long faults;
	unsigned long long emulated;
	unsigned int gained;
	unsigned int fresh;
	unsigned int nr;
	struct probe_outcome outcome[PROBE_BUDGET_MAX];
};

/**
 * struct probe_host - where cases are run
 * @kvm: /dev/kvm
 * @policy: for the VMs, NULL for the module's own
 * @tail: instructions that KVM emulates at the end of every case; -1: not known
 * @budget: called before each budget; may be NULL
 * @priv: for @budget
 */
struct probe_host {
	int kvm;
	const char *policy;
	int tail;
	void (*budget)(void *priv, unsigned int budget);
	void *priv;
};

void probe_measure(struct probe_host *host, const struct probe_layout *l,
		   struct probe_measure *x);
void probe_measure_free(struct probe_measure *x);
bool probe_same_pages(const struct loop *loop, const struct probe_need *need);

#endif /* NPTB_PROBE_MEASURE_H */
