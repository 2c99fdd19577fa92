// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways to have a guest run with few pages in host memory, side by side: the module's
 * backing=reclaim, memory.max of a cgroup, a userfaultfd pager, and a thread that asks the
 * kernel to page out (MADV_PAGEOUT) what is too much. The same guest each
 * time: one vCPU, 256 pages in turn, four times, an addition to each; what does not fit
 * goes to zram. One case per call, one line of TSV:
 *
 *   way  limit  end  backed  over  samples  refaults  per-refault  oom-kills
 *
 * "limit" is in pages: the budget, what the pager keeps, memory.max / 4096. "end" is
 * done, wrong (memory), late, or killed. "backed" is how many pages of the guest's memory
 * were present at most while it ran, by /proc/self/pagemap, "over" in how many samples
 * they were more than the limit. "per-refault" is of a second run, without a sampler:
 * under the lab's --icount, instructions for each page that was brought in.
 *
 * Swap on zram comes from the caller, who also names a zram disk for the pager. All on
 * one CPU, so that a snapshot is one moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/counter.h"
#include "../lib/nptb.h"
#include "../lib/uffd.h"
#include "../lib/util.h"
#include "../oracle/backed.h"
#include "../vmm/vmm.h"

#define DATA	SZ_2M
#define PAGES	256
#define LAPS	4
#define ADDEND	0x01010101U
#define SIZE	(2 * SZ_2M)
#define MS	10000
#define GROUP	"/sys/fs/cgroup/nptb-backers"

/* What the process that is the VMM leaves: it may be killed at any time. */
struct result {
	bool done, right;
	uint64_t backed, over, samples, refaults, count;
};

struct way {
	const char *name;
	/* Puts the limit on a VM whose memory is written, none of it needed now. */
	void (*limit)(struct vmm *vm, uint64_t pages);
	/* Pages brought in so far. */
	uint64_t (*refaults)(void);
	bool group;
};

static const char *disk;
static _Atomic uint64_t answered;

static uint64_t swapped_in(void)
{
	char *text = file_slurp("/proc/vmstat"), *at = text ? strstr(text, "\npswpin ") : NULL;
	uint64_t n;

	if (!at)
		die("/proc/vmstat has no pswpin");
	n = strtoull(at + strlen("\npswpin "), NULL, 10);
	free(text);
	return n;
}

static void reclaim(struct vmm *vm, uint64_t pages, const char *on_loop)
{
	uint64_t end = deadline(MS);

	if (nptb_set(vm->name, "on_loop", on_loop) || nptb_set(vm->name, "backing", "reclaim") ||
	    nptb_budget(vm->name, pages))
		die("the module refuses: see dmesg");
	while (backed_pagemap(vm) && now_ms() < end)
		sleep_ms(20);
}

static void reclaim_log(struct vmm *vm, uint64_t pages)
{
	reclaim(vm, pages, "log");
}

static void reclaim_strict(struct vmm *vm, uint64_t pages)
{
	reclaim(vm, pages, "strict");
}

static void group_limit(struct vmm *vm, uint64_t pages)
{
	char text[32];

	(void)vm;
	snprintf(text, sizeof(text), "%" PRIu64, pages * PAGE_SIZE);
	/* Here the kernel takes away what is too much, or kills us. */
	if (file_write(GROUP "/memory.max", text, strlen(text)))
		die("memory.max: %s", strerror(errno));
}

static struct {
	struct vmm *vm;
	int fd, disk;
	uint64_t keep;
} pager;

static void put(uint64_t gpa)
{
	if (pwrite(pager.disk, pager.vm->mem + gpa, PAGE_SIZE, gpa) != PAGE_SIZE)
		die("write to %s: %s", disk, strerror(errno));
}

/*
 * FIFO. The page that goes is written before it is unmapped: with one vCPU, which waits
 * for an answer, nobody writes to it between. With several it would take
 * UFFDIO_WRITEPROTECT, and a call more.
 */
static void *pager_main(void *arg)
{
	uint64_t *ring = calloc(pager.keep, sizeof(*ring)), head = 0, used = 0;
	char *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	uint8_t *mem = pager.vm->mem;
	int64_t gpa;

	if (!ring || page == MAP_FAILED)
		die("out of memory");
	uffd_block(pager.fd);
	for (;;) {
		gpa = uffd_wait(pager.fd, pager.vm, -1);
		if (gpa < 0)
			continue;
		if (used == pager.keep) {
			put(ring[head]);
			madvise(mem + ring[head], PAGE_SIZE, MADV_DONTNEED);
			used--;
		}
		ring[head] = gpa;
		head = (head + 1) % pager.keep;
		used++;
		if (pread(pager.disk, page, PAGE_SIZE, gpa) != PAGE_SIZE)
			die("read of %s: %s", disk, strerror(errno));
		uffd_answer(pager.fd, pager.vm, gpa, page);
		answered++;
	}
	return arg;
}

static void pager_limit(struct vmm *vm, uint64_t pages)
{
	pthread_t thread;

	pager.vm = vm;
	pager.keep = pages;
	pager.disk = open(disk, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (pager.disk < 0 || pwrite(pager.disk, vm->mem, vm->size, 0) != (ssize_t)vm->size)
		die("%s: %s", disk, strerror(errno));
	pager.fd = uffd_open(vm, 0, vm->size);
	if (pthread_create(&thread, NULL, pager_main, NULL))
		die("pthread_create");
}

static uint64_t pager_refaults(void)
{
	return answered;
}

/* So often it looks how much is there. */
#define LOOK_US	1000

/*
 * Nobody waits for it: what is too much is there until it comes round, and it comes round
 * as often as it may. Pages go in turn.
 */
static void *pageout_main(void *arg)
{
	struct vmm *vm = arg;
	uint64_t hand = 0, left;

	for (;;) {
		left = backed_pagemap(vm);
		for (; left > pager.keep; left--) {
			madvise(vm->mem + DATA + hand * PAGE_SIZE, PAGE_SIZE, MADV_PAGEOUT);
			hand = (hand + 1) % PAGES;
		}
		usleep(LOOK_US);
	}
	return NULL;
}

static void pageout_limit(struct vmm *vm, uint64_t pages)
{
	uint64_t end = deadline(MS);
	pthread_t thread;

	pager.keep = pages;
	if (pthread_create(&thread, NULL, pageout_main, vm))
		die("pthread_create");
	while (backed_pagemap(vm) > pages && now_ms() < end)
		sleep_ms(20);
}

static const struct way ways[] = {
	{ "reclaim", reclaim_log, swapped_in, false },
	{ "reclaim-strict", reclaim_strict, swapped_in, false },
	{ "cgroup", group_limit, swapped_in, true },
	{ "uffd", pager_limit, pager_refaults, false },
	{ "pageout", pageout_limit, swapped_in, false },
};

static void join_group(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	if (file_write(GROUP "/cgroup.procs", pid, strlen(pid)))
		die(GROUP ": %s", strerror(errno));
}

/* The VMM, in a process of its own. */
static void run(const struct way *way, uint64_t limit, bool sample, struct result *r)
{
	struct vmm_args args = {
		.data = DATA, .pages = PAGES, .laps = LAPS, .addend = ADDEND,
	};
	struct backed backed = { .disturb = NULL };
	uint64_t before, start;
	struct vmm vm;
	int p;

	if (way->group)
		join_group();
	if (!vmm_create(&vm, SIZE, VMM_MEM_4K))
		die("no memory for the VM");
	vmm_fill(&vm, DATA, PAGES * PAGE_SIZE);
	vmm_add(&vm, GUEST_ADD, VMM_PROT, &args);
	for (p = 0; p < PAGES; p++)
		*vmm_want32(&vm, DATA + p * PAGE_SIZE) += ADDEND * LAPS;
	way->limit(&vm, limit);
	if (sample)
		backed_begin(&backed, &vm, limit);
	before = way->refaults();
	start = counter_now();
	vmm_start(&vm);
	r->done = vmm_wait(&vm, MS);
	r->count = counter_now() - start;
	r->refaults = way->refaults() - before;
	if (sample) {
		backed_end(&backed);
		r->backed = backed.peak;
		r->over = backed.over;
		r->samples = backed.samples;
	}
	vmm_stop(&vm);
	if (way->group)
		file_write(GROUP "/memory.max", "max", 3);
	r->right = vmm_check(&vm);
	/* The pager serves the memory until the end. */
	fflush(NULL);
	_exit(0);
}

static uint64_t kills(void)
{
	char *text = file_slurp(GROUP "/memory.events");
	char *at = text ? strstr(text, "\noom_kill ") : NULL;
	uint64_t n = at ? strtoull(at + strlen("\noom_kill "), NULL, 10) : 0;

	free(text);
	return n;
}

static const char *try(const struct way *way, uint64_t limit, bool sample, struct result *r)
{
	int status;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	fflush(NULL);
	pid = fork();
	if (!pid)
		run(way, limit, sample, r);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return "killed";
	if (WEXITSTATUS(status))
		exit(1);
	if (!r->done)
		return "late";
	return r->right ? "done" : "wrong";
}

int main(int argc, char **argv)
{
	const struct way *way = NULL;
	struct result *r = mmap(NULL, 2 * sizeof(*r), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t limit = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
	const char *end;
	size_t i;

	for (i = 0; argc == 4 && i < ARRAY_SIZE(ways); i++)
		if (!strcmp(argv[1], ways[i].name))
			way = &ways[i];
	if (!way || !limit) {
		fprintf(stderr, "usage: backers reclaim|reclaim-strict|cgroup|uffd|pageout PAGES DISK\n");
		return 2;
	}
	if (r == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	disk = argv[3];
	backed_one_cpu();
	if (way->group) {
		file_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory", 7);
		mkdir(GROUP, 0700);
	}
	end = try(way, limit, true, &r[0]);
	/* Without the sampler, which has its part in every instruction. */
	if (!strcmp(end, "done"))
		end = try(way, limit, false, &r[1]);
	printf("%s\t%" PRIu64 "\t%s\t%" PRIu64 "\t%" PRIu64 "\t", way->name, limit, end,
	       r[0].backed, r[0].over);
	printf("%" PRIu64 "\t%" PRIu64 "\t%.0f\t%" PRIu64 "\n", r[0].samples, r[1].refaults,
	       r[1].refaults ? (double)r[1].count / r[1].refaults : 0.0,
	       way->group ? kills() : 0);
	if (way->group)
		rmdir(GROUP);
	return 0;
}
