// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flushes and waits for evictions, counted by KVM, in a VM with several vCPUs: how many
 * flushes of all vCPUs were asked for, for how many of them some CPU in the guest was
 * interrupted and waited for, and how many flushes vCPUs did. One line of TSV:
 *
 *   guests  vcpus  batch  evictions  flushes  waits  done
 *
 *   all N BATCH   N vCPUs fault on pages of their own, 256 each; 64 stay in all
 *   one N BATCH   one does, the others stay in the guest and need two pages
 *
 * On a host with several CPUs, for with one nobody is in the guest while another evicts;
 * "one" where they run at the same time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/bench.h"
#include "../lib/nptb.h"
#include "../lib/util.h"
#include "../vmm/vmm.h"

#define DATA	SZ_2M
#define PAGES	256
#define LAPS	4
#define BUDGET	64

struct counts {
	int64_t evictions, flushes, waits, done;
};

static struct counts counts(const struct vmm *vm)
{
	return (struct counts) {
		.evictions = nptb_stat(vm->name, "evictions"),
		.flushes = vmm_stat(vm, "remote_tlb_flush_requests"),
		.waits = vmm_stat(vm, "remote_tlb_flush"),
		.done = vmm_vcpus_stat(vm, "tlb_flush"),
	};
}

static void create(struct vmm *vm, bool all, int vcpus, const char *batch)
{
	struct vmm_args args = { .pages = PAGES, .laps = LAPS };
	int v;

	if (!vmm_create(vm, DATA + vcpus * PAGES * PAGE_SIZE, VMM_MEM_4K))
		die("no memory for the VM");
	for (v = 0; v < vcpus; v++) {
		args.data = DATA + v * PAGES * PAGE_SIZE;
		/* One that works pauses, which ends its turn where emulated CPUs take turns. */
		args.pages = all || !v ? PAGES : 1;
		vmm_add(vm, all || !v ? GUEST_TOUCH : GUEST_WORK, VMM_PROT, &args);
	}
	memset(vm->mem + DATA, 1, vcpus * PAGES * PAGE_SIZE);
	if (nptb_set(vm->name, "batch", batch))
		die("no batch of %s", batch);
	bench_budget(vm, BUDGET);
}

static void wait_for(struct vmm *vm, bool all)
{
	int v;

	for (v = 0; v < (all ? vm->vcpus : 1); v++)
		while (vmm_end(&vm->vcpu[v]) == VMM_RUNNING)
			sleep_ms(1);
}

int main(int argc, char **argv)
{
	bool all = argc == 4 && !strcmp(argv[1], "all");
	int vcpus = argc == 4 ? atoi(argv[2]) : 0;
	struct counts was, now;
	struct vmm vm;

	if (vcpus < 1 || vcpus > VMM_VCPUS_MAX || (!all && strcmp(argv[1], "one") != 0)) {
		fprintf(stderr, "usage: flushbench all|one VCPUS BATCH\n");
		return 2;
	}
	create(&vm, all, vcpus, argv[3]);
	was = counts(&vm);
	vmm_start(&vm);
	wait_for(&vm, all);
	/* A vCPU's counters are to be had where it does not run. */
	vmm_stop(&vm);
	now = counts(&vm);
	printf("%s\t%d\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", argv[1], vcpus,
	       argv[3], now.evictions - was.evictions, now.flushes - was.flushes,
	       now.waits - was.waits, now.done - was.done);
	vmm_destroy(&vm);
	return 0;
}
