// SPDX-License-Identifier: GPL-2.0-only
/*
 * No memory for the module's books of a vCPU: one that is created under a budget is not
 * created, and a guest that runs is refused its budget. No fault asks for books.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/cells.h"
#include "../lib/module.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define TIMES	"/sys/module/nptb_nomem/parameters/times"

static void fail_next(const char *times)
{
	file_set(TIMES, times);
}

static bool is(const char *what, int64_t got, int64_t want)
{
	if (got != want)
		note("%s: %lld, not %lld", what, (long long)got, (long long)want);
	return got == want;
}

/* A vCPU that is created under a budget of 2; its first fault finds its books. */
static bool vcpu_fails(void)
{
	/* So many laps that the sampler has a look at some. */
	struct vmm_args args = { .data = DATA, .pages = 4, .laps = 500, .addend = 1 };
	struct sampler sampler;
	struct vmm vm;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	ok = is("budget", nptb_budget(vm.name, 2), 0);
	fail_next("1");
	ok &= is("a vCPU without memory", ioctl(vm.fd, KVM_CREATE_VCPU, 0UL), -1);
	ok &= is("errno", errno, ENOMEM);
	sampler_begin(&sampler, &vm, 2);
	vmm_add(&vm, GUEST_ADD, VMM_PROT, &args);
	fail_next("1");
	vmm_start(&vm);
	ok &= vmm_wait(&vm, 20000);
	vmm_stop(&vm);
	ok &= is("end", vmm_end(&vm.vcpu[0]), VMM_HALTED);
	ok &= is("passed", nptb_stat(vm.name, "passed"), 0);
	ok &= is("error", nptb_stat(vm.name, "error"), 0);
	ok &= sampler_end(&sampler, true);
	ok &= is("calls that were to fail yet", file_number(TIMES), 1);
	fail_next("0");
	vmm_destroy(&vm);
	return ok;
}

/* The guest runs before it gets a budget: the write fails, and it runs on. */
static bool budget_fails(void)
{
	struct vmm_args args = { .data = DATA, .pages = 4 };
	struct vmm vm;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_WORK, VMM_PROT, &args);
	vmm_start(&vm);
	fail_next("1");
	ok = is("budget without memory", nptb_budget(vm.name, 2), -ENOMEM);
	ok &= is("budget with memory", nptb_budget(vm.name, 2), 0);
	ok &= nptb_wait_stat(vm.name, "faults", 100, 20000);
	vmm_stop(&vm);
	ok &= is("end", vmm_end(&vm.vcpu[0]), VMM_STOPPED);
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	ksft_print_header();
	need_module();
	if (test_module_load("nptb_nomem", "func=nptb_vm_new_vcpu"))
		ksft_exit_skip("no nptb_nomem.ko: scripts/build-module.sh makes it\n");
	ksft_set_plan(2);
	ksft_test_result(vcpu_fails(), "a vCPU is not created, and no fault needs memory\n");
	ksft_test_result(budget_fails(), "a running guest's budget does\n");
	module_unload("nptb_nomem");
	ksft_finished();
}
