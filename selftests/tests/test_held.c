// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU for which a leaf was reserved and that waits inside KVM for the host's
 * memory (userfaultfd) does not keep the others waiting: what was reserved for it is
 * revoked, and it comes again for it when the memory is there. Budgets at which
 * one vCPU alone just runs, so that nothing runs beside a reservation that is held.
 */
#include <inttypes.h>
#include <time.h>

#include "../lib/cells.h"
#include "../lib/uffd.h"

#define SIZE	(8UL << 20)
#define DATA	SZ_2M
#define PAGES	8
#define VCPUS_MAX	4
#define LAPS	3U
#define MS	60000

static uint64_t data_of(int vcpu)
{
	return DATA + (uint64_t)vcpu * PAGES * PAGE_SIZE;
}

/* Every vCPU from @first on completes so many laps more. */
static bool all_go_on(struct vmm *vm, int first)
{
	uint32_t mark[VCPUS_MAX];
	uint64_t end = deadline(MS);
	int v;

	for (v = first; v < vm->vcpus; v++)
		mark[v] = vmm_get32(vm, data_of(v));
	for (v = first; v < vm->vcpus; v++)
		while (vmm_get32(vm, data_of(v)) - mark[v] < LAPS) {
			if (now_ms() > end) {
				note("vCPU %d made %u laps", v,
				     vmm_get32(vm, data_of(v)) - mark[v]);
				return false;
			}
			sleep_ms(1);
		}
	return true;
}

static void held(enum vmm_mode mode, int vcpus, uint64_t budget)
{
	static const char page[PAGE_SIZE];
	struct vmm_args args = { .pages = PAGES };
	struct sampler sampler;
	struct vmm vm;
	int64_t gpa, revoked;
	int uffd, v;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	for (v = 0; v < vcpus; v++) {
		args.data = data_of(v);
		vmm_add(&vm, GUEST_WORK, mode, &args);
	}
	uffd = uffd_open(&vm, DATA, PAGE_SIZE);
	ok = !nptb_budget(vm.name, budget);
	sampler_begin(&sampler, &vm, budget);
	vmm_start(&vm);
	gpa = uffd_wait(uffd, &vm, MS);
	ok &= gpa == (int64_t)DATA;
	if (!ok)
		note("no vCPU stops in a fault");
	/* The others go on while the first one waits, ... */
	ok = ok && all_go_on(&vm, 1);
	revoked = nptb_stat(vm.name, "revoked");
	if (ok && revoked <= 0) {
		note("they went on, but nothing was revoked");
		ok = false;
	}
	/* ... and all of them when it need not wait any more. */
	if (gpa >= 0)
		uffd_answer(uffd, &vm, gpa, page);
	ok = ok && all_go_on(&vm, 0);
	vmm_stop(&vm);
	ok &= sampler_end(&sampler, ok);
	for (v = 0; v < vcpus; v++)
		ok &= vmm_end(&vm.vcpu[v]) == VMM_STOPPED;
	close(uffd);
	vmm_destroy(&vm);
	ksft_test_result(ok, "budget %" PRIu64 ", %s, %d vCPUs, one of them waits\n",
			 budget, vmm_mode_names[mode], vcpus);
}

/*
 * Reservations are not revoked where frames are exempt. So the others wait for the one
 * that waits: asleep, and looking whether there is room now no more often than
 * ticks go by.
 */
static void asleep(void)
{
	static const char page[PAGE_SIZE];
	struct vmm_args args = { .pages = PAGES };
	struct timespec tick;
	int64_t gpa, deferred;
	uint64_t start, ticks;
	struct vmm vm;
	int uffd, v;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	for (v = 0; v < VCPUS_MAX; v++) {
		args.data = data_of(v);
		vmm_add(&vm, GUEST_WORK, VMM_PROT, &args);
	}
	uffd = uffd_open(&vm, DATA, PAGE_SIZE);
	ok = !nptb_budget(vm.name, 2) && !nptb_set(vm.name, "exempt", "0x300");
	vmm_start(&vm);
	gpa = uffd_wait(uffd, &vm, MS);
	ok &= gpa == (int64_t)DATA;
	/* Until all of them wait. */
	sleep_ms(100);
	deferred = nptb_stat(vm.name, "deferred");
	start = now_ns();
	sleep_ms(1000);
	deferred = nptb_stat(vm.name, "deferred") - deferred;
	/* This clock goes on by a tick. */
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	ticks = (now_ns() - start) / tick.tv_nsec;
	note("%" PRId64 " faults of %d vCPUs deferred in %" PRIu64 " ticks", deferred,
	     VCPUS_MAX - 1, ticks);
	ok &= deferred <= (int64_t)ticks * (VCPUS_MAX - 1);
	if (gpa >= 0)
		uffd_answer(uffd, &vm, gpa, page);
	ok = ok && all_go_on(&vm, 0);
	vmm_stop(&vm);
	close(uffd);
	vmm_destroy(&vm);
	ksft_test_result(ok, "those that wait for it sleep\n");
}

int main(void)
{
	ksft_print_header();
	need_module();
	need_uffd();
	ksft_set_plan(3);
	held(VMM_PROT, 4, 2);
	held(VMM_LONG, 4, kvm_shadow_paging() ? 2 : 7);
	if (kvm_shadow_paging())
		ksft_test_result_skip("frames can be exempt under the TDP MMU alone\n");
	else
		asleep();
	ksft_finished();
}
