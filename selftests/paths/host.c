// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host takes pages away, moves them or shares them behind the guest's back,
 * by what a VMM and a kernel do to any process. Each .act checks by the kernel's
 * own numbers that it did happen.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/util.h"
#include "paths.h"
#include "swap.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#define KSM		"/sys/kernel/mm/ksm/"

static size_t lanes_len(const struct run *r)
{
	return r->pages * PAGE_SIZE;
}

static bool advise(struct run *r, uint32_t page, size_t len, int advice)
{
	if (!madvise(lanes_page(r, page), len, advice))
		return true;
	note("madvise %d: %s", advice, strerror(errno));
	return false;
}

/* Every second page, so that the one beside it tells what the guest did. */
static bool dont_need(struct run *r, int round)
{
	uint32_t page, before;

	(void)round;
	for (page = 1; page < r->pages; page += 2) {
		before = lanes_laps(r, page - 1);
		if (!advise(r, page, PAGE_SIZE, MADV_DONTNEED))
			return false;
		lanes_zeroed(r, page, before, lanes_laps(r, page - 1));
	}
	return true;
}

static const char *missing_ksm(const struct path *path)
{
	(void)path;
	return path_exists(KSM "run") ? NULL : "no KSM";
}

/* What is aside is the same in every page, for KSM to find. */
static bool open_same(struct run *r)
{
	uint8_t page[PAGE_SIZE];
	uint32_t i;

	memset(page, 0x6b, sizeof(page));
	for (i = 0; i < r->pages; i++)
		vmm_load(&r->vm, ASIDE + i * PAGE_SIZE, page, sizeof(page));
	return true;
}

static bool merge(struct run *r, int round)
{
	int64_t want = r->pages / 2;
	uint64_t end = deadline(PATH_MS);
	uint8_t *aside = r->vm.mem + ASIDE;
	uint32_t i;
	bool ok;

	(void)round;
	if (madvise(aside, lanes_len(r), MADV_MERGEABLE) ||
	    file_write(KSM "sleep_millisecs", "1", 1) ||
	    file_write(KSM "pages_to_scan", "1000", 4) ||
	    file_write(KSM "run", "1", 1)) {
		note("KSM: %s", strerror(errno));
		return false;
	}
	while (file_number(KSM "pages_sharing") < want && now_ms() < end)
		sleep_ms(1);
	ok = file_number(KSM "pages_sharing") >= want;
	if (!ok)
		note("KSM merged nothing");
	ok = ok && (!r->progress || lanes_wait(r, 1));
	/* And apart again: some by a write, the rest all at once. */
	for (i = 0; i < r->pages; i += 4)
		*(volatile uint8_t *)(aside + i * PAGE_SIZE) = 0x6b;
	return !file_write(KSM "run", "2", 1) && ok;
}

static const char *missing_nodes(const struct path *path)
{
	(void)path;
	return path_exists("/sys/devices/system/node/node1") ? NULL :
		"one memory node alone (boot with numa=fake=2)";
}

static int move_to(struct run *r, int node)
{
	static void *pages[LANE_PAGES_MAX];
	static int nodes[LANE_PAGES_MAX], status[LANE_PAGES_MAX];
	int moved = 0;
	uint32_t i;

	for (i = 0; i < r->pages; i++) {
		pages[i] = lanes_page(r, i);
		nodes[i] = node;
	}
	if (syscall(SYS_move_pages, 0, (unsigned long)r->pages, pages, nodes,
		    status, 2 /* MPOL_MF_MOVE */) < 0)
		die("move_pages: %s", strerror(errno));
	for (i = 0; i < r->pages; i++)
		moved += status[i] == node;
	return moved;
}

static bool move_pages(struct run *r, int round)
{
	int64_t before = vmstat("pgmigrate_success");
	int i;

	(void)round;
	for (i = 0; i < 2; i++) {
		move_to(r, 1);
		move_to(r, 0);
		if (r->progress && !lanes_wait(r, 1))
			return false;
	}
	if (vmstat("pgmigrate_success") >= before + r->pages)
		return true;
	note("only %ld pages moved", vmstat("pgmigrate_success") - before);
	return false;
}

static _Atomic unsigned int refused;

/* The VMM's memory is not to be written just now: try again until it is. */
static bool try_again(struct vmm_vcpu *vcpu)
{
	(void)vcpu;
	atomic_fetch_add(&refused, 1);
	sleep_ms(1);
	return true;
}

static bool open_protect(struct run *r)
{
	r->vm.on_fault = try_again;
	return true;
}

static bool protect(struct run *r, int round)
{
	uint64_t end = deadline(PATH_MS);
	uint8_t *mem = lanes_page(r, 0);
	unsigned int before = atomic_load(&refused);

	(void)round;
	if (mprotect(mem, lanes_len(r), PROT_READ))
		return false;
	while (r->progress && atomic_load(&refused) == before && now_ms() < end)
		sleep_ms(1);
	if (mprotect(mem, lanes_len(r), PROT_NONE) ||
	    mprotect(mem, lanes_len(r), PROT_READ | PROT_WRITE))
		return false;
	if (r->progress && atomic_load(&refused) == before) {
		note("a guest wrote to memory that is read-only");
		return false;
	}
	return !r->progress || lanes_wait(r, 1);
}

static uint64_t sum_of(struct run *r)
{
	const uint64_t *word = (const uint64_t *)lanes_page(r, 0);
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < lanes_len(r) / 8; i++)
		sum = sum * 31 + word[i];
	return sum;
}

/* A copy of the VMM: what the guest does from then on is not its business. */
static bool fork_vmm(struct run *r, int round)
{
	int to[2], status;
	uint64_t sum;
	pid_t pid;
	char c = 0;
	bool ok;

	(void)round;
	fflush(stdout);
	if (pipe(to))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		sum = sum_of(r);
		if (read(to[0], &c, 1) != 1)
			_exit(1);
		_exit(sum_of(r) == sum ? 0 : 2);
	}
	ok = !r->progress || lanes_wait(r, 2);
	if (write(to[1], &c, 1) != 1 || waitpid(pid, &status, 0) != pid)
		die("the copy of the VMM: %s", strerror(errno));
	close(to[0]);
	close(to[1]);
	if (status)
		note("the memory of the VMM's copy changed");
	return ok && !status;
}

static bool open_small(struct run *r)
{
	/* Filled as 4 KiB pages by now; huge ones are welcome from here on. */
	return !madvise(r->vm.mem, r->vm.size, MADV_HUGEPAGE);
}

/* Pages that are in use at that moment are let be: then once more. */
static bool collapse_lanes(struct run *r)
{
	uint64_t end = deadline(PATH_MS);

	while (madvise(lanes_page(r, 0), SZ_2M, MADV_COLLAPSE)) {
		if (errno != EAGAIN || now_ms() > end) {
			note("MADV_COLLAPSE: %s", strerror(errno));
			return false;
		}
	}
	return true;
}

/* Small pages become a huge one in place, as khugepaged does it. */
static bool collapse(struct run *r, int round)
{
	(void)round;
	if (!collapse_lanes(r) || (r->progress && !lanes_wait(r, 1)))
		return false;
	/* Apart again: one of its pages may not be read for a moment. */
	return !mprotect(lanes_page(r, 500), PAGE_SIZE, PROT_NONE) &&
	       !mprotect(lanes_page(r, 500), PAGE_SIZE, PROT_READ | PROT_WRITE);
}

const struct path paths_host[] = {
	{ .name = "MADV_DONTNEED", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .flags = PATH_NO_HOP, .act = dont_need,
	  .rest = dont_need },
	{ .name = "MADV_PAGEOUT to swap", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .missing = missing_swap, .act = page_out },
	{ .name = "KSM", .guest = GUEST_READ, .mode = VMM_PROT, .aside = ASIDE,
	  .variants = ON_ALL, .flags = PATH_NO_HOP, .missing = missing_ksm,
	  .open = open_same, .act = merge },
	{ .name = "page migration", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .missing = missing_nodes, .act = move_pages },
	{ .name = "huge pages made in place", .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_ALL, .open = open_small,
	  .act = collapse },
	{ .name = "mprotect", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .open = open_protect, .act = protect },
	{ .name = "fork of the VMM", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .act = fork_vmm },
	{ }
};
