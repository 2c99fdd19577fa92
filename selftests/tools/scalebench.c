// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the cost of a nested page fault grows with vCPUs and VMs, and what it takes to
 * put a budget on, to lower it and to take it off. Counted as by faultbench; one line
 * of TSV for each figure:
 *
 *   case  number  count  each
 *
 *   own N     N vCPUs, each with pages of its own, one budget
 *   same N    N vCPUs that touch the same pages
 *   vms N     N VMs with a vCPU each
 *             number: faults as KVM counts them, in guests that are held to
 *             64 pages for each vCPU that has its own, or 64 in all
 *   knobs N   attach, detach, lower: a budget with room for a VM with N resident
 *             pages, its end, and, under it again, a budget of 1
 *             number: N
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/bench.h"
#include "../lib/counter.h"
#include "../lib/nptb.h"
#include "../lib/util.h"
#include "../vmm/vmm.h"

#define DATA	SZ_2M
#define PAGES	512
#define LAPS	4
#define BUDGET	64
#define VMS_MAX	16

static void create(struct vmm *vm, int vcpus, bool own, uint64_t pages, uint64_t laps)
{
	struct vmm_args args = { .pages = pages, .laps = laps };
	uint64_t size = (own ? vcpus : 1) * pages * PAGE_SIZE;
	int v;

	if (!vmm_create(vm, DATA + size, VMM_MEM_4K))
		die("no memory for the VM");
	for (v = 0; v < vcpus; v++) {
		args.data = DATA + (own ? v * pages * PAGE_SIZE : 0);
		vmm_add(vm, GUEST_TOUCH, VMM_PROT, &args);
	}
	memset(vm->mem + DATA, 1, size);
}

static int64_t faults(const struct vmm *vm)
{
	return vmm_vcpus_stat(vm, "pf_fixed");
}

static void run(const char *name, struct vmm *vm, int vms)
{
	uint64_t begun = counter_now();
	int64_t sum = 0;
	int i;

	for (i = 0; i < vms; i++)
		vmm_start(&vm[i]);
	for (i = 0; i < vms; i++)
		bench_join(&vm[i]);
	begun = counter_now() - begun;
	for (i = 0; i < vms; i++) {
		sum += faults(&vm[i]);
		vmm_destroy(&vm[i]);
	}
	bench_print(name, sum, begun);
}

static void vcpus(bool own, int nr)
{
	char name[16];
	struct vmm vm;

	create(&vm, nr, own, PAGES, LAPS);
	bench_budget(&vm, own ? BUDGET * nr : BUDGET);
	snprintf(name, sizeof(name), "%s-%d", own ? "own" : "same", nr);
	run(name, &vm, 1);
}

static void vms(int nr)
{
	static struct vmm vm[VMS_MAX];
	char name[16];
	int i;

	for (i = 0; i < nr; i++) {
		create(&vm[i], 1, true, PAGES, LAPS);
		bench_budget(&vm[i], BUDGET);
	}
	snprintf(name, sizeof(name), "vms-%d", nr);
	run(name, vm, nr);
}

static void timed(const char *name, const struct vmm *vm, uint64_t budget, uint64_t pages)
{
	uint64_t begun = counter_now();

	bench_budget(vm, budget);
	bench_print(name, pages, counter_now() - begun);
}

static void touch_all(struct vmm *vm)
{
	struct vmm_args args = { .data = DATA, .laps = 1 };

	args.pages = (vm->size - DATA) / PAGE_SIZE;
	vmm_reset(&vm->vcpu[0], GUEST_TOUCH, VMM_PROT, &args);
	/* It has halted, and is to run once more. */
	atomic_store(&vm->vcpu[0].end, VMM_STOPPED);
	vmm_start(vm);
	bench_join(vm);
	if (vmm_stat(vm, "pages_4k") < (int64_t)args.pages)
		die("fewer than %" PRIu64 " pages resident", args.pages);
}

static void knobs(uint64_t pages)
{
	struct vmm vm;

	create(&vm, 1, true, pages, 1);
	touch_all(&vm);
	timed("attach", &vm, NPTB_UNLIMITED, pages);
	touch_all(&vm);
	timed("detach", &vm, 0, pages);
	bench_budget(&vm, NPTB_UNLIMITED);
	touch_all(&vm);
	timed("lower", &vm, 1, pages);
	vmm_destroy(&vm);
}

static int usage(void)
{
	fprintf(stderr, "usage: scalebench own|same|vms|knobs N\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *why = counter_open("clock"), *what;
	char *end = "";
	long nr = argc == 3 ? strtol(argv[2], &end, 10) : 0;

	if (why)
		die("%s", why);
	if (*end || nr < 1)
		return usage();
	what = argv[1];
	if (!strcmp(what, "own") && nr <= VMM_VCPUS_MAX)
		vcpus(true, nr);
	else if (!strcmp(what, "same") && nr <= VMM_VCPUS_MAX)
		vcpus(false, nr);
	else if (!strcmp(what, "vms") && nr <= VMS_MAX)
		vms(nr);
	else if (!strcmp(what, "knobs"))
		knobs(nr);
	else
		return usage();
	return 0;
}
