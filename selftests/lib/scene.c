// SPDX-License-Identifier: GPL-2.0-only
/* One run of VMs under budgets with the sampler watching. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guests.h"
#include "scene.h"
#include "util.h"

#define ADDEND	0x01010101U

static const char *const verdicts[] = NPTB_VERDICT_NAMES;

unsigned int scene_need(const struct scene *s, int vcpus)
{
	/* Page-table pages below the page directory: code's, and data's. */
	unsigned int tables = 3 + 1 + (s->pages * vcpus / s->vcpus + 511) / 512;

	if (kvm_shadow_paging())
		tables = 0;
	else if (s->mode != VMM_LONG)
		tables = s->mode == VMM_PROT && kvm_restricted();
	else if (vcpus == 1)
		tables = 3 + 1 + 1;
	return tables + 2 * vcpus;
}

unsigned int scene_need_fetch(const struct scene *s)
{
	return adder_need_fetch(s->mode);
}

static bool must_loop(const struct scene *s, int vm)
{
	return s->budget[vm] && s->budget[vm] < scene_need(s, 1);
}

static uint64_t data_of(const struct scene *s, int vcpu)
{
	return SCENE_DATA + (uint64_t)vcpu * (s->pages / s->vcpus) * PAGE_SIZE;
}

/* No larger than it has to be: all of it is compared in the end. */
static size_t size_of(const struct scene *s)
{
	return (SCENE_DATA + s->pages * PAGE_SIZE + SZ_2M - 1) & ~(SZ_2M - 1);
}

static int open_vm(struct scene *s, int i)
{
	struct vmm_args args = {
		.pages = s->pages / s->vcpus, .laps = s->laps,
	};
	struct vmm *vm = &s->vm[i];
	int v, ret = 0;

	if (!vmm_create(vm, size_of(s), s->kind))
		return -ENOMEM;
	vmm_fill(vm, SCENE_DATA, s->pages * PAGE_SIZE);
	for (v = 0; v < s->vcpus; v++) {
		args.data = data_of(s, v);
		args.addend = ADDEND + v;
		vmm_add(vm, GUEST_ADD, s->mode, &args);
	}
	if (s->policy)
		ret = nptb_set(vm->name, "policy", s->policy);
	if (!ret && s->budget[i])
		ret = nptb_budget(vm->name, s->budget[i]);
	return ret;
}

bool scene_open(struct scene *s)
{
	int i, ret;

	for (i = 0; i < s->vms; i++) {
		ret = open_vm(s, i);
		if (ret) {
			note("VM %d cannot be set up: %s", i, strerror(-ret));
			return false;
		}
	}
	for (i = 0; i < s->vms; i++)
		sampler_begin(&s->sampler[i], &s->vm[i],
			      s->budget[i] ? s->budget[i] : SAMPLER_OFF);
	s->sampling = true;
	return true;
}

/* The samplers' verdicts, each once. */
static bool end_samplers(struct scene *s, bool must_reach)
{
	bool ok = true;
	int i;

	if (!s->sampling)
		return true;
	s->sampling = false;
	for (i = 0; i < s->vms; i++)
		ok &= sampler_end(&s->sampler[i], must_reach && s->budget[i] &&
				  s->budget[i] < (uint64_t)s->pages);
	return ok;
}

bool scene_check_counters(struct scene *s, int i)
{
	const char *vm = s->vm[i].name;
	int64_t kvm, resident, faults, peak, sum = 0;
	char buf[32];
	bool ok = true;
	size_t v;

	kvm = vmm_stat(&s->vm[i], "pages_4k") +
	      512 * vmm_stat(&s->vm[i], "pages_2m") +
	      262144 * vmm_stat(&s->vm[i], "pages_1g");
	resident = nptb_get(vm, "resident", buf, sizeof(buf)) > 0 ?
		strtoll(buf, NULL, 10) : -1;
	if (resident != kvm) {
		note("%s: resident says %" PRId64 ", KVM's counters %" PRId64,
		     vm, resident, kvm);
		ok = false;
	}
	if (!s->budget[i])
		return ok;
	faults = nptb_stat(vm, "faults");
	peak = nptb_stat(vm, "peak");
	for (v = 0; v < sizeof(verdicts) / sizeof(verdicts[0]); v++)
		sum += nptb_stat(vm, verdicts[v]);
	if (faults <= 0 || sum != faults) {
		note("%s: %" PRId64 " faults, their verdicts sum up to %" PRId64,
		     vm, faults, sum);
		ok = false;
	}
	if (peak <= 0 || (uint64_t)peak > s->budget[i]) {
		note("%s: peak %" PRId64 " with a budget of %" PRIu64, vm, peak,
		     s->budget[i]);
		ok = false;
	}
	if (s->budget[i] < (uint64_t)s->pages &&
	    nptb_stat(vm, "evictions") < (int64_t)(s->pages - s->budget[i]) &&
	    !must_loop(s, i)) {
		note("%s: only %" PRId64 " evictions", vm,
		     nptb_stat(vm, "evictions"));
		ok = false;
	}
	if (nptb_stat(vm, "passed")) {
		note("%s: %" PRId64 " faults passed by the module", vm,
		     nptb_stat(vm, "passed"));
		ok = false;
	}
	return ok;
}

void scene_expect(struct scene *s, int i)
{
	int v, p;

	for (v = 0; v < s->vcpus; v++)
		for (p = 0; p < s->pages / s->vcpus; p++)
			*vmm_want32(&s->vm[i], data_of(s, v) + p * PAGE_SIZE) +=
				(ADDEND + v) * s->laps;
}

/* The record of a loop of the one instruction this guest can hang in. */
static bool check_loop(struct scene *s, int i, const struct nptb_st_loop *l)
{
	struct guest_code code = guest_code(GUEST_ADD, s->mode);
	uint64_t rip = vmm_entry(l->vcpu);
	bool ok = true;

	/* With less than that not even the first instruction is fetched. */
	if (s->budget[i] >= scene_need_fetch(s))
		rip += code.mark;

	if (l->vcpu < 0 || l->vcpu >= s->vcpus || l->rip != rip) {
		note("%s: loop of vCPU %d at 0x%" PRIx64 ", should be at 0x%" PRIx64,
		     s->vm[i].name, l->vcpu, l->rip, rip);
		ok = false;
	}
	if (strcmp(l->class, "instruction") || l->vector != -1) {
		note("%s: loop has class %s, vector %d", s->vm[i].name,
		     l->class, l->vector);
		ok = false;
	}
	if (l->pages < 2 || l->pages > scene_need(s, 1) ||
	    l->pages != l->listed || !l->laps) {
		note("%s: loop of %u pages, %u listed, %" PRIu64 " laps",
		     s->vm[i].name, l->pages, l->listed, l->laps);
		ok = false;
	}
	return ok;
}

/*
 * One lap takes less time than the sampler is away from its CPU: the loop has
 * to spin until the sampler has seen the budget reached.
 */
static void wait_reached(struct scene *s, int i)
{
	uint64_t end = deadline(s->ms);

	while (!__atomic_load_n(&s->sampler[i].reached, __ATOMIC_RELAXED) &&
	       now_ms() < end)
		sleep_ms(1);
}

static bool loop_one(struct scene *s, int i)
{
	struct nptb_st_loop loop;
	uint64_t start;
	bool ok;
	int v;

	ok = nptb_wait_loop(s->vm[i].name, -1, &loop, s->ms);
	if (!ok)
		note("%s: no loop reported in %u ms (%" PRId64 " faults, %" PRId64 " evictions)",
		     s->vm[i].name, s->ms, nptb_stat(s->vm[i].name, "faults"),
		     nptb_stat(s->vm[i].name, "evictions"));
	else
		ok = check_loop(s, i, &loop);
	wait_reached(s, i);
	start = now_ms();
	vmm_stop(&s->vm[i]);
	if (now_ms() - start > 2000) {
		note("%s: took %" PRIu64 " ms to stop", s->vm[i].name,
		     now_ms() - start);
		ok = false;
	}
	for (v = 0; v < s->vcpus; v++)
		ok &= vmm_end(&s->vm[i].vcpu[v]) == VMM_STOPPED;
	/* Not one addition can have been done. */
	return vmm_check(&s->vm[i]) && ok;
}

static bool end_one(struct scene *s, int i)
{
	bool ok = vmm_wait(&s->vm[i], s->ms);

	if (!ok)
		note("%s: not done in %u ms (%" PRId64 " faults, %" PRId64 " deferred, %" PRId64 " loops)",
		     s->vm[i].name, s->ms, nptb_stat(s->vm[i].name, "faults"),
		     nptb_stat(s->vm[i].name, "deferred"),
		     nptb_stat(s->vm[i].name, "loops"));
	vmm_stop(&s->vm[i]);
	scene_expect(s, i);
	if (!ok)
		return false;
	return vmm_check(&s->vm[i]);
}

bool scene_run(struct scene *s)
{
	uint64_t start = now_ms();
	bool ok = scene_open(s);
	int i;

	if (!ok) {
		scene_close(s);
		return false;
	}
	for (i = 0; i < s->vms; i++)
		vmm_start(&s->vm[i]);
	for (i = 0; i < s->vms; i++)
		ok &= must_loop(s, i) ? loop_one(s, i) : end_one(s, i);
	ok &= end_samplers(s, true);
	for (i = 0; i < s->vms; i++)
		ok &= scene_check_counters(s, i);
	scene_close(s);
	if (now_ms() - start > 1000)
		note("took %" PRIu64 " ms", now_ms() - start);
	return ok;
}

void scene_close(struct scene *s)
{
	int i;

	end_samplers(s, false);
	for (i = 0; i < s->vms; i++)
		if (s->vm[i].fd > 0)
			vmm_destroy(&s->vm[i]);
}
