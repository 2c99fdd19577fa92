// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves that come without a fault of the guest's at that moment: memory that
 * the VMM asks KVM to map, and page faults that complete later.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/uffd.h"
#include "../lib/util.h"
#include "../vmm/prefault.h"
#include "paths.h"
#include "swap.h"

/* Far more than it can take, where every call gets on by a page. */
#define CALLS_MAX	(4 * PATH_SIZE / PAGE_SIZE)

static const char *missing_prefault(const struct path *path)
{
	(void)path;
	return prefault_possible() ? NULL :
		"this kernel has no KVM_PRE_FAULT_MEMORY (Linux 6.12 has)";
}

/* A vCPU that never runs: those that do are busy. */
static bool open_idle(struct run *r)
{
	r->fd = ioctl(r->vm.fd, KVM_CREATE_VCPU, (long)VMM_VCPUS_MAX);
	if (r->fd < 0)
		die("KVM_CREATE_VCPU: %s", strerror(errno));
	return true;
}

/* All of memory: what has no room is refused, or takes the place of others. */
static bool prefault_all(struct run *r, int round)
{
	uint64_t gpa = 0, size = PATH_SIZE;
	unsigned long calls = 0;
	int ret = 0;

	(void)round;
	while (size && calls++ < CALLS_MAX) {
		ret = prefault(r->fd, &gpa, &size);
		if (ret && ret != EINTR && ret != EAGAIN)
			break;
	}
	if (ret && ret != EAGAIN && ret != ENOSPC)
		note("KVM_PRE_FAULT_MEMORY at 0x%" PRIx64 ": %s", gpa, strerror(ret));
	if (gpa)
		return true;
	note("KVM_PRE_FAULT_MEMORY mapped nothing: %s", strerror(ret));
	return false;
}

/* Who answers the guest's faults on a userfaultfd, from a copy. */
struct pager {
	struct run *r;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic unsigned int answers;
	int fd;
	uint8_t *copy;
};

static void *pager_main(void *arg)
{
	struct pager *p = arg;
	int64_t gpa;

	while (!atomic_load(&p->stop)) {
		gpa = uffd_wait(p->fd, &p->r->vm, 20);
		if (gpa < 0)
			continue;
		uffd_answer(p->fd, &p->r->vm, gpa, p->copy + gpa - LANES);
		atomic_fetch_add(&p->answers, 1);
	}
	return NULL;
}

static const char *missing_uffd(const struct path *path)
{
	(void)path;
	return uffd_unusable();
}

static bool page_by_uffd(struct run *r, int round)
{
	size_t len = r->pages * PAGE_SIZE;
	struct pager p = { .r = r };
	uint32_t i;
	bool ok;

	(void)round;
	/* With no vCPU running what is copied is what goes. */
	vmm_stop(&r->vm);
	p.copy = malloc(len);
	if (!p.copy)
		die("out of memory");
	memcpy(p.copy, lanes_page(r, 0), len);
	p.fd = uffd_open(&r->vm, LANES, len);
	if (pthread_create(&p.thread, NULL, pager_main, &p))
		die("pthread_create");
	vmm_start(&r->vm);
	ok = !r->progress || lanes_wait(r, 1);
	/* What nobody asked for yet would be lost with the descriptor. */
	for (i = 0; i < r->pages; i++)
		lanes_laps(r, i);
	atomic_store(&p.stop, true);
	pthread_join(p.thread, NULL);
	close(p.fd);
	free(p.copy);
	return ok && p.answers >= r->pages;
}

const struct path paths_async[] = {
	{ .name = "KVM_PRE_FAULT_MEMORY", .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON(TDP) | ON(LEGACY),
	  .missing = missing_prefault, .open = open_idle, .act = prefault_all },
	{ .name = "asynchronous page faults, swap", .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_ALL, .flags = PATH_IRQCHIP,
	  .event = "kvm_async_pf_completed", .missing = missing_swap,
	  .act = page_out },
	{ .name = "asynchronous page faults, userfaultfd",
	  .guest = GUEST_WORK, .mode = VMM_PROT, .variants = ON_ALL,
	  .flags = PATH_IRQCHIP, .event = "kvm_async_pf_completed",
	  .missing = missing_uffd, .act = page_by_uffd },
	{ .name = "userfaultfd", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .missing = missing_uffd, .act = page_by_uffd },
	{ }
};
