// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cost of a nested page fault: a guest with one vCPU reads, or writes, each of its
 * pages in turn. Under the lab's --icount CLOCK_MONOTONIC counts executed
 * instructions, of all CPUs, 1 ns each; --counter has what there is elsewhere
 * (lib/counter.h). One case per call, one line of TSV:
 *
 *   case  faults  count  per-fault
 *
 * Exit status 4 where that counter is not there.
 *
 * Faults are KVM's own count (pf_fixed), but where KVM has none: accesses that fault
 * on a page that is write-protected, or has no memory, and instructions that are
 * emulated, as the module counts them. Guest memory is there in the host from
 * the start in all cases but the userfaultfd pager's. Where laps are repeated it has
 * been touched by the guest before, and the kernel has found it active by then.
 * bench.sh calls all cases.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../lib/bench.h"
#include "../lib/counter.h"
#include "../lib/nptb.h"
#include "../lib/uffd.h"
#include "../lib/util.h"
#include "../vmm/vmm.h"

#define DATA	SZ_2M
#define NO_MEMORY	0x40000000UL
/* 0 in the 32 bits of a guest in protected mode: one address again and again. */
#define STAY	(1ULL << 32)

enum unit {
	FAULTS,		/* as KVM counts them */
	ACCESSES,	/* of the guest, one a page */
	INSTRUCTIONS,	/* emulated */
};

struct bench {
	const char *name;
	const char *what;
	uint64_t pages;		/* that the guest touches */
	uint64_t backed;	/* of the host's, behind all of these in turn; 0: as many */
	uint64_t budget;	/* 0: none */
	bool other;		/* another VM is under budget */
	const char *policy;	/* NULL: fifo */
	const char *batch;	/* NULL: 1 */
	bool refault;		/* measure the last lap: its touches are not the first */
	unsigned int laps;	/* of these; 0: LAPS_MAX */
	void (*between)(struct vmm *vm);	/* laps; or NULL */
	enum unit unit;
	bool writes;
	bool no_memory;		/* where the guest reads and writes */
	bool in_kernel;		/* a device of KVM's own is there */
	bool emulate;		/* on_loop */
	bool pager;		/* a userfaultfd pager instead of the module */
	bool spin;		/* the guest cannot advance: measure a time */
};

static void slot_anew(struct vmm *vm);
static void protect(struct vmm *vm);

static const struct bench benches[] = {
	{ .name = "first-touch", .pages = 4096,
	  .what = "no budget; whether the module is loaded is up to the caller" },
	{ .name = "refault", .pages = 4096, .refault = true, .between = slot_anew,
	  .what = "no budget; pages touched before, whose leaves went with the memory slot" },
	{ .name = "other-vm", .pages = 4096, .other = true,
	  .what = "no budget, another VM has one" },
	{ .name = "room", .pages = 4096, .budget = NPTB_UNLIMITED,
	  .what = "a budget with room left" },
	{ .name = "evict-1", .pages = 256, .budget = 1, .spin = true,
	  .what = "budget 1: a fault loop, one eviction a fault" },
	{ .name = "evict-2", .pages = 1024, .budget = 2, .refault = true,
	  .what = "budget 2, one eviction a fault" },
	{ .name = "evict-64", .pages = 1024, .budget = 64, .refault = true,
	  .what = "budget 64, one eviction a fault" },
	{ .name = "batch-8", .pages = 1024, .budget = 64, .refault = true, .batch = "8",
	  .what = "as evict-64, 8 pages at a time" },
	{ .name = "batch-32", .pages = 1024, .budget = 64, .refault = true, .batch = "32",
	  .what = "as evict-64, 32 pages at a time" },
	{ .name = "evict-4096", .pages = 8192, .budget = 4096, .refault = true,
	  .what = "budget 4096, one eviction a fault" },
	{ .name = "clock-64", .pages = 1024, .budget = 64, .refault = true,
	  .policy = "clock", .what = "as evict-64, by the policy clock" },
	{ .name = "clock-4096", .pages = 8192, .budget = 4096, .refault = true,
	  .policy = "clock", .what = "as evict-4096, by the policy clock" },
	/* Two laps: the host's pages are warm after the first few of the guest's. */
	{ .name = "evict-262144", .pages = 266240, .backed = 4096, .budget = 262144,
	  .refault = true, .laps = 2,
	  .what = "budget 262144, one eviction a fault" },
	{ .name = "clock-1", .pages = 256, .budget = 1, .spin = true, .policy = "clock",
	  .what = "as evict-1, by the policy clock" },
	/* Two rounds of the hand, after one: each page comes, is used once, and goes. */
	{ .name = "clock-262144", .pages = 524288, .backed = 4096, .budget = 262144,
	  .refault = true, .laps = 2, .policy = "clock",
	  .what = "as evict-262144, by the policy clock" },
	{ .name = "clock-busy", .pages = 16640, .budget = 16384, .refault = true,
	  .policy = "clock",
	  .what = "clock, in a guest that uses all pages between evictions: the most looks" },
	{ .name = "uffd-64", .pages = 1024, .budget = 64, .refault = true,
	  .pager = true,
	  .what = "no module: userfaultfd pager that keeps 64 pages" },
	{ .name = "protected", .pages = 4096, .refault = true, .between = protect,
	  .unit = ACCESSES, .writes = true,
	  .what = "no budget; writes to pages that dirty logging has write-protected" },
	{ .name = "protected-room", .pages = 4096, .budget = NPTB_UNLIMITED, .refault = true,
	  .between = protect, .unit = ACCESSES, .writes = true,
	  .what = "the same under a budget with room left" },
	{ .name = "mmio", .pages = 1024, .refault = true, .unit = ACCESSES, .no_memory = true,
	  .what = "no budget; reads that exit to user space (KVM_EXIT_MMIO)" },
	{ .name = "mmio-room", .pages = 1024, .budget = NPTB_UNLIMITED, .refault = true,
	  .unit = ACCESSES, .no_memory = true,
	  .what = "the same under a budget with room left" },
	{ .name = "emulate-kvm", .pages = 1024, .refault = true, .unit = ACCESSES,
	  .writes = true, .no_memory = true, .in_kernel = true,
	  .what = "no budget; writes to an ioeventfd, which KVM emulates by itself" },
	{ .name = "emulate", .pages = 1024, .budget = 1, .refault = true,
	  .unit = INSTRUCTIONS, .emulate = true,
	  .what = "budget 1, on_loop=emulate: an instruction, in bursts" },
};

#define LAPS_MAX	4

static struct {
	uint64_t begun[LAPS_MAX + 1], ended[LAPS_MAX + 1];
	int64_t faults[LAPS_MAX + 1];
	unsigned int laps;
} seen;

static const struct bench *bench;

static unsigned int laps_of(const struct bench *b)
{
	if (!b->refault)
		return 1;
	return b->laps ? b->laps : LAPS_MAX;
}

/* All leaves go with the slot; the memory behind it stays where it is. */
static void slot_anew(struct vmm *vm)
{
	if (vmm_slot(vm, 0, 0, NULL, 0, 0) ||
	    vmm_slot(vm, 0, 0, vm->mem, vm->size, 0))
		die("the memory slot cannot be made anew");
}

/* All that was written since it was last asked is write-protected again. */
static void protect(struct vmm *vm)
{
	struct kvm_dirty_log log = { .slot = 0 };

	log.dirty_bitmap = calloc(1, vm->size / PAGE_SIZE / 8 + 8);
	if (!log.dirty_bitmap || ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log))
		die("no dirty log");
	free(log.dirty_bitmap);
}

/* How many of what the case counts there have been. */
static int64_t units(const struct vmm_vcpu *vcpu)
{
	switch (bench->unit) {
	case ACCESSES:
		return (int64_t)bench->pages * (seen.laps + 1);
	case INSTRUCTIONS:
		return nptb_stat(vcpu->vm->name, "instructions");
	default:
		return vmm_vcpu_stat(vcpu, "pf_fixed");
	}
}

/* The end of a lap: what is done here falls between two laps. */
static void mark(struct vmm_vcpu *vcpu)
{
	if (seen.laps > LAPS_MAX)
		return;
	seen.ended[seen.laps] = counter_now();
	seen.faults[seen.laps] = units(vcpu);
	seen.laps++;
	if (bench->between)
		bench->between(vcpu->vm);
	if (seen.laps <= LAPS_MAX)
		seen.begun[seen.laps] = counter_now();
}

struct pager {
	struct vmm *vm;
	int fd;
	uint64_t keep;
};

/* As simple as such a pager can be: FIFO, pages are clean, no thread but this. */
static void *pager_main(void *arg)
{
	struct pager *p = arg;
	uint64_t *ring = calloc(p->keep, sizeof(*ring));
	static char page[PAGE_SIZE];
	uint64_t head = 0, used = 0;
	int64_t gpa;

	if (!ring)
		die("out of memory");
	/* Blocking: a poll() before each read would be a call more. */
	uffd_block(p->fd);
	for (;;) {
		gpa = uffd_wait(p->fd, p->vm, -1);
		if (gpa < 0)
			continue;
		if (used == p->keep) {
			madvise(p->vm->mem + ring[head], PAGE_SIZE, MADV_DONTNEED);
			used--;
		}
		ring[head] = gpa;
		head = (head + 1) % p->keep;
		used++;
		uffd_answer(p->fd, p->vm, gpa, page);
	}
}

static bool go_on(struct vmm_vcpu *vcpu)
{
	(void)vcpu;
	return true;
}

static void add_device(struct vmm *vm)
{
	struct kvm_ioeventfd event = {
		.addr = NO_MEMORY, .len = 4, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};

	if (event.fd < 0 || ioctl(vm->fd, KVM_IOEVENTFD, &event))
		die("no ioeventfd");
}

/* The guest's pages from @b->backed on are those before, once more. */
static void add_aliases(struct vmm *vm, const struct bench *b)
{
	uint64_t size = b->backed * PAGE_SIZE;
	uint32_t slot;

	if (b->pages % b->backed)
		die("pages that are no multiple of those behind them");
	for (slot = 1; slot < b->pages / b->backed; slot++)
		if (vmm_slot(vm, slot, DATA + slot * size, vm->mem + DATA, size, 0))
			die("no memory slot %u", slot);
}

static void setup(struct vmm *vm, const struct bench *b)
{
	uint64_t backed = b->backed ? b->backed : b->pages;
	struct vmm_args args = {
		.data = b->no_memory ? NO_MEMORY : DATA, .pages = b->pages,
		.laps = laps_of(b),
		.stride = b->in_kernel ? STAY : 0,
	};
	struct vmm_vcpu *vcpu;

	if (!vmm_create(vm, DATA + backed * PAGE_SIZE, VMM_MEM_4K))
		die("no memory for the VM");
	if (b->backed)
		add_aliases(vm, b);
	vcpu = vmm_add(vm, b->writes ? GUEST_PUT : GUEST_TOUCH, VMM_PROT, &args);
	vcpu->on_out = mark;
	vm->on_mmio = go_on;
	if (b->in_kernel)
		add_device(vm);
	if (b->between == protect &&
	    vmm_slot(vm, 0, 0, vm->mem, vm->size, KVM_MEM_LOG_DIRTY_PAGES))
		die("no dirty logging");
	if (!b->pager)
		memset(vm->mem + DATA, 1, backed * PAGE_SIZE);
}

/* Another VM that has run under a budget and keeps it. */
static void setup_other(struct vmm *vm)
{
	static const struct bench b = { .pages = 256 };

	setup(vm, &b);
	vm->vcpu[0].on_out = NULL;
	bench_budget(vm, 64);
	vmm_start(vm);
	if (!vmm_wait(vm, 10000))
		die("the other VM did not end");
	vmm_stop(vm);
}

static void run_spin(struct vmm *vm, const struct bench *b)
{
	int64_t faults;
	uint64_t start;

	vmm_start(vm);
	sleep_ms(100);
	start = counter_now();
	faults = nptb_stat(vm->name, "faults");
	sleep_ms(400);
	faults = nptb_stat(vm->name, "faults") - faults;
	bench_print(b->name, faults, counter_now() - start);
	vmm_stop(vm);
}

static void run(const struct bench *b)
{
	struct pager pager = { .keep = b->budget };
	struct vmm vm, other;
	pthread_t thread;
	unsigned int lap = 0;

	bench = b;
	if (b->other)
		setup_other(&other);
	setup(&vm, b);
	if (b->pager) {
		pager.vm = &vm;
		pager.fd = uffd_open(&vm, DATA, b->pages * PAGE_SIZE);
		if (pthread_create(&thread, NULL, pager_main, &pager))
			die("pthread_create");
	} else if (b->budget) {
		bench_budget(&vm, b->budget);
		if (b->policy && nptb_set(vm.name, "policy", b->policy))
			die("no policy %s", b->policy);
		if (b->batch && nptb_set(vm.name, "batch", b->batch))
			die("no batch");
		if (b->emulate && nptb_set(vm.name, "on_loop", "emulate"))
			die("no emulation");
	}
	if (b->spin) {
		run_spin(&vm, b);
		vmm_destroy(&vm);
		return;
	}
	seen.begun[0] = counter_now();
	vmm_start(&vm);
	bench_join(&vm);
	lap = laps_of(b) - 1;
	bench_print(b->name, seen.faults[lap] - (lap ? seen.faults[lap - 1] : 0),
		    seen.ended[lap] - seen.begun[lap]);
	if (b->pager) {
		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
	vmm_destroy(&vm);
	if (b->other)
		vmm_destroy(&other);
}

int main(int argc, char **argv)
{
	const char *why;
	size_t i;

	if (argc == 4 && !strcmp(argv[1], "--counter")) {
		why = counter_open(argv[2]);
		if (why) {
			fprintf(stderr, "faultbench: %s\n", why);
			return 4;
		}
		argv += 2;
		argc -= 2;
	}
	if (argc == 2)
		for (i = 0; i < ARRAY_SIZE(benches); i++)
			if (!strcmp(argv[1], benches[i].name)) {
				run(&benches[i]);
				return 0;
			}
	fprintf(stderr, "usage: faultbench [--counter NAME] CASE\ncounters: " COUNTER_NAMES "\ncases:\n");
	for (i = 0; i < ARRAY_SIZE(benches); i++)
		fprintf(stderr, "  %-14s %s\n", benches[i].name, benches[i].what);
	return 2;
}
