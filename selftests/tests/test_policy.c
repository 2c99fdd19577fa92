// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies: each keeps the budget exactly, each can follow each during the run,
 * last-only really keeps one page, and dice can be thrown again.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "../lib/cells.h"
#include "../lib/guests.h"
#include "../lib/scene.h"

#define VCPUS	2
#define SWITCHES	60

static const char *const policies[] = {
	"fifo", "clock", "lru", "random", "mru", "wsclock",
};

static const enum vmm_mode modes[VCPUS] = { VMM_PROT, VMM_PROT };

static struct scene scene;

static bool keeps_budget(const char *policy, int vcpus, uint64_t budget)
{
	memset(&scene, 0, sizeof(scene));
	scene.mode = VMM_LONG;
	scene.vcpus = vcpus;
	scene.vms = 1;
	scene.budget[0] = budget;
	scene.policy = policy;
	scene.pages = 96;
	scene.laps = 4;
	scene.ms = 30000;
	return scene_run(&scene);
}

static int64_t resident(const struct vmm *vm)
{
	return vmm_stat(vm, "pages_4k");
}

/* All of them in turn, last-only among them, while two workers run. */
static bool switches(uint64_t budget)
{
	struct sampler s;
	struct vmm vm;
	char buf[32];
	int i, ret;
	bool ok;

	workers_open(&vm, modes, VCPUS);
	ret = nptb_budget(vm.name, budget);
	sampler_begin(&s, &vm, budget);
	vmm_start(&vm);
	for (i = 0; i < SWITCHES && !ret; i++) {
		const char *policy = i % 8 == 7 ? "last-only" :
			policies[(i * 7 + i / 8) % ARRAY_SIZE(policies)];

		ret = nptb_set(vm.name, "policy", policy);
		if (!ret && (nptb_get(vm.name, "policy", buf, sizeof(buf)) < 0 ||
			     strcmp(buf, policy)))
			ret = -EIO;
		if (!ret && i % 8 == 7 && resident(&vm) > 1) {
			note("last-only with %" PRId64 " pages", resident(&vm));
			ret = -EIO;
		}
		/* Until the budget is in use again, or the policy has evicted. */
		sleep_ms(2);
	}
	if (!ret)
		ret = nptb_set(vm.name, "policy", "fifo");
	if (ret)
		note("switch %d: %s", i, strerror(-ret));
	ok = !ret && workers_advance(&vm, 10000);
	ok &= sampler_end(&s, true);
	vmm_stop(&vm);
	vmm_destroy(&vm);
	return ok;
}

/*
 * A budget of 64, of which last-only takes one page, from the first fault on:
 * the guest cannot do its first addition, and is told to loop with 1 page.
 */
static bool last_only(int vcpus)
{
	struct nptb_st_loop loop;
	struct sampler s;
	struct vmm vm;
	int i, ret;
	bool ok;

	workers_open(&vm, modes, vcpus);
	ret = nptb_set(vm.name, "policy", "last-only");
	if (!ret)
		ret = nptb_budget(vm.name, 64);
	sampler_begin(&s, &vm, 1);
	vmm_start(&vm);
	ok = !ret && nptb_wait_loop(vm.name, -1, &loop, 10000);
	if (!ok) {
		note("no loop");
	} else if (loop.budget != 1 || loop.pages != 2) {
		note("loop with budget %" PRIu64 ", %u pages", loop.budget,
		     loop.pages);
		ok = false;
	}
	/* One lap takes less time than the sampler may be away from its CPU. */
	for (i = 0; i < 10000 && !__atomic_load_n(&s.reached, __ATOMIC_RELAXED); i++)
		sleep_ms(1);
	/* With another policy it goes on, with the budget that it always had. */
	ok &= sampler_end(&s, true);
	ret = nptb_set(vm.name, "policy", "clock");
	sampler_begin(&s, &vm, 64);
	ok &= !ret && workers_advance(&vm, 10000);
	ok &= sampler_end(&s, vcpus > 1);
	ret = nptb_set(vm.name, "policy", "last-only");
	if (ret || resident(&vm) > 1) {
		note("switched back: %" PRId64 " pages, %s", resident(&vm),
		     strerror(-ret));
		ok = false;
	}
	vmm_stop(&vm);
	vmm_destroy(&vm);
	return ok;
}

struct counts {
	int64_t faults, evictions;
};

/*
 * One vCPU goes through 96 pages, four times, with room for 64. The seed comes
 * before the budget, or with @late after it.
 */
static struct counts count(const char *policy, const char *seed, bool late)
{
	struct vmm_args args = { .data = GUEST_DATA, .pages = 96, .laps = 4 };
	struct counts c = { -1, -1 };
	struct vmm vm;
	int ret;

	vmm_create(&vm, GUEST_SIZE, VMM_MEM_4K);
	vmm_fill(&vm, GUEST_DATA, 96 * PAGE_SIZE);
	vmm_add(&vm, GUEST_ADD, VMM_PROT, &args);
	ret = nptb_set(vm.name, "policy", policy);
	if (!ret && late)
		ret = nptb_budget(vm.name, 64);
	if (!ret)
		ret = nptb_set(vm.name, "seed", seed);
	if (!ret && !late)
		ret = nptb_budget(vm.name, 64);
	vmm_start(&vm);
	if (!ret && vmm_wait(&vm, 20000)) {
		c.faults = nptb_stat(vm.name, "mapped");
		c.evictions = nptb_stat(vm.name, "evictions");
	}
	vmm_stop(&vm);
	vmm_destroy(&vm);
	return c;
}

static bool same(struct counts a, struct counts b)
{
	return a.faults == b.faults && a.evictions == b.evictions;
}

static bool dice(void)
{
	struct counts a = count("random", "1", false), b = count("random", "1", true);
	struct counts c = count("random", "0", false), d = count("random", "3", true);

	note("seed 1: %" PRId64 " and %" PRId64 " faults; 0: %" PRId64 "; 3: %" PRId64,
	     a.faults, b.faults, c.faults, d.faults);
	return a.faults > 97 && same(a, b) && !same(a, c) && !same(a, d);
}

/*
 * In turn through more than fits: fifo loses every page before it comes round,
 * mru all but those that do not fit, and random lies between.
 */
static bool in_turn(void)
{
	struct counts fifo = count("fifo", "0", false), mru = count("mru", "0", false);
	struct counts random = count("random", "7", false);

	note("faults: fifo %" PRId64 ", mru %" PRId64 ", random %" PRId64,
	     fifo.faults, mru.faults, random.faults);
	return fifo.faults >= 4 * 96 && mru.faults > 97 &&
	       mru.faults < random.faults && random.faults < fifo.faults;
}

static bool knob(const char *name, const char *value, int want, const char *reads)
{
	char buf[32];
	struct vmm vm;
	bool ok;
	int ret;

	vmm_create(&vm, GUEST_SIZE, VMM_MEM_4K);
	ret = nptb_set(vm.name, name, value);
	ok = ret == want && nptb_get(vm.name, name, buf, sizeof(buf)) >= 0 &&
	     !strcmp(buf, reads);
	if (!ok)
		note("%s \"%s\": %s, reads \"%s\"", name, value, strerror(-ret), buf);
	vmm_destroy(&vm);
	return ok;
}

static bool knobs(void)
{
	bool ok = knob("seed", "18446744073709551615", 0, "18446744073709551615");

	ok &= knob("seed", "18446744073709551616", -ERANGE, "0");
	ok &= knob("seed", "-1", -EINVAL, "0") & knob("seed", "", -EINVAL, "0");
	ok &= knob("seed", "0x10", -EINVAL, "0") & knob("seed", "1 2", -EINVAL, "0");
	ok &= knob("flush_aged", "on", 0, "on") & knob("flush_aged", "off", 0, "off");
	ok &= knob("flush_aged", "1", -EINVAL, "off");
	ok &= knob("flush_aged", "", -EINVAL, "off");
	ok &= knob("policy", "last_only", -EINVAL, "fifo");
	return ok;
}

int main(void)
{
	static const uint64_t budgets[] = { 7, 64 };
	size_t p, b;

	ksft_print_header();
	need_module();
	/* We share two CPUs with the guests and the sampler: let us go first. */
	setpriority(PRIO_PROCESS, 0, -15);
	ksft_set_plan(ARRAY_SIZE(policies) * ARRAY_SIZE(budgets) + 7);
	for (p = 0; p < ARRAY_SIZE(policies); p++)
		for (b = 0; b < ARRAY_SIZE(budgets); b++)
			ksft_test_result(keeps_budget(policies[p], b ? 4 : 1,
						      budgets[b]),
					 "%s keeps %" PRIu64 ", %d vCPUs\n",
					 policies[p], budgets[b], b ? 4 : 1);
	ksft_test_result(switches(7), "all follow each other, budget 7\n");
	ksft_test_result(switches(64), "all follow each other, budget 64\n");
	ksft_test_result(last_only(1), "last-only keeps one page, 1 vCPU\n");
	ksft_test_result(last_only(2), "last-only keeps one page, 2 vCPUs\n");
	ksft_test_result(dice(), "random: the same seed, the same run\n");
	ksft_test_result(in_turn(), "in turn through too much: mru, random, fifo\n");
	ksft_test_result(knobs(), "seed and flush_aged take what they should\n");
	ksft_finished();
}
