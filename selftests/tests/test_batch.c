// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several pages evicted at a time (the knob "batch"): by KVM's own counters and by its
 * event of each change of an entry the VM is never over its budget, and has no fewer pages
 * than its budget less a batch, once it is full; KVM counts one flush for a batch; guests
 * that run with their budget run on, whatever the batch is, and those that do not loop as
 * they did.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cells.h"

#define DATA	SZ_2M
#define PAGES	128
#define LAPS	6
#define MS	30000
#define BUFFER_MIB	16

static struct vmm vm;
/* KVM's count at each lap of the one vCPU, which is in its exit then. */
static int64_t least, most;

static void look(struct vmm_vcpu *vcpu)
{
	int64_t pages = vmm_stat(vcpu->vm, "pages_4k");

	/* Full from the second lap on. */
	if (vcpu->outs < 2)
		return;
	least = least && least < pages ? least : pages;
	most = most > pages ? most : pages;
}

static bool is_within(const char *what, int64_t at_least, int64_t got, int64_t at_most)
{
	if (got < at_least || got > at_most)
		note("%s: %" PRId64 ", not from %" PRId64 " to %" PRId64, what, got, at_least,
		     at_most);
	return got >= at_least && got <= at_most;
}

/* What a batch comes to, as uapi/nptbudget.h says. */
static uint64_t batch_of(const char *batch, uint64_t budget)
{
	uint64_t half = budget / 2 ? budget / 2 : 1, n = strtoull(batch, NULL, 10);

	return n < half ? n : half;
}

static bool set(const char *knob, const char *value)
{
	int err = nptb_set(vm.name, knob, value);

	if (err)
		note("%s %s: %s", knob, value, strerror(-err));
	return !err;
}

/* Each vCPU has pages of its own. */
static void create(enum guest_id id, enum vmm_mode mode, int vcpus, uint64_t laps)
{
	struct vmm_args args = { .pages = PAGES, .laps = laps, .addend = 1 };
	int v;

	vmm_create(&vm, DATA + vcpus * PAGES * PAGE_SIZE, VMM_MEM_4K);
	for (v = 0; v < vcpus; v++) {
		args.data = DATA + v * PAGES * PAGE_SIZE;
		vmm_add(&vm, id, mode, &args);
	}
}

static bool run(void)
{
	bool ok;

	vmm_start(&vm);
	ok = vmm_wait(&vm, MS);
	if (!ok)
		note("not done in %d ms: %s", MS, vm.vcpu[0].why);
	vmm_stop(&vm);
	return ok;
}

/* Guest memory, and no loop. */
static bool is_right(int vcpus)
{
	uint64_t page;

	for (page = 0; page < (uint64_t)vcpus * PAGES; page++)
		*vmm_want32(&vm, DATA + page * PAGE_SIZE) += LAPS;
	return vmm_check(&vm) && is_within("loops", 0, nptb_stat(vm.name, "loops"), 0);
}

/* Both oracles, whatever the policy: never over the budget, which is reached. */
static bool never_over(const char *batch, uint64_t budget, int vcpus, enum vmm_mode mode,
		       const char *policy)
{
	struct sampler sampler;
	struct spte_result r;
	bool ok;

	spte_begin(BUFFER_MIB);
	create(GUEST_ADD, mode, vcpus, LAPS);
	ok = set("policy", policy) && set("batch", batch) && !nptb_budget(vm.name, budget);
	spte_limit(budget);
	sampler_begin(&sampler, &vm, budget);
	ok &= run();
	ok &= sampler_end(&sampler, false) && is_right(vcpus);
	vmm_destroy(&vm);
	r = spte_end();
	note("%" PRIu64 " changes, %" PRIu64 " lost, peak %" PRId64, r.events, r.lost, r.peak);
	return ok && !r.lost && !r.over && !r.huge && !r.now && r.peak == (int64_t)budget;
}

/* One vCPU: what is resident between two faults, and how many flushes that took. */
static bool one_flush(const char *batch, uint64_t budget)
{
	int64_t flushes, evictions, n = batch_of(batch, budget);
	bool ok;

	least = 0;
	most = 0;
	create(GUEST_TOUCH, VMM_PROT, 1, LAPS);
	vm.vcpu[0].on_out = look;
	ok = set("batch", batch) && !nptb_budget(vm.name, budget);
	flushes = vmm_vcpus_stat(&vm, "tlb_flush");
	ok &= run();
	flushes = vmm_vcpus_stat(&vm, "tlb_flush") - flushes;
	evictions = nptb_stat(vm.name, "evictions");
	note("budget %" PRIu64 ": %" PRId64 " evictions, %" PRId64 " flushes, %" PRId64 " to %"
	     PRId64 " resident at the end of a lap", budget, evictions, flushes, least, most);
	ok &= is_within("evictions", (LAPS - 1) * PAGES, evictions, 2 * LAPS * PAGES) &&
	      is_within("resident at least", budget - n + 1, least, budget) &&
	      is_within("resident at most", least, most, budget) &&
	      /* KVM has its own when a vCPU begins. */
	      is_within("flushes", evictions / n, flushes, (evictions + n - 1) / n + 3);
	vmm_destroy(&vm);
	return ok;
}

/* As many flushes are asked for of a vCPU that waits outside. */
static bool others_are_asked(const char *batch, uint64_t budget)
{
	int64_t requests, evictions, n = batch_of(batch, budget);
	struct vmm_args args = { .data = DATA, .pages = 2, .laps = 1 };
	bool ok;

	create(GUEST_TOUCH, VMM_PROT, 2, LAPS);
	vmm_reset(&vm.vcpu[1], GUEST_TOUCH, VMM_PROT, &args);
	ok = set("batch", batch) && !nptb_budget(vm.name, budget);
	requests = vmm_stat(&vm, "remote_tlb_flush_requests");
	ok &= run();
	requests = vmm_stat(&vm, "remote_tlb_flush_requests") - requests;
	evictions = nptb_stat(vm.name, "evictions");
	note("%" PRId64 " evictions, %" PRId64 " flushes asked for", evictions, requests);
	ok &= is_within("evictions", (LAPS - 1) * PAGES, evictions, 2 * LAPS * PAGES) &&
	      is_within("requests", evictions / n, requests, evictions / n + 3);
	vmm_destroy(&vm);
	return ok;
}

/* The one page of a guest that hops from page to page, without a loop. */
static bool one_page(const char *policy)
{
	struct vmm_args args = { .data = DATA, .pages = 16, .laps = 3, .addend = 1 };
	bool ok;

	vmm_create(&vm, DATA + 16 * PAGE_SIZE, VMM_MEM_4K);
	vmm_load_hop(&vm, DATA, args.pages, VMM_PROT);
	vmm_add(&vm, GUEST_HOP, VMM_PROT, &args);
	ok = set("policy", policy) && set("batch", "32") && !nptb_budget(vm.name, 1);
	vmm_start(&vm);
	ok &= nptb_wait_stat(vm.name, "evictions", 100, MS);
	vmm_stop(&vm);
	ok &= is_within("peak", 1, nptb_stat(vm.name, "peak"), 1) &&
	      is_within("loops", 0, nptb_stat(vm.name, "loops"), 0);
	vmm_destroy(&vm);
	return ok;
}

/* One that needs two: it loops, or does what on_loop says. */
static bool short_of_pages(const char *mode)
{
	bool ok;

	create(GUEST_ADD, VMM_PROT, 1, LAPS);
	ok = set("on_loop", mode) && set("batch", "32") && !nptb_budget(vm.name, 1);
	if (strcmp(mode, "log")) {
		uint64_t page;

		ok &= run();
		for (page = 0; page < PAGES; page++)
			*vmm_want32(&vm, DATA + page * PAGE_SIZE) += LAPS;
		ok &= vmm_check(&vm);
	} else {
		vmm_start(&vm);
		ok &= nptb_wait_stat(vm.name, "laps", 10, MS);
		vmm_stop(&vm);
	}
	ok &= is_within("loops", 1, nptb_stat(vm.name, "loops"), INT64_MAX) &&
	      is_within("peak", 1, nptb_stat(vm.name, "peak"), strcmp(mode, "lend") ? 1 : 2);
	vmm_destroy(&vm);
	return ok;
}

/* Changed while the guest runs, with the budget. */
static bool changes(void)
{
	static const char *const batches[] = { "1", "32", "2", "8" };
	static const uint64_t budgets[] = { 64, 3, 200, 16 };
	struct sampler sampler;
	bool ok = true;
	int i;

	create(GUEST_WORK, VMM_PROT, 2, 0);
	ok &= !nptb_budget(vm.name, 64);
	sampler_begin(&sampler, &vm, 64);
	vmm_start(&vm);
	for (i = 0; ok && i < 24; i++) {
		ok = set("batch", batches[i % ARRAY_SIZE(batches)]) &&
		     !sampler_budget(&sampler, budgets[i * 7 / 4 % ARRAY_SIZE(budgets)]) &&
		     nptb_wait_stat(vm.name, "evictions",
				    nptb_stat(vm.name, "evictions") + 200, MS);
	}
	ok &= sampler_end(&sampler, false);
	vmm_stop(&vm);
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	static const char *const batches[] = { "1", "8", "32" };
	size_t i;

	ksft_print_header();
	need_module();
	need_spte();
	ksft_set_plan(23);
	ksft_test_result(never_over("8", 5, 1, VMM_PROT, "fifo"), "budget 5, batch 8\n");
	ksft_test_result(never_over("32", 64, 1, VMM_LONG, "clock"), "budget 64, batch 32, clock, long\n");
	ksft_test_result(never_over("8", 64, 4, VMM_PROT, "fifo"), "budget 64, batch 8, 4 vCPUs\n");
	ksft_test_result(never_over("32", 40, 4, VMM_LONG, "lru"),
			 "budget 40, batch 32, lru, 4 vCPUs, long\n");
	ksft_test_result(never_over("32", 8, 1, VMM_LONG, "wsclock"),
			 "budget 8, batch 32, wsclock, long\n");
	ksft_test_result(never_over("32", 64, 2, VMM_PROT, "random"),
			 "budget 64, batch 32, random, 2 vCPUs\n");
	ksft_test_result(never_over("32", 64, 1, VMM_PROT, "mru"), "budget 64, batch 32, mru\n");
	/* What follows counts flushes, which need no oracle of leaves. */
	spte_close();
	for (i = 0; i < ARRAY_SIZE(batches); i++) {
		ksft_test_result(one_flush(batches[i], 64), "batch %s: one flush for each\n",
				 batches[i]);
		ksft_test_result(others_are_asked(batches[i], 64),
				 "batch %s: one for all vCPUs\n", batches[i]);
	}
	ksft_test_result(one_flush("32", 10), "batch 32 of 10 pages: 5\n");
	ksft_test_result(one_flush("32", 3), "batch 32 of 3 pages: 1\n");
	ksft_test_result(one_flush("32", 2), "batch 32 of 2 pages: 1\n");
	ksft_test_result(one_page("fifo"), "batch 32, one page\n");
	ksft_test_result(one_page("last-only"), "batch 32, last-only\n");
	ksft_test_result(short_of_pages("log"), "one page too few: log\n");
	ksft_test_result(short_of_pages("lend"), "one page too few: lend\n");
	ksft_test_result(short_of_pages("emulate"), "one page too few: emulate\n");
	ksft_test_result(short_of_pages("strict"), "one page too few: strict\n");
	ksft_test_result(changes(), "changed under way\n");
	ksft_finished();
}
