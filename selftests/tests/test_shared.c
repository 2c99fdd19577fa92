// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs that run the same code over the same data fault on the same page at the
 * same time. It is mapped once: whoever comes second finds it there and goes on.
 * Were it evicted for him and mapped again, with all vCPUs flushed, the first one
 * would be the second next time, and so on for ever, though all that they need is
 * there; and where a vCPU is quicker to fault again than KVM is to map, none would
 * get on. nptb_delay.ko makes it so.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/cells.h"
#include "../lib/module.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define VCPUS	4
#define ROUNDS	20
#define MS	60000

/* All run the code of the first one. */
static void share_code(struct vmm *vm)
{
	struct kvm_regs regs;
	int v;

	for (v = 0; v < vm->vcpus; v++) {
		if (ioctl(vm->vcpu[v].fd, KVM_GET_REGS, &regs))
			die("KVM_GET_REGS: %s", strerror(errno));
		regs.rip = vmm_entry(0);
		if (ioctl(vm->vcpu[v].fd, KVM_SET_REGS, &regs))
			die("KVM_SET_REGS: %s", strerror(errno));
	}
}

/*
 * Two pages are needed, the code's and one of data, and the budget is 2. All vCPUs
 * begin anew in each round, at the same time and with nothing mapped.
 */
static void in_step(const char *what)
{
	struct vmm_args args = {
		.data = DATA, .pages = 1, .laps = 1000, .addend = 1,
	};
	struct sampler sampler;
	int64_t evictions;
	struct vmm vm;
	bool ok = true, done = true;
	int v, i;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	for (v = 0; v < VCPUS; v++)
		vmm_add(&vm, GUEST_ADD, VMM_PROT, &args);
	sampler_begin(&sampler, &vm, SAMPLER_OFF);
	for (i = 0; i < ROUNDS && done; i++) {
		for (v = 0; i && v < VCPUS; v++) {
			vmm_reset(&vm.vcpu[v], GUEST_ADD, VMM_PROT, &args);
			atomic_store(&vm.vcpu[v].end, VMM_RUNNING);
		}
		share_code(&vm);
		ok &= !nptb_budget(vm.name, 0) && !nptb_budget(vm.name, 2);
		vmm_start(&vm);
		done = vmm_wait(&vm, MS);
		vmm_stop(&vm);
	}
	ok &= sampler_end(&sampler, false) && done;
	evictions = nptb_stat(vm.name, "evictions");
	note("%s: %d rounds of %d vCPUs: %" PRId64 " evictions, %" PRId64
	     " faults on pages that were there", what, i, VCPUS, evictions,
	     nptb_stat(vm.name, "spurious"));
	/* The two pages were mapped, and neither had to go for the other. */
	ok &= evictions <= ROUNDS / 4;
	vmm_destroy(&vm);
	ksft_test_result(ok, "4 vCPUs in step, %s\n", what);
}

int main(void)
{
	ksft_print_header();
	need_module();
	if (kvm_shadow_paging())
		ksft_exit_skip("under shadow paging another page goes\n");
	ksft_set_plan(2);
	in_step("as it comes");
	if (test_module_load("nptb_delay", "func=kvm_mmu_page_fault us=300"))
		ksft_test_result_skip("no nptb_delay.ko: scripts/build-module.sh makes it\n");
	else
		in_step("faults late");
	module_unload("nptb_delay");
	ksft_finished();
}
