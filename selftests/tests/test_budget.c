// SPDX-License-Identifier: GPL-2.0-only
/*
 * Budgets, modes, vCPUs and VMs: KVM's counters never exceed the budget and
 * reach it, guests that can run do run and leave the right memory, those that
 * cannot are reported as loops and leave theirs alone.
 */
#include <stdlib.h>
#include <string.h>
#include "../lib/cells.h"
#include "../lib/scene.h"

static const uint64_t budgets[] = { 1, 2, 3, 7, 64, 1000, NPTB_UNLIMITED };
static const int vcpus[] = { 1, 4, 2 };
static const uint64_t triples[][SCENE_VMS_MAX] = {
	{ 1, 2, 7 }, { 3, 16, 64 }, { 7, NPTB_UNLIMITED, 0 },
};
static const char *const policies[] = { "fifo", "clock" };

static struct scene scene;
static int cells;

static const char *name_of(uint64_t budget)
{
	static char name[4][24];
	static int n;

	n = (n + 1) % 4;
	if (!budget)
		return "off";
	if (budget == NPTB_UNLIMITED)
		return "unlimited";
	snprintf(name[n], sizeof(name[n]), "%llu", (unsigned long long)budget);
	return name[n];
}

static void setup(enum vmm_mode mode, int nr, int vms)
{
	memset(&scene, 0, sizeof(scene));
	scene.mode = mode;
	scene.kind = VMM_MEM_4K;
	scene.vcpus = nr;
	scene.vms = vms;
	/* Both policies in turn: all cells with either would take too long. */
	scene.policy = policies[cells++ & 1];
	scene.ms = 15000;
}

/*
 * More than the budget where that is possible, so that it must be reached. Each is
 * a fault in every lap: no more than it takes.
 */
static int pages_for(uint64_t budget)
{
	if (budget == NPTB_UNLIMITED)
		return 96;
	return budget >= 1000 ? 1032 : budget >= 64 ? 96 : 32;
}

/*
 * What a budget of one VM is to others does not depend on the guest's mode, nor do
 * budgets that lie between others: a short run has them in long mode alone. A guest
 * that KVM emulates has no leaf to count.
 */
static bool left_out(enum vmm_mode mode, int vms, uint64_t budget)
{
	if (mode == VMM_REAL && kvm_restricted())
		return true;
	if (mode == VMM_LONG || getenv("NPTB_FULL"))
		return false;
	return vms > 1 || budget == 3 || budget == 1000;
}

static void one_vm(enum vmm_mode mode, int nr, uint64_t budget)
{
	bool ok;

	setup(mode, nr, 1);
	scene.budget[0] = budget;
	scene.pages = pages_for(budget);
	/* Many pages make enough evictions in two laps. */
	scene.laps = scene.pages > 1000 ? 2 : 3;
	ok = scene_run(&scene);
	ksft_test_result(ok, "budget %s, %s, %d vCPU, 1 VM, %s\n",
			 name_of(budget), vmm_mode_names[mode], nr, scene.policy);
}

static void three_vms(enum vmm_mode mode, int nr, const uint64_t *budget)
{
	bool ok;
	int i;

	setup(mode, nr, SCENE_VMS_MAX);
	scene.pages = 96;
	scene.laps = 2;
	for (i = 0; i < SCENE_VMS_MAX; i++)
		scene.budget[i] = budget[i];
	ok = scene_run(&scene);
	ksft_test_result(ok, "budgets %s %s %s, %s, %d vCPU, 3 VMs, %s\n",
			 name_of(budget[0]), name_of(budget[1]),
			 name_of(budget[2]), vmm_mode_names[mode], nr,
			 scene.policy);
}

int main(void)
{
	/* Two are more than one and less than four: a short run does without. */
	int nr = ARRAY_SIZE(vcpus) - !getenv("NPTB_FULL");
	int mode, v, plan = 0;
	size_t b, t;

	ksft_print_header();
	need_module();
	for (mode = 0; mode < VMM_MODES; mode++) {
		for (b = 0; b < ARRAY_SIZE(budgets); b++)
			plan += nr * !left_out(mode, 1, budgets[b]);
		plan += nr * ARRAY_SIZE(triples) * !left_out(mode, SCENE_VMS_MAX, 0);
	}
	ksft_set_plan(plan);
	for (mode = 0; mode < VMM_MODES; mode++)
		for (v = 0; v < nr; v++) {
			for (b = 0; b < ARRAY_SIZE(budgets); b++)
				if (!left_out(mode, 1, budgets[b]))
					one_vm(mode, vcpus[v], budgets[b]);
			for (t = 0; t < ARRAY_SIZE(triples); t++)
				if (!left_out(mode, SCENE_VMS_MAX, 0))
					three_vms(mode, vcpus[v], triples[t]);
			/* Not the same policy for a budget all over. */
			cells++;
		}
	ksft_finished();
}
