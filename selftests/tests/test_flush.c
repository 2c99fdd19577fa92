// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eviction must reach the TLB of every vCPU. One vCPU does nothing but
 * `inc [mem]`, without ever leaving the guest: with two resident pages it
 * counts, with one it cannot. Once a write of budget 1 has returned, its count
 * must stand still: each addition more was done through a translation that no
 * longer exists. QEMU drops all translations at each VMRUN, so there a missing
 * flush shows only until the next tick, and only where CPUs run at the same time
 * (the lab's --threads); KVM's counts of flushes show it anywhere. It counts those that
 * are asked for, and for which vCPUs in the guest were interrupted, of a VM, and those that
 * are done, of a vCPU.
 */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "../lib/cells.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define ROUNDS	25

/* @cpu -1: any. */
static void pin(pthread_t thread, int cpu)
{
	cpu_set_t set;
	int i;

	CPU_ZERO(&set);
	for (i = 0; i < CPU_SETSIZE; i++)
		if (cpu < 0 || i == cpu)
			CPU_SET(i, &set);
	if (pthread_setaffinity_np(thread, sizeof(set), &set))
		note("only one CPU: the spinning vCPU is not left alone");
}

static bool counts_on(struct vmm *vm)
{
	uint64_t end = deadline(5000);
	uint32_t before = vmm_get32(vm, DATA);

	while (vmm_get32(vm, DATA) == before) {
		if (now_ms() > end)
			return false;
		sleep_ms(1);
	}
	return true;
}

static bool spin_stands_still(enum vmm_mode mode, uint64_t room)
{
	struct vmm_args args = { .data = DATA };
	uint32_t at, after;
	int64_t flushes, kicks, loops;
	struct vmm vm;
	bool ok = true;
	int i;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_SPIN, mode, &args);
	ok &= !nptb_budget(vm.name, room);
	flushes = vmm_stat(&vm, "remote_tlb_flush_requests");
	kicks = vmm_stat(&vm, "remote_tlb_flush");
	vmm_start(&vm);
	/* It shall be in the guest, on another CPU, when the write comes. */
	pin(vm.vcpu[0].thread, 1);
	pin(pthread_self(), 0);
	for (i = 0; i < ROUNDS && ok; i++) {
		ok &= !nptb_budget(vm.name, room);
		if (!counts_on(&vm)) {
			note("round %d: no progress with budget %" PRIu64, i, room);
			ok = false;
		}
		ok &= !nptb_budget(vm.name, 1);
		at = vmm_get32(&vm, DATA);
		sleep_ms(20);
		after = vmm_get32(&vm, DATA);
		if (after != at) {
			note("round %d: %u additions with budget 1: a stale translation",
			     i, after - at);
			ok = false;
		}
	}
	loops = nptb_stat(vm.name, "loops");
	flushes = vmm_stat(&vm, "remote_tlb_flush_requests") - flushes;
	kicks = vmm_stat(&vm, "remote_tlb_flush") - kicks;
	pin(pthread_self(), -1);
	vmm_stop(&vm);
	/* It is outside only now and then, for a tick, or in its fault. */
	if (loops < 1 || flushes < ROUNDS || kicks < ROUNDS / 5) {
		note("%" PRId64 " loops, %" PRId64 " flushes by KVM's count, for %" PRId64
		     " of which it was interrupted", loops, flushes, kicks);
		ok = false;
	}
	vmm_destroy(&vm);
	return ok;
}

/* Flushes that vCPUs have done. */
static int64_t done(const struct vmm *vm)
{
	return vmm_vcpus_stat(vm, "tlb_flush");
}

/* Evictions for faults flush as well, each at least once. */
static bool faults_flush(void)
{
	struct vmm_args args = { .data = DATA, .pages = 32 };
	int64_t flushes, did, evictions;
	struct vmm vm;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_WORK, VMM_PROT, &args);
	args.data += 64 * PAGE_SIZE;
	vmm_add(&vm, GUEST_WORK, VMM_PROT, &args);
	ok = !nptb_budget(vm.name, 8);
	flushes = vmm_stat(&vm, "remote_tlb_flush_requests");
	did = done(&vm);
	vmm_start(&vm);
	nptb_wait_stat(vm.name, "evictions", 200, 15000);
	vmm_stop(&vm);
	flushes = vmm_stat(&vm, "remote_tlb_flush_requests") - flushes;
	did = done(&vm) - did;
	evictions = nptb_stat(vm.name, "evictions");
	/* The last may be done at an entry that does not come any more. */
	if (evictions < 100 || flushes < evictions || did < evictions - 2) {
		note("%" PRId64 " evictions, %" PRId64 " flushes asked for, %" PRId64
		     " done, by KVM's counts", evictions, flushes, did);
		ok = false;
	}
	vmm_destroy(&vm);
	return ok;
}

/* Runs one vCPU until it halts; all have halted before. */
static bool run_alone(struct vmm_vcpu *vcpu, const struct vmm_args *args)
{
	vmm_stop(vcpu->vm);
	vmm_reset(vcpu, GUEST_TOUCH, VMM_PROT, args);
	atomic_store(&vcpu->end, VMM_STOPPED);
	vmm_start(vcpu->vm);
	return vmm_wait(vcpu->vm, 15000);
}

/*
 * A vCPU that was outside of the guest during evictions flushes when it comes back, also
 * where it evicts nothing: once for each of its own, and once for those.
 */
static bool outside_is_told(void)
{
	struct vmm_args few = { .data = DATA, .pages = 2, .laps = 1 };
	struct vmm_args many = { .data = DATA, .pages = 64, .laps = 1 };
	int64_t others, own, did = 0;
	struct vmm vm;
	bool ok;
	int i;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	for (i = 0; i < 3; i++)
		vmm_add(&vm, GUEST_TOUCH, VMM_PROT, &few);
	ok = !nptb_budget(vm.name, 8);
	vmm_start(&vm);
	ok = vmm_wait(&vm, 15000) && ok;
	for (i = 0; ok && i < ROUNDS; i++) {
		others = nptb_stat(vm.name, "evictions");
		ok = run_alone(&vm.vcpu[0], &many);
		own = nptb_stat(vm.name, "evictions");
		others = own - others;
		did = vmm_vcpu_stat(&vm.vcpu[1], "tlb_flush");
		ok = run_alone(&vm.vcpu[1], &few) && ok;
		did = vmm_vcpu_stat(&vm.vcpu[1], "tlb_flush") - did;
		own = nptb_stat(vm.name, "evictions") - own;
		if (others < 50 || did <= own) {
			note("round %d: %" PRId64 " evictions while it was outside, %" PRId64
			     " of its own, %" PRId64 " flushes", i, others, own, did);
			ok = false;
		}
	}
	vmm_stop(&vm);
	vmm_destroy(&vm);
	return ok;
}

/* Until KVM has mapped @more pages. What "stats" says would be followed up. */
static bool maps(const struct vmm *vm, int64_t more)
{
	int64_t enough = vmm_stat(vm, "pf_fixed") + more;
	uint64_t end = deadline(20000);

	while (vmm_stat(vm, "pf_fixed") < enough) {
		if (now_ms() > end) {
			note("%" PRId64 " pages were not mapped in 20 s", more);
			return false;
		}
		sleep_ms(1);
	}
	return true;
}

/* The very pages come back: KVM has no reason of its own to flush for each. */
static bool take_away(struct vmm *vm, size_t len)
{
	return !mprotect(vm->mem + DATA, len, PROT_NONE) &&
	       !mprotect(vm->mem + DATA, len, PROT_READ | PROT_WRITE);
}

/* Meanwhile the memory could not be accessed: once more. */
static bool again(struct vmm_vcpu *vcpu)
{
	(void)vcpu;
	return true;
}

/*
 * The host takes pages away over and over, so that many a victim, of which the
 * accessed bit was looked at, has no leaf left, and nothing flushes for it: only
 * with flush_aged something does.
 */
static bool aged_flush(const char *flush)
{
	struct vmm_args args = { .data = DATA, .pages = 64 };
	int64_t flushes, evictions, stale = 0;
	struct vmm vm;
	bool ok, all;
	int i;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_WORK, VMM_PROT, &args);
	args.data += 64 * PAGE_SIZE;
	vmm_add(&vm, GUEST_WORK, VMM_PROT, &args);
	vm.on_fault = again;
	ok = !nptb_budget(vm.name, 64) && !nptb_set(vm.name, "policy", "clock") &&
	     !nptb_set(vm.name, "flush_aged", flush);
	flushes = vmm_stat(&vm, "remote_tlb_flush_requests");
	vmm_start(&vm);
	/*
	 * How many victims that makes is a matter of time: until there are enough.
	 * Not looked at each round: our set is compared with KVM's for that.
	 */
	for (i = 0; ok && i < 10 * ROUNDS && stale <= 10 * ROUNDS; i++) {
		ok = maps(&vm, 200) && take_away(&vm, 128 * PAGE_SIZE);
		if (i % ROUNDS == ROUNDS - 1)
			stale = nptb_stat(vm.name, "stale");
	}
	ok = ok && maps(&vm, 200);
	vmm_stop(&vm);
	flushes = vmm_stat(&vm, "remote_tlb_flush_requests") - flushes;
	evictions = nptb_stat(vm.name, "evictions");
	stale = nptb_stat(vm.name, "stale");
	note("%" PRId64 " evictions, %" PRId64 " victims without a leaf, %" PRId64
	     " flushes by KVM's count", evictions, stale, flushes);
	/* What the host does flushes a few times a round. */
	all = flushes - evictions - 5 * i > stale / 2;
	ok = ok && stale > 10 * ROUNDS && all == !strcmp(flush, "on");
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	ksft_print_header();
	need_module();
	ksft_set_plan(7);
	ksft_test_result(spin_stands_still(VMM_REAL, 2), "spinning vCPU, real\n");
	ksft_test_result(spin_stands_still(VMM_PROT, 2), "spinning vCPU, prot\n");
	ksft_test_result(spin_stands_still(VMM_LONG, 7), "spinning vCPU, long\n");
	ksft_test_result(faults_flush(), "each eviction flushes\n");
	ksft_test_result(outside_is_told(), "a vCPU that is outside flushes when it comes back\n");
	ksft_test_result(aged_flush("on"), "flush_aged: so does a victim without a leaf\n");
	ksft_test_result(aged_flush("off"), "without it, that does not\n");
	ksft_finished();
}
