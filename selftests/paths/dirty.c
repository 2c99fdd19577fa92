// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty logging: leaves are write-protected and, on Linux 7.3, joined to huge
 * ones when it ends, with no fault of the guest's.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../lib/util.h"
#include "paths.h"

/* For a lap over all pages of a lane: it is reaped between laps. */
#define RING_ENTRIES	2048
#define RING_SIZE	(RING_ENTRIES * sizeof(struct kvm_dirty_gfn))

static int log_dirty(struct run *r, bool on)
{
	return vmm_slot(&r->vm, 0, 0, r->vm.mem, r->vm.size,
			on ? KVM_MEM_LOG_DIRTY_PAGES : 0);
}

/* On and off, with every vCPU getting on in between. */
static bool toggle(struct run *r, int round)
{
	(void)round;
	if (log_dirty(r, true) || (r->progress && !lanes_wait(r, 1)) ||
	    log_dirty(r, false) || (r->progress && !lanes_wait(r, 1))) {
		note("dirty logging: %s", strerror(errno));
		return false;
	}
	return true;
}

/*
 * A migration: a copy of the lanes, brought up to date from the dirty log. At
 * the end, with the guest paused, it must be what the guest has.
 */
struct migration {
	uint8_t *copy;
	uint64_t bitmap[PATH_SIZE / PAGE_SIZE / 64];
};

static bool open_log(struct run *r)
{
	struct kvm_enable_cap manual = {
		.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
		.args = { KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE |
			  KVM_DIRTY_LOG_INITIALLY_SET },
	};
	struct migration *m = calloc(1, sizeof(*m));

	if (!m)
		die("out of memory");
	m->copy = calloc(1, PATH_SIZE);
	r->priv = m;
	if (!m->copy || ioctl(r->vm.fd, KVM_ENABLE_CAP, &manual))
		die("manual dirty log: %s", strerror(errno));
	return true;
}

/* One pass: what is dirty is made clean first and copied then. */
static int pass(struct run *r)
{
	struct migration *m = r->priv;
	struct kvm_dirty_log log = { .dirty_bitmap = m->bitmap };
	struct kvm_clear_dirty_log clear = {
		.num_pages = PATH_SIZE / PAGE_SIZE,
		.dirty_bitmap = m->bitmap,
	};
	int page, pages = 0;

	if (ioctl(r->vm.fd, KVM_GET_DIRTY_LOG, &log) ||
	    ioctl(r->vm.fd, KVM_CLEAR_DIRTY_LOG, &clear))
		die("dirty log: %s", strerror(errno));
	for (page = 0; page < (int)(PATH_SIZE / PAGE_SIZE); page++) {
		if (!(m->bitmap[page / 64] & (1ULL << page % 64)))
			continue;
		memcpy(m->copy + page * PAGE_SIZE, r->vm.mem + page * PAGE_SIZE,
		       PAGE_SIZE);
		pages++;
	}
	return pages;
}

static bool migrate(struct run *r, int round)
{
	int i;

	if (!round && log_dirty(r, true)) {
		note("dirty logging: %s", strerror(errno));
		return false;
	}
	for (i = 0; i < 2; i++) {
		if (r->progress && !lanes_wait(r, 1))
			return false;
		if (!pass(r) && r->progress) {
			note("pass %d: nothing is dirty", i);
			return false;
		}
	}
	return true;
}

static bool compare_copy(struct run *r)
{
	struct migration *m = r->priv;
	uint64_t at;

	pass(r);
	for (at = 0; at < PATH_SIZE; at += PAGE_SIZE) {
		if (!memcmp(m->copy + at, r->vm.mem + at, PAGE_SIZE))
			continue;
		note("page 0x%lx changed and was not in the dirty log", at);
		return false;
	}
	return true;
}

static bool close_log(struct run *r)
{
	struct migration *m = r->priv;

	free(m->copy);
	free(m);
	return !log_dirty(r, false);
}

/* The dirty ring: a ring of frames for each vCPU instead of a bitmap. */
struct ring {
	struct kvm_dirty_gfn *gfn[VMM_VCPUS_MAX];
	uint32_t next[VMM_VCPUS_MAX];
	uint64_t collected;
};

static const char *missing_ring(const struct path *path)
{
	(void)path;
	return vmm_capability(KVM_CAP_DIRTY_LOG_RING) > 0 ? NULL :
		"this KVM has no dirty ring";
}

static bool ring_full(struct vmm_vcpu *vcpu)
{
	/* The main thread reaps; the vCPU tries again until it has. */
	(void)vcpu;
	sleep_ms(1);
	return true;
}

static bool open_ring(struct run *r)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_DIRTY_LOG_RING, .args = { RING_SIZE },
	};

	r->priv = calloc(1, sizeof(struct ring));
	if (!r->priv || ioctl(r->vm.fd, KVM_ENABLE_CAP, &cap))
		die("KVM_CAP_DIRTY_LOG_RING: %s", strerror(errno));
	r->vm.on_ring_full = ring_full;
	return true;
}

static void reap(struct run *r)
{
	struct ring *ring = r->priv;
	struct kvm_dirty_gfn *gfn;
	int v;

	for (v = 0; v < r->vm.vcpus; v++) {
		if (!ring->gfn[v])
			ring->gfn[v] = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE,
					    MAP_SHARED, r->vm.vcpu[v].fd,
					    KVM_DIRTY_LOG_PAGE_OFFSET * PAGE_SIZE);
		if (ring->gfn[v] == MAP_FAILED)
			die("mmap of the dirty ring: %s", strerror(errno));
		for (;;) {
			gfn = &ring->gfn[v][ring->next[v] % RING_ENTRIES];
			if (!(__atomic_load_n(&gfn->flags, __ATOMIC_ACQUIRE) &
			      KVM_DIRTY_GFN_F_DIRTY))
				break;
			__atomic_store_n(&gfn->flags, KVM_DIRTY_GFN_F_RESET,
					 __ATOMIC_RELEASE);
			ring->next[v]++;
			ring->collected++;
		}
	}
	if (ioctl(r->vm.fd, KVM_RESET_DIRTY_RINGS, 0UL) < 0)
		die("KVM_RESET_DIRTY_RINGS: %s", strerror(errno));
}

static bool use_ring(struct run *r, int round)
{
	struct ring *ring = r->priv;
	(void)round;
	ring->collected = 0;
	if (log_dirty(r, true) || (r->progress && !lanes_wait(r, 1)))
		return false;
	reap(r);
	if (!ring->collected && r->progress) {
		note("the dirty ring stayed empty");
		return false;
	}
	return !log_dirty(r, false) && (!r->progress || lanes_wait(r, 1));
}

static bool close_ring(struct run *r)
{
	struct ring *ring = r->priv;
	int v;

	for (v = 0; v < r->vm.vcpus; v++)
		if (ring->gfn[v])
			munmap(ring->gfn[v], RING_SIZE);
	free(ring);
	return true;
}

const struct path paths_dirty[] = {
	{ .name = "dirty log on and off", .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_ALL, .quick = ON_ALL,
	  .act = toggle },
	{ .name = "dirty log on and off, THP", .mem = VMM_MEM_THP,
	  .guest = GUEST_WORK, .mode = VMM_PROT, .variants = ON_ALL,
	  .flags = PATH_HUGE_BACK, .act = toggle },
	{ .name = "migration", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .open = open_log, .act = migrate,
	  .pause = compare_copy, .close = close_log },
	{ .name = "dirty ring on and off", .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_ALL, .missing = missing_ring,
	  .open = open_ring, .act = use_ring, .close = close_ring },
	{ }
};
