// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module has of host memory for VMs with many resident pages, by its own count
 * ("memory" in "stats"), and how many pages KVM counts. One line of TSV:
 *
 *   vms  resident  bytes  beside  per-page
 *
 * "beside" is 64 KiB for each VM, "per-page" what is left of "bytes" for a page. The
 * guests read memory that was never written: the host has one page for all of it.
 *
 *   growthbench VMS PAGES   so many VMs at once, with so many pages in all
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/bench.h"
#include "../lib/nptb.h"
#include "../lib/util.h"
#include "../vmm/vmm.h"

#define DATA		SZ_2M
#define VMS_MAX		16
#define BUDGET		4000000
#define VM_BYTES	65536

static struct vmm vm[VMS_MAX];

static void create(struct vmm *v, uint64_t pages)
{
	struct vmm_args args = { .data = DATA, .pages = pages, .laps = 1 };

	if (!vmm_create(v, DATA + pages * PAGE_SIZE, VMM_MEM_4K))
		die("no memory for the VM");
	vmm_add(v, GUEST_TOUCH, VMM_PROT, &args);
	bench_budget(v, BUDGET);
}

int main(int argc, char **argv)
{
	long vms = argc == 3 ? atol(argv[1]) : 0, pages = argc == 3 ? atol(argv[2]) : 0, i;
	int64_t resident = 0, bytes = 0;

	if (vms < 1 || vms > VMS_MAX || pages < vms) {
		fprintf(stderr, "usage: growthbench VMS PAGES\n");
		return 2;
	}
	for (i = 0; i < vms; i++)
		create(&vm[i], pages / vms);
	for (i = 0; i < vms; i++)
		vmm_start(&vm[i]);
	for (i = 0; i < vms; i++)
		bench_join(&vm[i]);
	for (i = 0; i < vms; i++) {
		resident += vmm_stat(&vm[i], "pages_4k");
		bytes += nptb_stat(vm[i].name, "memory");
		if (nptb_stat(vm[i].name, "evictions"))
			die("a page was evicted");
	}
	printf("%ld\t%" PRId64 "\t%" PRId64 "\t%ld\t%.2f\n", vms, resident, bytes, vms * VM_BYTES,
	       (double)(bytes - vms * VM_BYTES) / resident);
	for (i = 0; i < vms; i++)
		vmm_destroy(&vm[i]);
	return 0;
}
