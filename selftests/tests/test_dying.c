// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memory slot goes: KVM gives all vCPUs new tables at once and takes the old ones
 * down later. Until then their leaves count, and one that is evicted there is an
 * eviction like any other, though KVM flushes nothing for it. nptb_delay.ko makes
 * that time long: each eviction of a VM with one page must find a leaf.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "../lib/cells.h"
#include "../lib/module.h"

#define LATE \
	"func=kvm_mmu_page_fault,kvm_tdp_mmu_zap_invalidated_roots us=200,20000"
#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define OTHER	(64UL << 20)
#define ROUNDS	20

static void pin(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(thread, sizeof(set), &set))
		ksft_exit_skip("only one CPU\n");
}

static bool evictions_find_leaves(void)
{
	struct vmm_args args = { .data = DATA, .pages = 1, .laps = 1, .addend = 1 };
	int64_t stale, evictions, laps;
	struct sampler sampler;
	struct vmm vm;
	bool ok;
	int i;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_ADD, VMM_PROT, &args);
	ok = !nptb_budget(vm.name, 1);
	sampler_begin(&sampler, &vm, 1);
	pin(pthread_self(), 0);
	vmm_start(&vm);
	pin(vm.vcpu[0].thread, 1);
	for (i = 0; ok && i < ROUNDS; i++)
		ok = !vmm_slot(&vm, 1, OTHER, vm.mem, SIZE, 0) &&
		     nptb_wait_stat(vm.name, "laps", nptb_stat(vm.name, "laps") + 4,
				    20000) &&
		     !vmm_slot(&vm, 1, OTHER, NULL, 0, 0);
	evictions = nptb_stat(vm.name, "evictions");
	laps = nptb_stat(vm.name, "laps");
	vmm_stop(&vm);
	ok &= sampler_end(&sampler, true);
	stale = nptb_stat(vm.name, "stale");
	note("%d slots went: %" PRId64 " evictions, %" PRId64 " laps; %" PRId64
	     " victims without a leaf", i, evictions, laps, stale);
	ok &= i == ROUNDS && stale == 0;
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	ksft_print_header();
	need_module();
	if (kvm_shadow_paging())
		ksft_exit_skip("about the TDP MMU\n");
	if (test_module_load("nptb_delay", LATE))
		ksft_exit_skip("no nptb_delay.ko: scripts/build-module.sh makes it\n");
	ksft_set_plan(1);
	ksft_test_result(evictions_find_leaves(), "evictions below roots that die\n");
	module_unload("nptb_delay");
	ksft_finished();
}
