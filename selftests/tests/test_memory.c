// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module takes of host memory for a VM: 24 bytes for each resident page and 64 KiB
 * at most, however large the budget is; and that it says how much that is, held against what
 * the kernel knows of its mappings.
 *   NPTB_PAGES   resident pages at most (100000); 1000000 wants --mem 3G and minutes
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cells.h"
#include "../lib/module.h"

#define PAGE_BYTES	24
#define VM_BYTES	65536
/* wsclock knows when each page was last used. */
#define STAMP_BYTES	4
/* A slot of the table, and the page behind each of the kernel's mappings. */
#define SLOT_BYTES	20
#define BUDGET		4000000
#define MS		1200000

static struct vmm vm;

/* Of the mappings of pages that the module has made, by /proc/vmallocinfo. */
static uint64_t mapped(void)
{
	FILE *file = fopen("/proc/vmallocinfo", "r");
	uint64_t sum = 0, size;
	char line[512];

	if (!file)
		die("/proc/vmallocinfo");
	while (fgets(line, sizeof(line), file))
		if (strstr(line, "[nptbudget]") && strstr(line, " vmap") &&
		    sscanf(line, "%*s %" SCNu64, &size) == 1)
			sum += size - PAGE_SIZE;
	fclose(file);
	return sum;
}

static bool is_within(const char *what, int64_t least, int64_t got, int64_t most)
{
	if (got < least || got > most)
		note("%s: %" PRId64 ", not from %" PRId64 " to %" PRId64, what, got, least, most);
	return got >= least && got <= most;
}

/* The guest reads so many pages. What is read and was never written has no memory. */
static bool touch(uint64_t pages)
{
	struct vmm_args args = { .data = SZ_2M, .pages = pages, .laps = 1 };
	bool ok;

	vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &args);
	vmm_start(&vm);
	ok = vmm_wait(&vm, MS);
	vmm_stop(&vm);
	return ok;
}

/* @bytes a page, and no more. */
static bool is_bounded(const char *policy, uint64_t bytes)
{
	int64_t resident = nptb_stat(vm.name, "resident");
	int64_t memory = nptb_stat(vm.name, "memory");
	int64_t at = mapped();

	note("%s, %" PRId64 " resident pages: %" PRId64 " bytes, %.2f a page beside 64 KiB; mapped %"
	     PRId64, policy, resident, memory, (double)(memory - VM_BYTES) / resident, at);
	return is_within("memory", at, memory, VM_BYTES + bytes * resident) &&
	       is_within("mapped", (SLOT_BYTES + bytes - PAGE_BYTES) * resident, at, memory);
}

static bool set_policy(const char *policy)
{
	return is_within(policy, 0, nptb_set(vm.name, "policy", policy), 0);
}

static bool run(uint64_t pages)
{
	bool ok;

	vmm_create(&vm, SZ_2M + pages * PAGE_SIZE, VMM_MEM_4K);
	ok = is_within("budget", 0, nptb_budget(vm.name, BUDGET), 0) && touch(pages) &&
	     is_within("resident", pages, nptb_stat(vm.name, "resident"), pages + 16) &&
	     is_within("set", nptb_stat(vm.name, "resident"), nptb_stat(vm.name, "set"),
		       nptb_stat(vm.name, "resident")) &&
	     is_within("evictions", 0, nptb_stat(vm.name, "evictions"), 0) &&
	     is_bounded("fifo", PAGE_BYTES) && set_policy("random") &&
	     is_bounded("random", PAGE_BYTES) && set_policy("wsclock") &&
	     is_bounded("wsclock", PAGE_BYTES + STAMP_BYTES) && set_policy("lru") &&
	     is_bounded("lru", PAGE_BYTES);
	vmm_destroy(&vm);
	return ok;
}

/*
 * What the books of a vCPU take, they take when it is created, not at its first fault:
 * that cannot fail for want of memory.
 */
static bool books(void)
{
	struct vmm_args args = { .data = SZ_2M, .pages = 8, .laps = 1 };
	int64_t before, created, ran;
	bool ok;

	vmm_create(&vm, 2 * SZ_2M, VMM_MEM_4K);
	vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &args);
	ok = is_within("budget", 0, nptb_budget(vm.name, BUDGET), 0);
	before = nptb_stat(vm.name, "memory");
	vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &args);
	created = nptb_stat(vm.name, "memory");
	vmm_start(&vm);
	ok &= vmm_wait(&vm, MS);
	vmm_stop(&vm);
	ran = nptb_stat(vm.name, "memory");
	vmm_destroy(&vm);
	note("%" PRId64 " bytes, with one more vCPU %" PRId64 ", when it had run %" PRId64, before,
	     created, ran);
	return ok && created > before && ran == created;
}

/* Nothing of it is left when the VMs have ended. */
static bool is_given_back(void)
{
	int i;

	for (i = 0; i < 100 && mapped(); i++)
		usleep(100000);
	return is_within("mapped", 0, mapped(), 0);
}

int main(void)
{
	const char *value = getenv("NPTB_PAGES");
	uint64_t pages = value ? strtoull(value, NULL, 0) : 100000;

	ksft_print_header();
	need_module();
	ksft_set_plan(4);
	ksft_test_result(run(1000), "1000 pages\n");
	ksft_test_result(run(pages), "%" PRIu64 " pages\n", pages);
	ksft_test_result(books(), "a vCPU's books are begun with it\n");
	ksft_test_result(is_given_back(), "nothing is left\n");
	ksft_finished();
}
