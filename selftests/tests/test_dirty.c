// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty logging tells what the guest has written, also where every access faults:
 * a page that is read, or fetched from, is mapped for reading. KVM itself maps it
 * for writing where it may, and marks it: once, since its leaves stay. Were that
 * done at each refault, a migration would never come to its end.
 *
 * A write to a page whose leaf is there makes no leaf, and KVM handles it alone. Another
 * vCPU may have evicted the page since the write left the guest: then it is a fault like
 * others. nptb_delay.ko makes it so.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/cells.h"
#include "../lib/module.h"

#define SIZE	(8UL << 20)
#define GPAGES	(SIZE / PAGE_SIZE)
#define READ	SZ_2M
#define WRITTEN	(5UL << 20)
#define PAGES	256
#define MS	60000
/* The hook that it takes comes a moment after the first fault. */
#define SETTLE	50
#define PASSES	4
/* Writes to pages that are there: as many as are tried for, and at least. */
#define REPAIRED	400
#define REPAIRED_LEAST	20

static uint64_t bitmap[GPAGES / 64];

static bool is_dirty(uint64_t gpa)
{
	return bitmap[gpa / PAGE_SIZE / 64] >> gpa / PAGE_SIZE % 64 & 1;
}

/* What is dirty since the last call; how many pages. */
static unsigned int collect(const struct vmm *vm)
{
	struct kvm_dirty_log log = { .dirty_bitmap = bitmap };
	unsigned int i, n = 0;

	if (ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log))
		die("KVM_GET_DIRTY_LOG: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(bitmap); i++)
		n += __builtin_popcountll(bitmap[i]);
	return n;
}

/* The guest completes more laps over what it reads, and what it writes. */
static bool laps(const struct vmm *vm, unsigned int more)
{
	uint64_t outs = atomic_load(&vm->vcpu[0].outs) + more;
	const uint64_t at = WRITTEN + PAGES / 4 * PAGE_SIZE - PAGE_SIZE;
	uint32_t last = vmm_get32((struct vmm *)vm, at);
	uint64_t end = deadline(MS);

	while (atomic_load(&vm->vcpu[0].outs) < outs ||
	       vmm_get32((struct vmm *)vm, at) - last < more) {
		if (now_ms() > end) {
			note("no laps");
			return false;
		}
		sleep_ms(1);
	}
	return true;
}

/* One vCPU reads PAGES pages over and over, the other writes a quarter as many. */
static void logged(enum vmm_mode mode, uint64_t budget)
{
	struct vmm_args reader = { .data = READ, .pages = PAGES, .laps = ~0U };
	struct vmm_args writer = { .data = WRITTEN, .pages = PAGES / 4 };
	unsigned int n = 0, most = 0, reads, missed, i, p;
	struct sampler sampler;
	struct vmm vm;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_fill(&vm, READ, PAGES * PAGE_SIZE);
	vmm_fill(&vm, WRITTEN, PAGES / 4 * PAGE_SIZE);
	vmm_add(&vm, GUEST_TOUCH, mode, &reader);
	vmm_add(&vm, GUEST_WORK, mode, &writer);
	ok = !nptb_budget(vm.name, budget);
	sampler_begin(&sampler, &vm, budget ? budget : SAMPLER_OFF);
	ok &= !vmm_slot(&vm, 0, 0, vm.mem, SIZE, KVM_MEM_LOG_DIRTY_PAGES);
	vmm_start(&vm);
	for (i = 0; ok && i < SETTLE; i++) {
		ok = laps(&vm, 2);
		n = collect(&vm);
		if (n == PAGES / 4)
			break;
	}
	for (i = 0; ok && i < PASSES; i++) {
		ok = laps(&vm, 2);
		n = collect(&vm);
		if (n > most)
			most = n;
		for (reads = 0, p = 0; p < PAGES; p++)
			reads += is_dirty(READ + p * PAGE_SIZE);
		for (missed = 0, p = 0; p < PAGES / 4; p++)
			missed += !is_dirty(WRITTEN + p * PAGE_SIZE);
		if (reads || missed) {
			note("pass %u: %u pages reported that were only read, %u missed", i,
			     reads, missed);
			ok = false;
		}
	}
	note("budget %" PRIu64 ", %s: %u pages are written in a pass, %u reported", budget,
	     vmm_mode_names[mode], PAGES / 4, most);
	ok &= most == PAGES / 4;
	ok &= !vmm_slot(&vm, 0, 0, vm.mem, SIZE, 0);
	vmm_stop(&vm);
	ok &= sampler_end(&sampler, budget);
	vmm_destroy(&vm);
	ksft_test_result(ok, "dirty log, %s, budget %" PRIu64 "\n", vmm_mode_names[mode],
			 budget);
}

/* Where KVM keeps how a fault may map is known by KVM's BTF alone. */
static void held(uint64_t budget)
{
	if (path_exists("/sys/kernel/btf/kvm"))
		logged(VMM_PROT, budget);
	else
		ksft_test_result_skip("dirty log, budget %" PRIu64 ": no BTF of kvm\n", budget);
}

/* Writes that KVM has made possible again by itself. */
static int64_t repaired(const struct vmm *vm)
{
	return vmm_stat(vm, "pf_fast");
}

/*
 * One vCPU writes a few pages, which the log write-protects again and again; another takes
 * them away. Were they mapped for the first one all the same, there would be one too many.
 */
static bool evicted_meanwhile(void)
{
	struct vmm_args writer = { .data = WRITTEN, .pages = 4 };
	struct vmm_args other = { .data = READ, .pages = PAGES, .laps = ~0U };
	uint64_t end = deadline(MS);
	struct spte_result r;
	struct vmm vm;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_WORK, VMM_PROT, &writer);
	vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &other);
	spte_begin(16);
	ok = !nptb_budget(vm.name, 8);
	spte_limit(8);
	ok &= !vmm_slot(&vm, 0, 0, vm.mem, SIZE, KVM_MEM_LOG_DIRTY_PAGES);
	vmm_start(&vm);
	while (repaired(&vm) < REPAIRED && now_ms() < end)
		collect(&vm);
	ok &= repaired(&vm) >= REPAIRED_LEAST;
	vmm_stop(&vm);
	r = spte_end();
	note("%" PRId64 " writes to pages that were there, %" PRId64 " evictions; at most %" PRId64
	     " pages in %" PRIu64 " events of KVM's, %" PRIu64 " lost", repaired(&vm),
	     nptb_stat(vm.name, "evictions"), r.peak, r.events, r.lost);
	ok &= !r.over && !r.low && !r.lost && r.peak == 8;
	vmm_destroy(&vm);
	return ok;
}

static void races(void)
{
	const char *why = spte_unusable();

	if (why)
		ksft_test_result_skip("%s\n", why);
	else if (test_module_load("nptb_delay", "func=kvm_mmu_page_fault us=300"))
		ksft_test_result_skip("no nptb_delay.ko: scripts/build-module.sh makes it\n");
	else
		ksft_test_result(evicted_meanwhile(), "a page that is written goes meanwhile\n");
	module_unload("nptb_delay");
}

int main(void)
{
	ksft_print_header();
	need_module();
	ksft_set_plan(4);
	logged(VMM_PROT, 0);
	held(64);
	held(PAGES / 2);
	races();
	ksft_finished();
}
