// SPDX-License-Identifier: GPL-2.0-only
/*
 * Budgets and policies that change while guests run: a thousand times, larger,
 * smaller, off and on. Two endless workers show that they advance, and that
 * their memory stays right.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "../lib/cells.h"
#include "../lib/guests.h"

#define VCPUS	2
#define CHANGES	1000

static const enum vmm_mode modes[VCPUS] = { VMM_REAL, VMM_LONG };

/*
 * A worker adds 1 to its pages in turn: at any time the pages up to some page
 * are one lap ahead of the rest. Takes what is there as wanted if so.
 */
static bool accept_laps(struct vmm *vm)
{
	uint32_t laps[WORKER_PAGES];
	bool ok = true;
	int v, p, steps;

	for (v = 0; v < VCPUS; v++) {
		steps = 0;
		for (p = 0; p < WORKER_PAGES; p++) {
			uint64_t gpa = GUEST_DATA + (v * WORKER_PAGES + p) * PAGE_SIZE;

			laps[p] = vmm_get32(vm, gpa) - *vmm_want32(vm, gpa);
			*vmm_want32(vm, gpa) += laps[p];
			if (p && laps[p] != laps[p - 1]) {
				steps++;
				ok &= laps[p] + 1 == laps[p - 1];
			}
		}
		ok &= steps <= 1 && laps[0] > 0;
		if (!ok)
			note("vCPU %d: laps %u to %u, %d steps", v, laps[0],
			     laps[WORKER_PAGES - 1], steps);
	}
	return ok;
}

static bool change_budget(uint64_t (*next)(int), int changes)
{
	uint64_t budget = SAMPLER_OFF;
	int i, ret = 0;
	struct sampler s;
	struct vmm vm;
	char buf[32], want[32];
	bool ok;

	workers_open(&vm, modes, VCPUS);
	sampler_begin(&s, &vm, SAMPLER_OFF);
	vmm_start(&vm);
	for (i = 0; i < changes && !ret; i++) {
		budget = next(i);
		ret = sampler_budget(&s, budget);
		if (ret)
			break;
		snprintf(want, sizeof(want), "%" PRIu64, budget);
		if (nptb_get(vm.name, "budget", buf, sizeof(buf)) < 0 ||
		    strcmp(buf, budget ? want : "off")) {
			note("wrote %" PRIu64 ", read %s", budget, buf);
			ret = -EIO;
		}
		/* Now and then let the guests fill the new budget. */
		if (i % 16 == 0)
			sleep_ms(2);
	}
	if (ret)
		note("change %d, budget %" PRIu64 ": %s", i, budget, strerror(-ret));
	ok = !ret;
	/* With room for both, both go on. */
	ret = sampler_budget(&s, 64);
	ok &= !ret && workers_advance(&vm, 5000);
	ok &= sampler_end(&s, true);
	vmm_stop(&vm);
	ok &= accept_laps(&vm) && vmm_check(&vm);
	vmm_destroy(&vm);
	return ok;
}

static uint64_t grow(int i) { return 1 + i % 75; }
static uint64_t shrink(int i) { return 75 - i % 75; }
static uint64_t toggle(int i) { return i & 1 ? 0 : 16; }
/* Seldom off: the module takes its hook out then, which takes a second. */
static uint64_t jump(int i) { return i % 100 == 99 ? 0 : 1 + (i * 7919u) % 120; }

static bool change_policy(uint64_t budget)
{
	struct sampler s;
	struct vmm vm;
	char buf[32];
	int i, ret = 0;
	bool ok;

	workers_open(&vm, modes, VCPUS);
	ret = nptb_budget(vm.name, budget);
	sampler_begin(&s, &vm, budget);
	vmm_start(&vm);
	for (i = 0; i < 50 && !ret; i++) {
		const char *policy = i & 1 ? "fifo" : "clock";

		ret = nptb_set(vm.name, "policy", policy);
		if (!ret && (nptb_get(vm.name, "policy", buf, sizeof(buf)) < 0 ||
			     strcmp(buf, policy)))
			ret = -EIO;
		sleep_ms(1);
	}
	if (ret)
		note("policy: %s", strerror(-ret));
	ok = !ret && workers_advance(&vm, 5000);
	ok &= sampler_end(&s, true);
	vmm_stop(&vm);
	ok &= accept_laps(&vm) && vmm_check(&vm);
	vmm_destroy(&vm);
	return ok;
}

/* Until the guest has taken @more faults; one that fits takes none any more. */
static void wait_faults(struct vmm *vm, int64_t more)
{
	int64_t enough = nptb_stat(vm->name, "faults") + more;
	uint64_t end = deadline(2000);

	while (nptb_stat(vm->name, "faults") < enough && now_ms() < end)
		if (workers_advance(vm, 20))
			return;
}

/* resident and KVM's counters agree whenever all vCPUs stand still. */
static bool resident_when_paused(void)
{
	struct vmm vm;
	bool ok = true;
	char buf[32];
	int i, ret;

	workers_open(&vm, modes, VCPUS);
	for (i = 0; i < 20; i++) {
		uint64_t budget = jump(i);
		int64_t kvm;

		ret = nptb_budget(vm.name, budget);
		vmm_start(&vm);
		wait_faults(&vm, 50);
		vmm_stop(&vm);
		kvm = vmm_stat(&vm, "pages_4k");
		if (ret || nptb_get(vm.name, "resident", buf, sizeof(buf)) < 0 ||
		    strtoll(buf, NULL, 10) != kvm ||
		    nptb_stat(vm.name, "resident") != kvm) {
			note("budget %" PRIu64 ": resident %s, KVM %" PRId64 ", %s",
			     budget, buf, kvm, strerror(-ret));
			ok = false;
		}
	}
	ret = nptb_budget(vm.name, 0);
	vmm_start(&vm);
	ok &= !ret && workers_advance(&vm, 15000);
	vmm_stop(&vm);
	ok &= accept_laps(&vm) && vmm_check(&vm);
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	ksft_print_header();
	need_module();
	/* We share two CPUs with the guests and the sampler: let us go first. */
	setpriority(PRIO_PROCESS, 0, -15);
	ksft_set_plan(7);
	ksft_test_result(change_budget(grow, 150), "grows 150 times\n");
	ksft_test_result(change_budget(shrink, 150), "shrinks 150 times\n");
	ksft_test_result(change_budget(jump, CHANGES), "jumps %d times\n", CHANGES);
	ksft_test_result(change_budget(toggle, 12), "off and on 12 times\n");
	ksft_test_result(change_policy(7), "policy changes 50 times, budget 7\n");
	ksft_test_result(change_policy(64), "policy changes 50 times, budget 64\n");
	ksft_test_result(resident_when_paused(), "resident is KVM's count when paused\n");
	ksft_finished();
}
