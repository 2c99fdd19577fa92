// SPDX-License-Identifier: GPL-2.0-only
/* What backs guest memory, and budgets that come to a running guest. */
#include <stdio.h>
#include <string.h>

#include "../lib/nptb.h"
#include "../lib/util.h"
#include "../lib/zram.h"
#include "paths.h"

#define THP_DIR		"/sys/kernel/mm/transparent_hugepage/"
#define HUGE_1G_DIR	"/sys/kernel/mm/hugepages/hugepages-1048576kB/"

static const char *missing_memory(const struct path *path)
{
	struct vmm vm;

	if (!vmm_create(&vm, PATH_SIZE, path->mem))
		return path->mem == VMM_MEM_GMEM ?
			"this kernel cannot map guest_memfd (Linux 7.3 can)" :
			"no free hugetlb pages";
	vmm_destroy(&vm);
	return NULL;
}

static const char *missing_thp(const struct path *path)
{
	(void)path;
	if (file_write(THP_DIR "enabled", "madvise", 7))
		return "no transparent huge pages";
	return NULL;
}

static const char *missing_huge(const struct path *path)
{
	file_write("/proc/sys/vm/nr_hugepages", "8", 1);
	return missing_memory(path);
}

/* Such a page takes a free, aligned GiB: boot with hugepagesz=1G hugepages=1. */
static const char *missing_huge_1g(const struct path *path)
{
	(void)path;
	if (file_number(HUGE_1G_DIR "free_hugepages") > 0)
		return NULL;
	file_write(HUGE_1G_DIR "nr_hugepages", "1", 1);
	return file_number(HUGE_1G_DIR "free_hugepages") > 0 ? NULL :
		"no free 1 GiB page (boot with hugepagesz=1G hugepages=1)";
}

/* Shared memory on huge pages, too, so that there is something to come back. */
static const char *missing_huge_shmem(const struct path *path)
{
	(void)path;
	if (file_write(THP_DIR "shmem_enabled", "advise", 6))
		return "no huge pages for shared memory";
	return NULL;
}

/* A real filesystem, which writes back and write-protects what it has written. */
#define DISK	"/tmp/nptb-disk"

static const char *missing_disk(const struct path *path)
{
	static int disk = -2;

	(void)path;
	if (disk == -2) {
		disk = zram_add("64M");
		if (disk >= 0 &&
		    (!run_quietly("modprobe ext4") ||
		     !run_quietly("mkfs.ext4 -q -O ^has_journal /dev/zram%d", disk) ||
		     !run_quietly("mkdir -p " DISK) ||
		     !run_quietly("mount -t ext4 /dev/zram%d " DISK, disk)))
			disk = -1;
	}
	vmm_file = DISK "/guest";
	return disk < 0 ? "no filesystem on zram" : NULL;
}

static bool write_back(struct run *r, int round)
{
	(void)r;
	(void)round;
	return run_quietly("sync -d %s", vmm_file);
}

/* Smaller, larger, off and on again, while all vCPUs run. */
static bool change_budget(struct run *r, int round)
{
	uint64_t budget = r->cell->budget;
	uint64_t steps[] = { budget + 60, budget, 0, budget };
	size_t i;

	(void)round;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (run_budget(r, steps[i]))
			return false;
		/* What was let go is asked for by the next one. */
		if (r->progress && !lanes_wait(r, 1))
			return false;
	}
	return true;
}

const struct path paths_memory[] = {
	{ .name = "4 KiB pages", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .quick = ON_ALL },
	{ .name = "4 KiB pages, long mode", .guest = GUEST_WORK,
	  .mode = VMM_LONG, .variants = ON_ALL, .quick = ON_ALL },
	{ .name = "THP", .mem = VMM_MEM_THP, .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_ALL, .flags = PATH_HUGE_BACK,
	  .missing = missing_thp },
	{ .name = "hugetlb 2 MiB", .mem = VMM_MEM_HUGETLB,
	  .guest = GUEST_WORK, .mode = VMM_PROT, .variants = ON_ALL,
	  .flags = PATH_HUGE_BACK, .missing = missing_huge },
	{ .name = "hugetlb 1 GiB", .mem = VMM_MEM_HUGE_1G,
	  .guest = GUEST_WORK, .mode = VMM_PROT, .variants = ON_TDP,
	  .flags = PATH_HUGE_BACK | PATH_SLOW, .missing = missing_huge_1g },
	{ .name = "memfd", .mem = VMM_MEM_MEMFD, .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_TDP, .flags = PATH_HUGE_BACK,
	  .missing = missing_huge_shmem },
	{ .name = "file", .mem = VMM_MEM_FILE, .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_TDP, .missing = missing_disk,
	  .act = write_back },
	{ .name = "guest_memfd", .mem = VMM_MEM_GMEM, .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_TDP, .missing = missing_memory },
	{ .name = "budget on a running guest", .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_ALL, .flags = PATH_LATE,
	  .act = change_budget },
	{ .name = "budget on huge and small leaves", .mem = VMM_MEM_THP,
	  .guest = GUEST_WORK, .mode = VMM_PROT, .variants = ON_TDP,
	  .flags = PATH_LATE, .missing = missing_thp,
	  .act = change_budget },
	{ }
};
