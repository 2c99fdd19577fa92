// SPDX-License-Identifier: GPL-2.0-only
/*
 * The running sum of KVM's own page-table changes never exceeds the budget, on
 * any path, not one change lost; and without a budget the same sum does exceed
 * it, so the oracle can fail. While nobody listens to these changes the module counts
 * some of them itself: then KVM's count comes to 0 when it has taken all leaves away.
 */
#include <inttypes.h>
#include <string.h>

#include "../lib/cells.h"
#include "../lib/scene.h"
#include "../oracle/spte.h"

#define BUFFER_MIB	24

static struct scene scene;

/* One run with the oracle; the budget may be 0 for none. */
static bool run(enum vmm_mode mode, int vcpus, uint64_t budget,
		const char *policy, struct spte_result *r)
{
	bool ok;

	memset(&scene, 0, sizeof(scene));
	scene.mode = mode;
	scene.vcpus = vcpus;
	scene.vms = 1;
	scene.budget[0] = budget;
	scene.policy = policy;
	scene.pages = budget >= 1000 ? 1100 : 96;
	scene.laps = 3;
	scene.ms = 20000;
	spte_begin(BUFFER_MIB);
	ok = scene_run(&scene);
	*r = spte_end();
	note("%" PRIu64 " events, %" PRIu64 " lost, peak %" PRId64 ", end %" PRId64,
	     r->events, r->lost, r->peak, r->now);
	return ok;
}

static bool budgeted(enum vmm_mode mode, int vcpus, uint64_t budget,
		     const char *policy)
{
	struct spte_result r;
	bool ok = run(mode, vcpus, budget, policy, &r);

	/* The VM is gone when the recording ends: its sum must be 0 again. */
	return ok && !r.lost && !r.huge && r.low == 0 && r.now == 0 &&
	       r.peak == (int64_t)budget && r.events >= 2 * budget;
}

static bool unheard(enum vmm_mode mode, int vcpus, uint64_t budget, const char *policy)
{
	struct vmm_args args = { .pages = 96, .laps = 50, .addend = 1 };
	int64_t evictions, left;
	struct vmm vm;
	bool ok;
	int v;

	vmm_create(&vm, SZ_2M + vcpus * args.pages * PAGE_SIZE, VMM_MEM_4K);
	for (v = 0; v < vcpus; v++) {
		args.data = SZ_2M + v * args.pages * PAGE_SIZE;
		vmm_add(&vm, v & 1 ? GUEST_TOUCH : GUEST_ADD, mode, &args);
	}
	ok = !nptb_budget(vm.name, budget) && !nptb_set(vm.name, "policy", policy);
	vmm_start(&vm);
	ok &= vmm_wait(&vm, 20000);
	vmm_stop(&vm);
	evictions = nptb_stat(vm.name, "evictions");
	ok &= !vmm_slot(&vm, 0, 0, NULL, 0, 0);
	left = vmm_stat(&vm, "pages_4k");
	note("%" PRId64 " evictions, %" PRId64 " leaves left", evictions, left);
	vmm_destroy(&vm);
	return ok && evictions >= 1000 && !left;
}

int main(void)
{
	struct spte_result r;

	ksft_print_header();
	need_module();
	need_spte();
	ksft_set_plan(10);
	run(VMM_PROT, 1, 0, NULL, &r);
	ksft_test_result(!r.lost && r.low == 0 && r.now == 0 && r.peak == 97,
			 "no budget: the sum is every page the guest touched\n");
	ksft_test_result(budgeted(VMM_REAL, 1, 2, "fifo"), "budget 2, real\n");
	ksft_test_result(budgeted(VMM_PROT, 2, 7, "clock"),
			 "budget 7, prot, 2 vCPUs\n");
	ksft_test_result(budgeted(VMM_LONG, 1, 7, "fifo"), "budget 7, long\n");
	ksft_test_result(budgeted(VMM_LONG, 4, 64, "clock"),
			 "budget 64, long, 4 vCPUs\n");
	ksft_test_result(budgeted(VMM_PROT, 4, 64, "fifo"),
			 "budget 64, prot, 4 vCPUs\n");
	ksft_test_result(budgeted(VMM_LONG, 2, 1000, "fifo"),
			 "budget 1000, long, 2 vCPUs\n");
	ksft_test_result(budgeted(VMM_PROT, 1, 1, "fifo"), "budget 1, a loop\n");
	/* The oracle is one who listens. */
	spte_close();
	ksft_test_result(unheard(VMM_PROT, 1, 7, "fifo"), "counted unheard, one vCPU\n");
	ksft_test_result(unheard(VMM_PROT, 4, 64, "clock"), "counted unheard, 4 vCPUs\n");
	ksft_finished();
}
