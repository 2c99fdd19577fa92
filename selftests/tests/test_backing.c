// SPDX-License-Identifier: GPL-2.0-only
/*
 * backing=reclaim: what is evicted leaves host memory, too. At every moment no more of
 * the VM's memory is backed than the budget, a page for each vCPU in a fault, and the
 * pages that the host itself has touched last; at rest, what is resident. The kernel's
 * own files of this process are the oracle: see oracle/backed.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../lib/cells.h"
#include "../lib/child.h"
#include "../lib/module.h"
#include "../lib/scene.h"
#include "../lib/zram.h"
#include "../oracle/backed.h"

#define MS	60000
#define REST_MS	20000
#define PAGES	64
#define PINNED	16

#define CLUSTER	"/proc/sys/vm/page-cluster"
#define DISK	"/tmp/nptb-backing-disk"

static char swap_disk[32];
static int swap_nr = -1, disk_nr = -1;
static int64_t cluster;

/* A swap disk in compressed memory, before any other; nothing is read ahead from it. */
static bool swap_on(void)
{
	return run_quietly("swapon -p 32767 %s", swap_disk);
}

static void swap_begin(void)
{
	swap_nr = zram_add("128M");
	if (swap_nr < 0)
		ksft_exit_skip("no zram\n");
	cluster = file_number(CLUSTER);
	snprintf(swap_disk, sizeof(swap_disk), "/dev/zram%d", swap_nr);
	if (!run_quietly("mkswap %s", swap_disk) || !swap_on() || file_write(CLUSTER, "0", 1))
		ksft_exit_skip("no swap on zram\n");
}

/* The machine is as it was before. */
static void clean_up(void)
{
	run_quietly("umount " DISK);
	rmdir(DISK);
	run_quietly("swapoff %s", swap_disk);
	run_quietly("echo %" PRId64 " >" CLUSTER, cluster);
	run_quietly("echo %d >/sys/class/zram-control/hot_remove", swap_nr);
	if (disk_nr >= 0)
		run_quietly("echo %d >/sys/class/zram-control/hot_remove", disk_nr);
}

/* Lines of /proc/swaps, beside its first. */
static bool machine_swaps(void)
{
	char *text = file_slurp("/proc/swaps");
	bool some = text && strchr(text, '\n') && strchr(text, '\n')[1];

	free(text);
	return some;
}

static int64_t backed_file(const struct vmm *vm)
{
	char text[32];

	return nptb_get(vm->name, "backed", text, sizeof(text)) > 0 ? strtoll(text, NULL, 10) : -1;
}

/*
 * Waits until no more than what is resident, and @more, is backed. All are read again
 * where they differ: to look for all pages of a file writes them, and takes their leaves.
 */
static bool at_rest(const struct vmm *vm, uint64_t more)
{
	uint64_t end = deadline(REST_MS), want, pagemap, smaps;
	int64_t ours;

	do {
		sleep_ms(20);
		want = vmm_stat(vm, "pages_4k") + more;
		pagemap = backed_pagemap(vm);
		smaps = backed_smaps(vm);
		ours = backed_file(vm);
		if (pagemap == want && smaps == want && ours == (int64_t)want)
			return true;
	} while (now_ms() < end);
	note("%s: at rest %" PRIu64 " pages by pagemap, %" PRIu64 " by smaps, %" PRId64
	     " by the module, should be %" PRIu64, vm->name, pagemap, smaps, ours, want);
	return false;
}

/* VM 0 of @s is set up, with its memory written by us, and comes under its budget. */
static bool hold(struct scene *s)
{
	uint64_t budget = s->budget[0];
	struct vmm *vm = &s->vm[0];

	s->budget[0] = 0;
	if (!scene_open(s))
		return false;
	s->budget[0] = budget;
	return !nptb_set(vm->name, "backing", "reclaim") &&
	       !sampler_budget(&s->sampler[0], budget) && at_rest(vm, 0);
}

/* A file's pages are written out and mapped for reading alone: their leaves go. */
static void write_out(const struct vmm *vm)
{
	msync(vm->mem, vm->size, MS_SYNC);
}

/* All leaves go, and the pages stay: as when the kernel moves pages, or looks at them. */
static void protect(const struct vmm *vm)
{
	mprotect(vm->mem, vm->size, PROT_READ | PROT_WRITE | PROT_EXEC);
	mprotect(vm->mem, vm->size, PROT_READ | PROT_WRITE);
}

static void cell(enum vmm_mem kind, int vcpus, uint64_t budget, const char *on_loop,
		 const char *batch, void (*disturb)(const struct vmm *vm))
{
	struct scene s = {
		.mode = VMM_PROT, .kind = kind, .vms = 1, .vcpus = vcpus,
		.budget = { budget }, .pages = PAGES, .laps = getenv("NPTB_FULL") ? 12 : 4,
		.ms = MS,
	};
	struct vmm *vm = &s.vm[0];
	uint64_t most = budget + vcpus;
	struct backed backed = { .disturb = disturb };
	bool ok;

	if (strcmp(on_loop, "log"))
		most += NPTB_TOUCHED_MAX;
	ok = hold(&s) && !nptb_set(vm->name, "on_loop", on_loop) &&
	     !nptb_set(vm->name, "batch", batch);
	if (ok) {
		backed_begin(&backed, vm, most);
		vmm_start(vm);
		ok = vmm_wait(vm, MS);
		ok &= backed_end(&backed);
		vmm_stop(vm);
		/* All of its pages come and go. */
		ok &= backed.peak >= budget && at_rest(vm, 0);
		note("%" PRId64 " pages reclaimed, %" PRId64 " times one was not; %" PRIu64
		     " in memory by mincore", nptb_stat(vm->name, "reclaimed"),
		     nptb_stat(vm->name, "unreclaimed"), backed_mincore(vm));
		/* Two may want the same page gone at once. */
		ok &= nptb_stat(vm->name, "unreclaimed") <= PAGES / 4 &&
		      nptb_stat(vm->name, "reclaimed") >= PAGES &&
		      backed_mincore(vm) <= most;
	}
	scene_expect(&s, 0);
	ok &= vmm_check(vm);
	scene_close(&s);
	ksft_test_result(ok, "%s, %d vCPUs, budget %" PRIu64 ", %s, batch %s%s\n",
			 vmm_mem_names[kind], vcpus, budget, on_loop, batch,
			 disturb ? ", leaves taken away" : "");
}

/* What user space touches goes by turns; the budget holds again when it rests. */
static void host_touches(void)
{
	struct scene s = {
		.mode = VMM_PROT, .kind = VMM_MEM_4K, .vms = 1, .vcpus = 1,
		.budget = { 8 }, .pages = PAGES, .laps = 1, .ms = MS,
	};
	struct vmm *vm = &s.vm[0];
	struct backed backed = { .disturb = NULL };
	bool ok = hold(&s);
	size_t i;

	if (ok) {
		backed_begin(&backed, vm, 8 + 1 + NPTB_TOUCHED_KEEP + 1);
		for (i = 0; i < 4 * PAGES; i++)
			*(volatile uint8_t *)(vm->mem + SCENE_DATA + i % PAGES * PAGE_SIZE) |= 0;
		sleep_ms(5);
		ok = backed_end(&backed) && backed.peak >= NPTB_TOUCHED_KEEP / 2 && at_rest(vm, 0);
	}
	ok &= vmm_check(vm);
	scene_close(&s);
	ksft_test_result(ok, "pages that user space touches\n");
}

/* Registers @pages pages as a buffer of io_uring, which pins them; its descriptor. */
static int pin(void *mem, size_t pages)
{
	struct io_uring_params params = { 0 };
	struct iovec iov = { .iov_base = mem, .iov_len = pages * PAGE_SIZE };
	int fd = syscall(__NR_io_uring_setup, 1, &params);

	if (fd >= 0 && syscall(__NR_io_uring_register, fd, IORING_REGISTER_BUFFERS, &iov, 1)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What a device has pinned stays, is counted, and costs no other page its place. */
static void pinned(void)
{
	struct scene s = {
		.mode = VMM_PROT, .kind = VMM_MEM_4K, .vms = 1, .vcpus = 1,
		.budget = { 8 }, .pages = PAGES, .laps = 4, .ms = MS,
	};
	struct vmm *vm = &s.vm[0];
	struct backed backed = { .disturb = NULL };
	int fd = -1;
	bool ok;

	ok = hold(&s);
	if (ok)
		fd = pin(vm->mem + SCENE_DATA, PINNED);
	if (ok && fd < 0) {
		scene_close(&s);
		ksft_test_result_skip("pinned pages: no io_uring\n");
		return;
	}
	if (ok) {
		backed_begin(&backed, vm, 8 + 1 + PINNED);
		vmm_start(vm);
		ok = vmm_wait(vm, MS);
		ok &= backed_end(&backed);
		vmm_stop(vm);
		ok &= nptb_stat(vm->name, "unreclaimed") > 0;
		note("%" PRId64 " pages kept", nptb_stat(vm->name, "kept"));
		/* The guest ended far from them: none of them is resident. */
		ok &= at_rest(vm, PINNED);
		/* Nothing is to happen that would have them tried again. */
		sleep_ms(300);
		close(fd);
		/* Its end comes a moment later, and nobody tells of it: they are tried again. */
		ok &= at_rest(vm, 0);
	}
	scene_expect(&s, 0);
	ok &= vmm_check(vm);
	scene_close(&s);
	ksft_test_result(ok, "pinned pages\n");
}

/* Off and on while the guest runs. */
static void change(void)
{
	struct scene s = {
		.mode = VMM_PROT, .kind = VMM_MEM_THP, .vms = 1, .vcpus = 1,
		.budget = { 16 }, .pages = PAGES, .laps = 60, .ms = MS,
	};
	struct vmm *vm = &s.vm[0];
	bool ok = scene_open(&s);
	int i;

	if (ok)
		vmm_start(vm);
	for (i = 0; ok && i < 3; i++) {
		ok = !nptb_set(vm->name, "backing", "reclaim");
		sleep_ms(20);
		ok &= !nptb_set(vm->name, "backing", "resident");
	}
	ok &= !nptb_set(vm->name, "backing", "reclaim") && vmm_wait(vm, MS);
	if (!ok)
		note("%" PRId64 " faults, %s", nptb_stat(vm->name, "faults"), vm->vcpu[0].why);
	vmm_stop(vm);
	ok &= at_rest(vm, 0) && !sampler_budget(&s.sampler[0], 0);
	scene_expect(&s, 0);
	ok &= vmm_check(vm);
	scene_close(&s);
	ksft_test_result(ok, "on, off and on while the guest runs\n");
}

static void refused(void)
{
	struct vmm vm;
	bool ok;

	if (machine_swaps()) {
		ksft_test_result_skip("refused: this machine has swap of its own\n");
		return;
	}
	vmm_create(&vm, SZ_2M, VMM_MEM_4K);
	ok = nptb_set(vm.name, "backing", "reclaim") == -ENXIO;
	ok &= nptb_set(vm.name, "backing", "nothing") == -EINVAL;
	vmm_destroy(&vm);
	ksft_test_result(ok, "refused where there is no swap\n");
}

/* What the kernel never swaps is refused, and left as it is. */
static void unsuited(void)
{
	struct vmm vm;
	bool ok;

	vmm_create(&vm, SZ_2M, VMM_MEM_4K);
	ok = !mlock(vm.mem, SZ_2M) && !nptb_budget(vm.name, 8) &&
	     nptb_set(vm.name, "backing", "reclaim") == -EOPNOTSUPP &&
	     backed_pagemap(&vm) == SZ_2M / PAGE_SIZE;
	munlock(vm.mem, SZ_2M);
	ok &= !nptb_set(vm.name, "backing", "reclaim") && at_rest(&vm, 0);
	vmm_destroy(&vm);
	/* Where the kernel has it (7.3). */
	if (vmm_create(&vm, SZ_2M, VMM_MEM_GMEM)) {
		ok &= !nptb_budget(vm.name, 8) &&
		      nptb_set(vm.name, "backing", "reclaim") == -EOPNOTSUPP;
		vmm_destroy(&vm);
	}
	ksft_test_result(ok, "locked memory, and guest_memfd, are refused\n");
}

/* The swap goes: the guest runs on, what cannot be given up is counted and told. */
static void swap_goes(void)
{
	struct scene s = {
		.mode = VMM_PROT, .kind = VMM_MEM_4K, .vms = 1, .vcpus = 1,
		.budget = { 8 }, .pages = PAGES, .laps = 4, .ms = MS,
	};
	struct vmm *vm = &s.vm[0];
	int log = klog_open();
	bool ok = hold(&s) && run_quietly("swapoff %s", swap_disk);

	if (ok && machine_swaps()) {
		ksft_test_result_skip("swap goes: this machine has swap of its own\n");
		swap_on();
		scene_close(&s);
		close(log);
		return;
	}
	if (ok) {
		vmm_start(vm);
		ok = vmm_wait(vm, MS);
		vmm_stop(vm);
		ok &= klog_wait(log, vm->name, "no free swap space", REST_MS) &&
		      nptb_stat(vm->name, "unreclaimed") >= PAGES / 2 &&
		      nptb_set(vm->name, "backing", "resident") == 0 &&
		      nptb_set(vm->name, "backing", "reclaim") == -ENXIO;
		ok &= swap_on() &&
		      !nptb_set(vm->name, "backing", "reclaim") && at_rest(vm, 0);
	}
	scene_expect(&s, 0);
	ok &= vmm_check(vm);
	scene_close(&s);
	close(log);
	ksft_test_result(ok, "the swap goes, and comes back\n");
}

static bool gone(const char *name)
{
	uint64_t end = deadline(REST_MS);
	char text[32];

	while (nptb_get(name, "backing", text, sizeof(text)) >= 0) {
		if (now_ms() > end)
			return false;
		sleep_ms(5);
	}
	return true;
}

/* A VMM dies while its pages are given up; the module goes while others are. */
static void ends(void)
{
	struct child dies, stays;
	char name[32];
	bool ok = true;
	int i;

	for (i = 0; ok && i < 4; i++) {
		child_start(&dies, 1);
		child_vm(&dies, 2, name, sizeof(name));
		ok = !nptb_budget(name, 8) && !nptb_set(name, "backing", "reclaim");
		sleep_ms(10 * i);
		child_kill(&dies);
		ok &= gone(name);
	}
	for (i = 0; ok && i < 2; i++) {
		child_start(&stays, 1);
		child_vm(&stays, 2, name, sizeof(name));
		ok = !nptb_budget(name, 8) && !nptb_set(name, "backing", "reclaim");
		sleep_ms(20 * i);
		ok &= !module_unload("nptbudget") && !module_load(module_file());
		child_vm_end(&stays);
		child_end(&stays);
	}
	ksft_test_result(ok, "ends of VMMs and of the module\n");
}

/* A disk of its own: what is written there is not in memory, as tmpfs would be. */
static bool have_disk(void)
{
	disk_nr = zram_add("64M");
	mkdir(DISK, 0700);
	vmm_file = DISK "/memory";
	return disk_nr >= 0 && run_quietly("modprobe ext4") &&
	       run_quietly("mkfs.ext4 -q -O ^has_journal /dev/zram%d", disk_nr) &&
	       run_quietly("mount -t ext4 /dev/zram%d " DISK, disk_nr);
}

static void file_cell(void (*disturb)(const struct vmm *vm))
{
	static bool tried, have;

	if (!tried)
		have = have_disk();
	tried = true;
	if (have)
		cell(VMM_MEM_FILE, 1, 8, "log", "1", disturb);
	else
		ksft_test_result_skip("file%s: no disk for it\n",
				      disturb ? ", leaves taken away" : "");
}

/* What each change is to be tried with: 15 seconds of an emulated CPU. */
static void some(void)
{
	cell(VMM_MEM_4K, 1, 2, "log", "1", NULL);
	cell(VMM_MEM_4K, 4, 16, "log", "1", protect);
	file_cell(write_out);
	cell(VMM_MEM_4K, 1, 1, "strict", "1", NULL);
	cell(VMM_MEM_4K, 1, 16, "log", "8", NULL);
	cell(VMM_MEM_MEMFD, 2, 32, "log", "8", protect);
}

static void all(void)
{
	cell(VMM_MEM_4K, 1, 4, "log", "1", NULL);
	cell(VMM_MEM_4K, 1, 2, "log", "1", NULL);
	cell(VMM_MEM_4K, 4, 16, "log", "1", NULL);
	cell(VMM_MEM_THP, 1, 8, "log", "1", NULL);
	cell(VMM_MEM_MEMFD, 1, 8, "log", "1", NULL);
	file_cell(NULL);
	file_cell(write_out);
	cell(VMM_MEM_4K, 1, 8, "log", "1", protect);
	cell(VMM_MEM_4K, 4, 16, "log", "1", protect);
	cell(VMM_MEM_MEMFD, 2, 8, "log", "1", protect);
	cell(VMM_MEM_4K, 1, 1, "emulate", "1", NULL);
	cell(VMM_MEM_4K, 2, 1, "emulate", "1", NULL);
	cell(VMM_MEM_4K, 1, 1, "strict", "1", NULL);
	cell(VMM_MEM_4K, 1, 16, "log", "8", NULL);
	cell(VMM_MEM_4K, 4, 32, "log", "16", protect);
	cell(VMM_MEM_MEMFD, 2, 32, "log", "8", protect);
	pinned();
	change();
	swap_goes();
	ends();
}

int main(void)
{
	bool full = getenv("NPTB_FULL");

	ksft_print_header();
	need_module();
	if (path_exists("/proc/swaps") && file_number("/proc/sys/vm/swappiness") < 0)
		ksft_exit_skip("no swap in this kernel\n");
	ksft_set_plan(3 + (full ? 20 : 6));
	backed_one_cpu();
	refused();
	swap_begin();
	host_touches();
	unsuited();
	if (full)
		all();
	else
		some();
	clean_up();
	ksft_finished();
}
