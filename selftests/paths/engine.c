// SPDX-License-Identifier: GPL-2.0-only
/* One cell of the matrix, from an empty VM to its verdict. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/nptb.h"
#include "../lib/util.h"
#include "../oracle/spte.h"
#include "paths.h"

#define BUFFER_MIB	16

static const char *const verdicts[] = NPTB_VERDICT_NAMES;

int64_t run_leaves(const struct run *r)
{
	return vmm_stat(&r->vm, "pages_4k") + 512 * vmm_stat(&r->vm, "pages_2m") +
		262144 * vmm_stat(&r->vm, "pages_1g");
}

int run_budget(struct run *r, uint64_t pages)
{
	int64_t leaves;
	int ret;

	/* A larger one may be used while it is written, a smaller one not yet. */
	if (r->spte && (!pages || (r->limit && pages > r->limit)))
		spte_limit(pages);
	ret = sampler_budget(&r->sampler, pages);
	if (!ret) {
		if (r->spte)
			spte_limit(pages);
		if (!pages && r->limit)
			r->most = UINT64_MAX;
		else if (pages > r->most)
			r->most = pages;
		r->limit = pages;
	}
	/* In force when the write returns: not some time later. */
	leaves = run_leaves(r);
	if (!ret && pages && leaves > (int64_t)pages) {
		note("%" PRId64 " pages resident right after the budget of %" PRIu64,
		     leaves, pages);
		return -EBADE;
	}
	return ret;
}

static bool set_budget(struct run *r)
{
	int ret = run_budget(r, r->cell->budget);

	if (ret)
		note("budget of %" PRIu64 ": %s", r->cell->budget, strerror(-ret));
	return !ret;
}

static bool call(struct run *r, bool (*fn)(struct run *r))
{
	return !fn || fn(r);
}

static bool open_vm(struct run *r)
{
	const struct path *path = r->cell->path;
	size_t size = path->mem == VMM_MEM_HUGE_1G ? 1UL << 30 : PATH_SIZE;
	int i, first = path->flags & PATH_ONE_FIRST ? 1 : r->cell->vcpus;

	if (!vmm_create(&r->vm, size, path->mem)) {
		note("no memory of this kind: %s", vmm_mem_names[path->mem]);
		return false;
	}
	r->opened = true;
	/*
	 * Huge pages are there before KVM asks how large they are. A write: what
	 * is read first begins as the huge zero page, and breaks up later.
	 */
	if (path->flags & PATH_HUGE_BACK)
		memset(r->vm.mem, 0, PATH_SIZE);
	r->vm.priv = r;
	if (path->flags & PATH_IRQCHIP) {
		if (ioctl(r->vm.fd, KVM_CREATE_IRQCHIP, 0UL))
			die("KVM_CREATE_IRQCHIP: %s", strerror(errno));
		r->vm.irqchip = true;
	}
	sampler_begin(&r->sampler, &r->vm, SAMPLER_OFF);
	lanes_open(r);
	if (!call(r, path->open))
		return false;
	for (i = 0; i < first; i++)
		lane_start(r, i);
	return call(r, path->ready);
}

/* With too small a budget nobody gets on; that is seen, not waited for. */
static bool advance(struct run *r)
{
	if (r->progress || !r->limit)
		return lanes_wait(r, 1);
	if (nptb_wait_stat(r->vm.name, "loops", 1, PATH_MS))
		return true;
	note("no loop, though one vCPU needs more than the budget");
	return false;
}

static bool begin_guest(struct run *r)
{
	bool late = r->cell->path->flags & (PATH_LATE | PATH_HUGE_BACK);

	if (!late && !set_budget(r))
		return false;
	vmm_start(&r->vm);
	if (!late)
		return advance(r);
	if (!lanes_wait(r, 1))
		return false;
	if (r->cell->path->flags & PATH_HUGE_BACK &&
	    !vmm_stat(&r->vm, "pages_2m") && !vmm_stat(&r->vm, "pages_1g")) {
		note("no huge leaf before the budget");
		return false;
	}
	return set_budget(r) && advance(r);
}

/*
 * Our set against KVM's counters: equal, while nobody can fault. The host may take
 * pages even then (to balance memory nodes, all of a mapping): look again.
 */
static bool check_set(const struct run *r)
{
	int64_t leaves, set, resident;
	int tries = 5;

	do {
		leaves = run_leaves(r);
		set = nptb_stat(r->vm.name, "set");
		resident = nptb_stat(r->vm.name, "resident");
	} while (run_leaves(r) != leaves && --tries);
	if (resident == leaves && (set == leaves || set == -ENOENT))
		return true;
	note("paused: KVM counts %" PRId64 " pages, our set holds %" PRId64
	     ", resident says %" PRId64, leaves, set, resident);
	return false;
}

static bool check_stats(const struct run *r)
{
	const char *vm = r->vm.name;
	int64_t sum = 0, faults = nptb_stat(vm, "faults");
	int64_t peak = nptb_stat(vm, "peak"), passed = nptb_stat(vm, "passed");
	size_t v;

	for (v = 0; v < ARRAY_SIZE(verdicts); v++)
		sum += nptb_stat(vm, verdicts[v]);
	if (faults == sum && faults > 0 && !passed &&
	    (uint64_t)peak <= r->most)
		return true;
	note("%" PRId64 " faults, %" PRId64 " by verdict, %" PRId64
	     " passed, peak %" PRId64, faults, sum, passed, peak);
	return false;
}

/* Without a fault between: nothing but the reading of our set could mend it. */
static bool rest(struct run *r, int round)
{
	const struct path *path = r->cell->path;

	return !path->rest ||
		(path->rest(r, round) && check_set(r) && lanes_accept(r));
}

static bool run_rounds(struct run *r)
{
	const struct path *path = r->cell->path;
	int round;
	bool ok;

	for (round = 0; round < r->rounds; round++) {
		if (path->act && !path->act(r, round))
			return false;
		if (!advance(r))
			return false;
		vmm_stop(&r->vm);
		ok = check_set(r) & call(r, path->pause) & lanes_accept(r);
		if (!ok || !rest(r, round))
			return false;
		if (round + 1 < r->rounds)
			vmm_start(&r->vm);
	}
	return call(r, path->close);
}

/* The budget goes: every vCPU gets on, and huge leaves come back. */
static bool huge_leaves_back(struct run *r)
{
	uint64_t end = deadline(PATH_MS);
	int ret = run_budget(r, 0);
	bool ok;

	if (ret) {
		note("budget off: %s", strerror(-ret));
		return false;
	}
	vmm_start(&r->vm);
	ok = lanes_wait(r, 1);
	while (ok && !vmm_stat(&r->vm, "pages_2m") &&
	       !vmm_stat(&r->vm, "pages_1g")) {
		if (now_ms() > end) {
			note("no huge leaf came back without the budget");
			ok = false;
		}
		sleep_ms(1);
	}
	vmm_stop(&r->vm);
	return ok && lanes_accept(r);
}

/* Whether the kernel takes a path is a race: tries until it has. */
#define TRIES	6

static bool check_oracles(struct run *r, bool ok, bool *missed)
{
	const char *event = r->progress ? r->cell->path->event : NULL;
	bool reach = ok && r->progress && r->cell->budget < r->pages &&
		!(r->cell->path->flags & PATH_UNSEEN);
	struct spte_result s = { 0 };
	bool exact;

	if (!r->spte)
		return true;
	s = spte_end();
	/*
	 * An entry's event comes after its change, both below a lock that vCPUs
	 * share: one may replace what another has just made, and tell of it first.
	 */
	exact = !s.lost && !s.huge && s.low > -(int64_t)r->cell->vcpus &&
		!s.now && !s.over &&
		(!reach || s.peak >= (int64_t)r->cell->budget);
	*missed = exact && ok && event && !s.also;
	if (exact && !*missed)
		return true;
	if (*missed)
		note("no event %s: this was not the path", event);
	note("KVM's events: %" PRIu64 ", lost %" PRIu64 ", huge %" PRIu64
	     ", over %" PRId64 ", peak %" PRId64 ", low %" PRId64 ", end %" PRId64,
	     s.events, s.lost, s.huge, s.over, s.peak, s.low, s.now);
	return false;
}

/* @missed: all is well but for the event that the path is known by. */
static bool cell_try(const struct cell *cell, bool full, bool *missed)
{
	/* Large, and cells run one after the other. */
	static struct run run;
	struct run *r = &run;
	bool ok;

	*missed = false;
	memset(r, 0, sizeof(*r));
	r->cell = cell;
	r->rounds = full ? 2 : 1;
	r->fd = -1;
	if (cell->path->flags & PATH_OWN)
		return cell->path->act(r, 0);
	r->spte = !spte_unusable();
	if (r->spte) {
		spte_begin(BUFFER_MIB);
		spte_limit(0);
		if (cell->path->event)
			spte_also("kvm", cell->path->event);
	}
	ok = open_vm(r);
	if (r->opened) {
		ok = ok && begin_guest(r);
		ok = ok && run_rounds(r);
		vmm_stop(&r->vm);
		if (ok)
			ok = check_stats(r);
		if (ok && cell->path->flags & PATH_HUGE_BACK)
			ok = huge_leaves_back(r);
		ok = sampler_end(&r->sampler, false) && ok;
		ok = vmm_check(&r->vm) && ok;
		vmm_destroy(&r->vm);
	}
	if (r->fd >= 0)
		close(r->fd);
	ok = check_oracles(r, ok, missed) && ok;
	return ok;
}

bool cell_run(const struct cell *cell, bool full)
{
	bool missed, ok;
	int tries = 0;

	do
		ok = cell_try(cell, full, &missed);
	while (missed && ++tries < TRIES);
	return ok;
}
