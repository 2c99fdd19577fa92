// SPDX-License-Identifier: GPL-2.0-only
/*
 * However many pages are resident, nothing that is done to a VM keeps a CPU from
 * being scheduled for long. For a host with one CPU whose clock counts
 * instructions, 1 ns each, and a kernel that is preempted wherever it can be:
 *   scripts/lab --icount --cpus 1 --mem 3G --append preempt=full -- \
 *       env NPTB_INSTRUCTIONS=1 selftests/run.sh test_bounded
 *   NPTB_PAGES          resident pages (262144); 1000000 takes some minutes
 *   NPTB_INSTRUCTIONS   the clock counts them: else it is not looked at
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../lib/cells.h"
#include "../lib/stretch.h"

/* Instructions in a row without preemption. */
#define STRETCH_MAX	100000
#define MS		1200000
/* Twice as much as our books and KVM's tables take for a page: a table for so many. */
#define PAGES_A_TABLE	16

static void watch_end(const char *what, bool ok)
{
	uint64_t worst = stretch_end();

	note("%s: %" PRIu64 " instructions at most", what, worst);
	ksft_test_result(ok && worst > 0 && worst <= STRETCH_MAX, "%s\n", what);
}

/*
 * Where the kernel has no more memory of the kind that it cannot move, as page tables
 * and our books are, it makes a block of 2 MiB such, with interrupts off: that takes
 * several hundred thousand instructions, whoever asks, and is no work of ours. So it
 * does that here, for a process's page tables, and keeps the blocks.
 */
static void blocks(uint64_t tables)
{
	uint64_t i, size = tables * SZ_2M;
	char *mem = mmap(NULL, size, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED || madvise(mem, size, MADV_NOHUGEPAGE))
		die("no room for %" PRIu64 " page tables", tables);
	stretch_begin();
	for (i = 0; i < tables; i++)
		(void)*(volatile char *)(mem + i * SZ_2M);
	note("the kernel alone, %" PRIu64 " page tables: %" PRIu64
	     " instructions at most", tables, stretch_end());
	munmap(mem, size);
}

static struct vmm vm;

static void knob(const char *name, const char *value, const char *what)
{
	bool ok;

	stretch_begin();
	ok = !nptb_set(vm.name, name, value);
	watch_end(what, ok);
}

static void budget(uint64_t pages, const char *what)
{
	bool ok;

	stretch_begin();
	ok = !nptb_budget(vm.name, pages);
	watch_end(what, ok);
}

/* The guest reads so many pages, from data page @first on. */
static void touch(uint64_t first, uint64_t pages, const char *what)
{
	struct vmm_args args = {
		.data = SZ_2M + first * PAGE_SIZE, .pages = pages, .laps = 1,
	};
	bool ok;

	vmm_reset(&vm.vcpu[0], GUEST_TOUCH, VMM_PROT, &args);
	atomic_store(&vm.vcpu[0].end, VMM_RUNNING);
	stretch_begin();
	vmm_start(&vm);
	ok = vmm_wait(&vm, MS);
	vmm_stop(&vm);
	watch_end(what, ok);
}

static void stats(uint64_t at_least)
{
	int64_t set;

	stretch_begin();
	set = nptb_stat(vm.name, "set");
	watch_end("stats are read", set >= (int64_t)at_least);
}

/* The host takes all of it away, of which the module is not told. */
static void balloon(uint64_t pages)
{
	if (madvise(vm.mem + SZ_2M, pages * PAGE_SIZE, MADV_DONTNEED))
		die("MADV_DONTNEED");
}

static void run(uint64_t pages)
{
	struct vmm_args none = { .pages = 1, .laps = 1, .data = SZ_2M };

	/* What is read and was never written has no memory of its own. */
	vmm_create(&vm, SZ_2M + 2 * pages * PAGE_SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &none);
	if (nptb_budget(vm.name, pages / 2))
		die("no budget");
	touch(0, pages / 2, "faults with room");
	budget(2 * pages, "the budget grows, and the hash with it");
	touch(pages / 2, pages / 2, "more faults with room");
	knob("policy", "random", "fifo becomes random");
	knob("seed", "42", "random gets another seed");
	knob("policy", "lru", "random becomes lru");
	knob("policy", "wsclock", "lru becomes wsclock");
	knob("policy", "clock", "wsclock becomes clock");
	knob("pin", "0x0-0x3fff", "pages are pinned");
	knob("pin", "none", "and pinned no more");
	stats(pages);
	budget(pages, "the budget shrinks to what is there");
	touch(pages, 1000, "faults that evict by clock, all pages in use");
	balloon(pages);
	touch(0, 4 * pages / 5, "faults after the host took all");
	touch(pages, pages / 2, "faults with most victims gone");
	stats(pages / 2);
	budget(pages / 2, "the budget shrinks to half");
	budget(0, "the budget goes");
	vmm_destroy(&vm);
}

int main(void)
{
	const char *value = getenv("NPTB_PAGES");
	uint64_t pages = value ? strtoull(value, NULL, 0) : 262144;

	ksft_print_header();
	need_module();
	stretch_need();
	ksft_set_plan(18);
	stretch_open();
	blocks(pages / PAGES_A_TABLE);
	run(pages);
	stretch_close();
	ksft_finished();
}
