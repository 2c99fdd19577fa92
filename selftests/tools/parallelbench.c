// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time for faults of vCPUs that run in parallel: each touches pages of its own once, in host
 * memory already. One line of TSV:
 *
 *   faults  ns
 *
 *   parallelbench VCPUS 0          plain KVM
 *   parallelbench VCPUS BATCH      64 pages for each vCPU: an eviction a fault, so many at
 *                                  a time
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
#define PAGES	4096
#define BUDGET	64

int main(int argc, char **argv)
{
	struct vmm_args args = { .pages = PAGES, .laps = 1 };
	const char *why = counter_open("clock");
	int vcpus = argc == 3 ? atoi(argv[1]) : 0, v;
	uint64_t begun;
	struct vmm vm;

	if (why)
		die("%s", why);
	if (vcpus < 1 || vcpus > VMM_VCPUS_MAX) {
		fprintf(stderr, "usage: parallelbench VCPUS BATCH\n");
		return 2;
	}
	if (!vmm_create(&vm, DATA + vcpus * PAGES * PAGE_SIZE, VMM_MEM_4K))
		die("no memory for the VM");
	for (v = 0; v < vcpus; v++) {
		args.data = DATA + v * PAGES * PAGE_SIZE;
		vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &args);
	}
	memset(vm.mem + DATA, 1, vcpus * PAGES * PAGE_SIZE);
	if (strcmp(argv[2], "0") != 0) {
		if (nptb_set(vm.name, "batch", argv[2]))
			die("no batch of %s", argv[2]);
		bench_budget(&vm, BUDGET * vcpus);
	}
	begun = counter_now();
	vmm_start(&vm);
	bench_join(&vm);
	begun = counter_now() - begun;
	printf("%" PRId64 "\t%" PRIu64 "\n", vmm_vcpus_stat(&vm, "pf_fixed"), begun);
	vmm_destroy(&vm);
	return 0;
}
