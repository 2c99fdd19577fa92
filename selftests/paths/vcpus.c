// SPDX-License-Identifier: GPL-2.0-only
/* vCPUs that race, that come late, and VMs that cannot have a budget. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/module.h"
#include "../lib/nptb.h"
#include "../lib/util.h"
#include "paths.h"

#define LAPS	3

/* include/uapi/asm/kvm.h of Linux 6.8 and later. */
#ifndef KVM_CAP_VM_TYPES
#define KVM_CAP_VM_TYPES	235
#endif
#ifndef KVM_X86_SW_PROTECTED_VM
#define KVM_X86_SW_PROTECTED_VM	1
#endif

/* Pages that others stole are no fault loop: every vCPU gets on, by count. */
static bool race(struct run *r, int round)
{
	int64_t loops;

	(void)round;
	if (!r->progress)
		return true;
	if (!lanes_wait(r, LAPS))
		return false;
	loops = nptb_stat(r->vm.name, "loops");
	if (loops)
		note("%" PRId64 " loops, though every vCPU gets on", loops);
	return !loops;
}

static bool add_vcpus(struct run *r, int round)
{
	if (round)
		return true;
	while (r->vm.vcpus < r->cell->vcpus)
		lane_start(r, r->vm.vcpus);
	vmm_start(&r->vm);
	return true;
}

static const char *missing_protected(const struct path *path)
{
	(void)path;
	return vmm_capability(KVM_CAP_VM_TYPES) & (1 << KVM_X86_SW_PROTECTED_VM) ?
		NULL : "this kernel has no KVM_SW_PROTECTED_VM";
}

/* Its memory may become private: no budget, a line in the log, no change. */
static bool refuse_protected(struct run *r, int round)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), log = klog_open(), vm, ret;
	char name[32], budget[32];
	bool ok;

	(void)r;
	(void)round;
	vm = ioctl(kvm, KVM_CREATE_VM, (long)KVM_X86_SW_PROTECTED_VM);
	if (kvm < 0 || vm < 0)
		die("KVM_SW_PROTECTED_VM: %s", strerror(errno));
	snprintf(name, sizeof(name), "%d-%d", gettid(), vm);
	ret = nptb_budget(name, 5);
	ok = ret == -EOPNOTSUPP;
	if (!ok)
		note("a budget for private memory: %s", strerror(-ret));
	if (!klog_wait(log, name, "private", PATH_MS)) {
		note("no line in the kernel log");
		ok = false;
	}
	if (nptb_get(name, "budget", budget, sizeof(budget)) < 0 ||
	    strcmp(budget, "off")) {
		note("its budget reads %s", budget);
		ok = false;
	}
	close(log);
	close(vm);
	close(kvm);
	return ok;
}

const struct path paths_vcpus[] = {
	{ .name = "vCPUs that steal", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .flags = PATH_LEAST, .act = race },
	{ .name = "vCPUs that steal, long mode", .guest = GUEST_WORK,
	  .mode = VMM_LONG, .variants = ON_ALL, .flags = PATH_LEAST,
	  .act = race },
	{ .name = "vCPU created later", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .flags = PATH_ONE_FIRST, .act = add_vcpus },
	{ .name = "private memory", .variants = ON_TDP, .flags = PATH_OWN,
	  .missing = missing_protected, .act = refuse_protected },
	{ }
};
