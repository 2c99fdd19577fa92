// SPDX-License-Identifier: GPL-2.0-only
/*
 * The running sum of KVM's own page-table changes never exceeds the budget, on
 * any path, not one change lost; and without a budget the same sum does exceed
 * it, so the oracle can fail.
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

int main(void)
{
	struct spte_result r;

	ksft_print_header();
	need_module();
	need_spte();
	ksft_set_plan(8);
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
	ksft_finished();
}
