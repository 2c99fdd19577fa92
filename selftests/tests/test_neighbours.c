// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM whose pager is slow is no matter of other VMs: what a vCPU waits for has its
 * reservation revoked, and that neither patches the kernel's text nor keeps others from a
 * CPU, or from being created and put under budget. The latter is looked at under
 *   scripts/lab --icount --cpus 1 -- env NPTB_INSTRUCTIONS=1 \
 *       selftests/run.sh test_neighbours
 * alone, where 1 ns is one instruction.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/cells.h"
#include "../lib/stretch.h"
#include "../lib/uffd.h"

#define SIZE	(8UL << 20)
#define DATA	SZ_2M
#define PAGES	8
#define VCPUS	4
#define MS	60000
/* A millisecond, in instructions: what a neighbour may be kept waiting. */
#define STRETCH_MAX	1000000
/* The functions that the kernel's text calls ftrace for. */
#define TRACING	"/sys/kernel/tracing/"
#define ENABLED	TRACING "enabled_functions"

static uint64_t data_of(int vcpu)
{
	return DATA + (uint64_t)vcpu * PAGES * PAGE_SIZE;
}

/* All of a file of tracefs, which has no size; to be freed. */
static char *text_of(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

struct slow {
	struct vmm vm;
	int uffd;
};

static bool slow_begin(struct slow *slow)
{
	struct vmm_args args = { .pages = PAGES };
	int v;

	vmm_create(&slow->vm, SIZE, VMM_MEM_4K);
	for (v = 0; v < VCPUS; v++) {
		args.data = data_of(v);
		vmm_add(&slow->vm, GUEST_WORK, VMM_PROT, &args);
	}
	slow->uffd = uffd_open(&slow->vm, DATA, PAGE_SIZE);
	return !nptb_budget(slow->vm.name, 2);
}

/* Its vCPU waits for the pager, and its reservation has been revoked. */
static bool slow_go(struct slow *slow)
{
	vmm_start(&slow->vm);
	if (uffd_wait(slow->uffd, &slow->vm, MS) != (int64_t)DATA) {
		note("no vCPU stops in a fault");
		return false;
	}
	return nptb_wait_stat(slow->vm.name, "revoked", 1, MS);
}

static void slow_end(struct slow *slow)
{
	static const char page[PAGE_SIZE];

	uffd_answer(slow->uffd, &slow->vm, DATA, page);
	vmm_stop(&slow->vm);
	close(slow->uffd);
	vmm_destroy(&slow->vm);
}

static void text_stays(void)
{
	char *before, *after;
	struct slow slow;
	bool ok;

	ok = slow_begin(&slow);
	before = text_of(ENABLED);
	ok = ok && slow_go(&slow);
	after = text_of(ENABLED);
	ok = ok && before && after && strstr(before, "kvm_mmu_page_fault") &&
	     !strcmp(before, after);
	if (before && after && strcmp(before, after))
		note("hooked before:\n%safter:\n%s", before, after);
	slow_end(&slow);
	free(before);
	free(after);
	ksft_test_result(ok, "no text is patched for a slow pager\n");
}

/* A VM comes, and goes on, with a budget and without. */
static bool neighbour(uint64_t budget)
{
	struct vmm_args args = { .data = DATA, .pages = PAGES, .laps = 1 };
	struct vmm vm;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &args);
	ok = !budget || !nptb_budget(vm.name, budget);
	vmm_start(&vm);
	ok &= vmm_wait(&vm, MS);
	vmm_stop(&vm);
	vmm_destroy(&vm);
	return ok;
}

static void nobody_waits(void)
{
	uint64_t alone, beside;
	struct slow slow;
	bool ok;

	ok = slow_begin(&slow);
	stretch_begin();
	ok &= neighbour(0) && neighbour(4);
	alone = stretch_end();
	stretch_begin();
	ok = ok && slow_go(&slow);
	ok &= neighbour(0) && neighbour(4);
	beside = stretch_end();
	slow_end(&slow);
	note("at most %" PRIu64 " instructions in a row without preemption, %" PRIu64
	     " beside a slow pager", alone, beside);
	ksft_test_result(ok && beside > 0 && beside <= STRETCH_MAX,
			 "nobody waits for a millisecond\n");
}

/* What the kernel itself needs to hook one function that nobody calls just now. */
static uint64_t ftrace_alone(void)
{
	stretch_begin();
	file_set(TRACING "set_ftrace_filter", "kvm_arch_vm_ioctl\n");
	file_set(TRACING "current_tracer", "function");
	file_set(TRACING "current_tracer", "nop");
	file_set(TRACING "set_ftrace_filter", "\n");
	return stretch_end();
}

/*
 * The first budget of all has functions hooked, and the last one's end lets go of them.
 * The kernel's ftrace then goes through all functions that there are, on a kernel without
 * preemption without a chance to be scheduled; twice in a row for those that are called
 * directly. No more than that may come of it.
 */
static void first_and_last(void)
{
	uint64_t alone = ftrace_alone(), worst;
	bool ok;

	stretch_begin();
	ok = neighbour(4);
	worst = stretch_end();
	note("at most %" PRIu64 " instructions in a row without preemption, %" PRIu64
	     " by ftrace alone", worst, alone);
	ksft_test_result(ok && worst > 0 && worst <= 2 * alone + STRETCH_MAX,
			 "a first budget, or a last one's end, takes what ftrace takes\n");
}

int main(void)
{
	bool counts;

	ksft_print_header();
	need_module();
	need_uffd();
	counts = getenv("NPTB_INSTRUCTIONS") && sysconf(_SC_NPROCESSORS_ONLN) == 1;
	ksft_set_plan(counts ? 3 : 1);
	text_stays();
	if (counts) {
		stretch_open();
		nobody_waits();
		first_and_last();
		stretch_close();
	}
	ksft_finished();
}
