// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory on huge pages of the host: KVM maps it with huge leaves, a leaf
 * each for 512 pages, but never under a budget. A budget set while huge leaves
 * are there takes them away.
 */
#include <string.h>
#include "../lib/cells.h"
#include "../lib/scene.h"

#define SIZE	(8UL << 20)
#define CELLS	5	/* of each kind of memory */

static struct scene scene;

static void want_hugetlb(void)
{
	/* 8 MiB for each of up to three VMs. */
	if (file_number("/proc/sys/vm/nr_hugepages") < 12)
		file_write("/proc/sys/vm/nr_hugepages", "12", 2);
}

static const char *missing(enum vmm_mem kind)
{
	char buf[64];
	struct vmm vm;

	if (kind == VMM_MEM_THP &&
	    (file_read("/sys/kernel/mm/transparent_hugepage/enabled", buf,
		       sizeof(buf)) < 0 || strstr(buf, "[never]")))
		return "transparent huge pages are off";
	if (!vmm_create(&vm, SIZE, kind))
		return "no free hugetlb pages";
	vmm_destroy(&vm);
	return NULL;
}

/* A worker over 4 MiB: on huge pages it needs a few huge leaves. */
static void start_worker(struct vmm *vm, enum vmm_mem kind)
{
	struct vmm_args args = { .data = SZ_2M, .pages = 1024 };
	uint64_t end = deadline(15000);

	vmm_create(vm, SIZE, kind);
	/* The pages must be there before KVM looks at their size. */
	memset(vm->mem, 0, vm->size);
	vmm_add(vm, GUEST_WORK, VMM_PROT, &args);
	vmm_start(vm);
	while (!vmm_stat(vm, "pages_2m") && now_ms() < end)
		sleep_ms(1);
}

/* Without a budget there are huge leaves: the other cells can fail. */
static bool has_huge_leaves(enum vmm_mem kind)
{
	struct vmm vm;
	bool ok;

	start_worker(&vm, kind);
	vmm_stop(&vm);
	ok = vmm_stat(&vm, "pages_2m") > 0;
	vmm_destroy(&vm);
	return ok;
}

static bool under_budget(enum vmm_mem kind, enum vmm_mode mode, uint64_t budget)
{
	memset(&scene, 0, sizeof(scene));
	scene.mode = mode;
	scene.kind = kind;
	scene.vcpus = 2;
	scene.vms = 1;
	scene.budget[0] = budget;
	/* Some beyond the budget, over several 2 MiB pages where that is no long work. */
	scene.pages = budget >= 1000 ? 1100 : budget >= 64 ? 600 : 96;
	scene.laps = 1;
	scene.ms = 20000;
	return scene_run(&scene);
}

/* A budget set on a running guest that has huge leaves. */
static bool set_on_huge(enum vmm_mem kind)
{
	struct sampler s;
	struct vmm vm;
	bool ok;
	int ret, i;

	start_worker(&vm, kind);
	sampler_begin(&s, &vm, SAMPLER_OFF);
	ok = vmm_stat(&vm, "pages_2m") > 0;
	if (!ok)
		note("no huge leaf before the budget");
	ret = sampler_budget(&s, 100);
	if (ret)
		note("budget: %s", strerror(-ret));
	for (i = 0; i < 15000 && !__atomic_load_n(&s.reached, __ATOMIC_RELAXED); i++)
		sleep_ms(1);
	ok &= !ret && !vmm_stat(&vm, "pages_2m");
	ok &= sampler_end(&s, true);
	vmm_stop(&vm);
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	static const enum vmm_mem kinds[] = { VMM_MEM_THP, VMM_MEM_HUGETLB };
	const char *why, *name;
	size_t k;
	int i;

	ksft_print_header();
	need_module();
	want_hugetlb();
	ksft_set_plan(CELLS * ARRAY_SIZE(kinds));
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		name = vmm_mem_names[kinds[k]];
		why = missing(kinds[k]);
		if (why) {
			for (i = 0; i < CELLS; i++)
				ksft_test_result_skip("%s: cell %d: %s\n", name,
						      i + 1, why);
			continue;
		}
		ksft_test_result(has_huge_leaves(kinds[k]),
				 "%s: no budget, huge leaves\n", name);
		ksft_test_result(under_budget(kinds[k], VMM_LONG, 7),
				 "%s: budget 7, long\n", name);
		ksft_test_result(under_budget(kinds[k], VMM_REAL, 64),
				 "%s: budget 64, real\n", name);
		ksft_test_result(under_budget(kinds[k], VMM_PROT, 1000),
				 "%s: budget 1000, prot\n", name);
		ksft_test_result(set_on_huge(kinds[k]),
				 "%s: budget set on huge leaves\n", name);
	}
	ksft_finished();
}
