// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes events, for whoever records them, and says over what time, by a clock that may
 * count instructions. One line of TSV:
 *
 *   load  vcpus  ns  evictions
 *
 *   faults VCPUS LAPS   guests fault with one eviction each
 *   lower PAGES         a budget of 1 is written for a VM with so many pages resident
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
#define BUDGET	64

static struct vmm vm;

static void create(int vcpus, uint64_t pages, uint64_t laps)
{
	struct vmm_args args = { .pages = pages, .laps = laps };
	int v;

	if (!vmm_create(&vm, DATA + vcpus * pages * PAGE_SIZE, VMM_MEM_4K))
		die("no memory for the VM");
	for (v = 0; v < vcpus; v++) {
		args.data = DATA + v * pages * PAGE_SIZE;
		vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &args);
	}
}

static void end(const char *load, uint64_t begun)
{
	printf("%s\t%d\t%" PRIu64 "\t%" PRId64 "\n", load, vm.vcpus, counter_now() - begun,
	       nptb_stat(vm.name, "evictions"));
	vmm_destroy(&vm);
}

int main(int argc, char **argv)
{
	const char *why = counter_open("clock");
	uint64_t begun;

	if (why)
		die("%s", why);
	if (argc == 4 && !strcmp(argv[1], "faults")) {
		create(atoi(argv[2]), PAGES, strtoull(argv[3], NULL, 10));
		bench_budget(&vm, BUDGET * vm.vcpus);
		begun = counter_now();
		vmm_start(&vm);
		bench_join(&vm);
	} else if (argc == 3 && !strcmp(argv[1], "lower")) {
		create(1, strtoull(argv[2], NULL, 10), 1);
		bench_budget(&vm, NPTB_UNLIMITED);
		vmm_start(&vm);
		bench_join(&vm);
		begun = counter_now();
		bench_budget(&vm, 1);
	} else {
		fprintf(stderr, "usage: eventbench faults VCPUS LAPS | lower PAGES\n");
		return 2;
	}
	end(argv[1], begun);
	return 0;
}
