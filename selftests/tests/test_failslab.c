// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation fails once, one after the other: on the way of a vCPU's faults, of a
 * write to each knob, of a VM's creation under a default budget. Whatever fails says so
 * with ENOMEM (or EFAULT, where it was KVM's copy from user space), nothing is over the
 * budget, and the same succeeds when there is memory. Needs a kernel with fault
 * injection (CONFIG_FAILSLAB), as the lab's debug kernel is; there it takes some minutes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/cells.h"
#include "../lib/module.h"

#define NTH	"/proc/thread-self/fail-nth"
#define DEFAULT	NPTB_DIR "/defaults/budget"
#define SIZE	SZ_2M
#define DATA	(1UL << 20)
/* More than any way here has allocations. */
#define MOST	2000
/* Of a VM, the first that fails: the vmalloc() of KVM's own struct, before it, warns. */
#define FIRST	10

static const char *const injectors[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

/* What sleeps may fail as well, pages too, and the log is for what is wrong. */
static void set_injectors(void)
{
	char path[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(injectors); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/verbose", injectors[i]);
		file_set(path, "0");
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/ignore-gfp-wait", injectors[i]);
		if (path_exists(path))
			file_set(path, "N");
	}
	file_set("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

/* This thread's. Open all the while: to open it takes memory, too. */
static int nth_fd;

static void fail_nth(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(nth_fd, text, len, 0) != len)
		die(NTH);
}

/* Whether one failed since fail_nth(); none will from now on. */
static bool did_fail(void)
{
	char text[16];

	/* Where reading this fails, that was the one: nothing did before. */
	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		return false;
	if (text[0] == '0')
		return true;
	/* One that this write may fail of. */
	if (pwrite(nth_fd, "0", 1, 0) != 1)
		fail_nth(0);
	return false;
}

static bool is_want(int err)
{
	return err == ENOMEM || err == EFAULT;
}

/*
 * Runs a vCPU in this thread until HLT, while its @nth allocation fails. Returns the
 * number of KVM_RUN that failed, or -1 for anything else; @failed: whether one did.
 */
static int run_failing(struct vmm_vcpu *vcpu, int nth, bool *failed)
{
	int errors = 0;

	fail_nth(nth);
	for (;;) {
		if (!ioctl(vcpu->fd, KVM_RUN, 0UL))
			break;
		if (errno == EINTR || errno == EAGAIN)
			continue;
		if (!is_want(errno) || ++errors > 1) {
			note("allocation %d: KVM_RUN: %s", nth, strerror(errno));
			errors = -1;
			break;
		}
	}
	*failed = did_fail();
	if (errors >= 0 && vcpu->run->exit_reason != KVM_EXIT_HLT) {
		note("allocation %d: exit reason %u", nth, vcpu->run->exit_reason);
		return -1;
	}
	return errors;
}

/* A fresh VM for each allocation, until there are no more. */
static bool faults(uint64_t budget)
{
	struct vmm_args args = { .data = DATA, .pages = 16, .laps = 3, .addend = 1 };
	int nth, errors = 0;
	bool ok = true, failed = true;

	for (nth = 1; ok && failed && nth < MOST; nth++) {
		struct sampler sampler;
		struct vmm vm;
		uint64_t page;
		int ret;

		vmm_create(&vm, SIZE, VMM_MEM_4K);
		vmm_fill(&vm, DATA, SIZE - DATA);
		ok = !nptb_budget(vm.name, budget);
		vmm_add(&vm, GUEST_ADD, VMM_PROT, &args);
		sampler_begin(&sampler, &vm, budget);
		ret = run_failing(&vm.vcpu[0], nth, &failed);
		ok &= sampler_end(&sampler, false) && ret >= 0;
		errors += ret > 0;
		for (page = 0; page < args.pages; page++)
			*vmm_want32(&vm, DATA + page * PAGE_SIZE) += args.laps * args.addend;
		if (!vmm_check(&vm) || nptb_stat(vm.name, "passed")) {
			note("allocation %d: memory is wrong, or %lld faults passed", nth,
			     (long long)nptb_stat(vm.name, "passed"));
			ok = false;
		}
		vmm_destroy(&vm);
	}
	note("%d allocations, %d times KVM_RUN failed", nth - 2, errors);
	return ok && !failed && errors;
}

struct knob {
	const char *name, *before, *value;
};

static const struct knob knobs[] = {
	{ "budget", "off", "2" }, { "budget", "2", "100000" }, { "budget", "5", "2" },
	{ "budget", "5", "off" }, { "policy", "fifo", "wsclock" },
	{ "on_loop", "log", "emulate" },
};

/* As it was before, or as it was to be; not the one after the other was reported. */
static bool reads(const struct vmm *vm, const struct knob *knob, const char *value)
{
	char now[64];

	if (nptb_get(vm->name, knob->name, now, sizeof(now)) < 0)
		return false;
	now[strcspn(now, "\n")] = '\0';
	if (strcmp(now, value))
		note("%s is '%s', not '%s'", knob->name, now, value);
	return !strcmp(now, value);
}

/* Of a VM that runs meanwhile. */
static bool writes(const struct knob *knob)
{
	struct vmm_args args = { .data = DATA, .pages = 16 };
	int nth, errors = 0;
	bool ok = true, failed = true;

	for (nth = 1; ok && failed && nth < MOST; nth++) {
		struct vmm vm;
		int ret;

		vmm_create(&vm, SIZE, VMM_MEM_4K);
		vmm_add(&vm, GUEST_WORK, VMM_PROT, &args);
		if (strcmp(knob->name, "budget"))
			ok &= !nptb_budget(vm.name, 3);
		ok &= !nptb_set(vm.name, knob->name, knob->before);
		vmm_start(&vm);
		fail_nth(nth);
		ret = nptb_set(vm.name, knob->name, knob->value);
		failed = did_fail();
		if (ret && !is_want(-ret)) {
			note("allocation %d: %s", nth, strerror(-ret));
			ok = false;
		}
		errors += !!ret;
		ok &= reads(&vm, knob, ret ? knob->before : knob->value);
		if (ret)
			ok &= !nptb_set(vm.name, knob->name, knob->value);
		vmm_stop(&vm);
		ok &= vmm_end(&vm.vcpu[0]) == VMM_STOPPED;
		vmm_destroy(&vm);
	}
	note("%s from %s to %s: %d allocations, %d writes failed", knob->name, knob->before,
	     knob->value, nth - 2, errors);
	return ok && !failed;
}

/* The budget that a new VM has; 0 for none, with a word in the log. */
static bool is_held(int vm_fd, int log)
{
	char name[32], now[32] = "";

	snprintf(name, sizeof(name), "%d-%d", getpid(), vm_fd);
	nptb_get(name, "budget", now, sizeof(now));
	if (!strcmp(now, "2"))
		return true;
	if (klog_wait(log, "runs without", "", 1000))
		return true;
	note("VM %s has the budget '%s', and the log is silent", name, now);
	return false;
}

static bool creation(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), nth, errors = 0;
	bool ok = true, failed = true;

	if (kvm < 0)
		die("/dev/kvm");
	file_set(DEFAULT, "2");
	for (nth = FIRST; ok && failed && nth < MOST; nth++) {
		int log = klog_open(), vm, vcpu = -1, err;

		fail_nth(nth);
		vm = ioctl(kvm, KVM_CREATE_VM, 0UL);
		err = errno;
		failed = did_fail();
		/* With memory again: KVM's vmalloc() for a vCPU warns as well. */
		if (vm >= 0)
			vcpu = ioctl(vm, KVM_CREATE_VCPU, 0UL);
		if (vm >= 0 ? vcpu < 0 : !is_want(err)) {
			note("allocation %d: %s", nth, strerror(vm < 0 ? err : errno));
			ok = false;
		}
		errors += vm < 0;
		if (vcpu >= 0)
			ok &= is_held(vm, log);
		close(vcpu);
		close(vm);
		close(log);
	}
	file_set(DEFAULT, "off");
	close(kvm);
	note("%d allocations, %d times there was no VM", nth - FIRST - 1, errors);
	return ok && !failed && errors;
}

int main(void)
{
	size_t i;

	ksft_print_header();
	need_module();
	skip_if(host_is_shared());
	if (!path_exists(NTH) || !path_exists("/sys/kernel/debug/failslab"))
		ksft_exit_skip("a kernel without CONFIG_FAILSLAB\n");
	nth_fd = open(NTH, O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		die(NTH);
	ksft_set_plan(2 + ARRAY_SIZE(knobs));
	set_injectors();
	ksft_test_result(faults(2), "each allocation of faults\n");
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		ksft_test_result(writes(&knobs[i]), "each allocation of a write: %s %s\n",
				 knobs[i].name, knobs[i].value);
	ksft_test_result(creation(), "each allocation of a VM under a default budget\n");
	ksft_finished();
}
