// SPDX-License-Identifier: GPL-2.0-only
/*
 * A look at an accessed bit keeps the table that it came to for the next one, as long as
 * the VM's lock is held, and no longer: KVM may have freed it by then. Here it has: between
 * two laps of a guest under clock a memory slot goes, and with it all tables, and what is
 * freed is filled with a pattern that has the bits of a page that is present and was
 * accessed (page_poison=1). Who looks there clears one of them, which the kernel finds when
 * it gives the page out again.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/cells.h"
#include "../lib/module.h"

#define DATA	SZ_2M
#define OTHER	(64UL << 20)
/* All in what one table maps. */
#define PAGES	128
#define BUDGET	16
#define LAPS	20
/* Tables are freed after a grace period of RCU. */
#define FREED_MS	100
#define TAKEN	(128UL << 20)

static bool poisons(void)
{
	char line[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		die("no /proc/cmdline");
	close(fd);
	return strstr(line, "page_poison=1");
}

/* The end of a lap: all tables go. */
static void end_tables(struct vmm_vcpu *vcpu)
{
	struct vmm *vm = vcpu->vm;

	if (vmm_slot(vm, 1, OTHER, vm->mem, vm->size, 0) ||
	    vmm_slot(vm, 1, OTHER, NULL, 0, 0))
		die("no memory slot");
	sleep_ms(FREED_MS);
}

/* Have the kernel give out what was freed. */
static void take_pages(void)
{
	void *mem = mmap(NULL, TAKEN, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (mem == MAP_FAILED)
		die("no memory");
	munmap(mem, TAKEN);
}

static bool looks_at_no_freed_table(void)
{
	struct vmm_args args = { .data = DATA, .pages = PAGES, .laps = LAPS };
	int log = klog_open();
	int64_t evictions;
	struct vmm vm;
	bool ok;

	vmm_create(&vm, DATA + PAGES * PAGE_SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &args)->on_out = end_tables;
	ok = !nptb_budget(vm.name, BUDGET) && !nptb_set(vm.name, "policy", "clock");
	vmm_start(&vm);
	ok &= vmm_wait(&vm, 60000);
	evictions = nptb_stat(vm.name, "evictions");
	vmm_stop(&vm);
	vmm_destroy(&vm);
	take_pages();
	note("%d laps: %d evictions at least, %lld were", LAPS, LAPS * (PAGES - 2 * BUDGET),
	     (long long)evictions);
	ok &= evictions >= LAPS * (PAGES - 2 * BUDGET);
	ok &= !klog_wait(log, "pagealloc: ", "", 200);
	close(log);
	return ok;
}

int main(void)
{
	ksft_print_header();
	need_module();
	if (kvm_shadow_paging())
		ksft_exit_skip("about the TDP MMU\n");
	if (!poisons())
		ksft_exit_skip("what is freed has no pattern: boot with page_poison=1\n");
	ksft_set_plan(1);
	ksft_test_result(looks_at_no_freed_table(), "looks at accessed bits after tables went\n");
	ksft_finished();
}
