// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory slots that come, go, move and are read-only; addresses without any.
 * A slot of its own shows the lanes, or what is aside, once more at ALIAS.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/nptb.h"
#include "../lib/util.h"
#include "paths.h"

static int show(struct run *r, uint64_t at, uint64_t what, uint32_t flags)
{
	return vmm_slot(&r->vm, 1, at, r->vm.mem + what, r->pages * PAGE_SIZE,
			flags);
}

static int hide(struct run *r)
{
	return vmm_slot(&r->vm, 1, 0, NULL, 0, 0);
}

/*
 * While the slot is away what the guest does to its lanes comes here, as to any
 * VMM that emulates a device: it is done to the memory itself, so that the
 * guest's work is counted whichever way it went.
 */
static bool do_alias(struct vmm_vcpu *vcpu)
{
	struct run *r = vcpu->vm->priv;
	uint64_t at = vcpu->run->mmio.phys_addr - ALIAS;
	uint8_t *mem = r->vm.mem + LANES + at;

	if (at >= r->pages * PAGE_SIZE)
		return false;
	if (vcpu->run->mmio.is_write)
		memcpy(mem, vcpu->run->mmio.data, vcpu->run->mmio.len);
	else
		memcpy(vcpu->run->mmio.data, mem, vcpu->run->mmio.len);
	return true;
}

static bool open_alias(struct run *r)
{
	r->vm.on_mmio = do_alias;
	return !show(r, ALIAS, LANES, 0);
}

static bool said(const char *what, int ret)
{
	if (ret)
		note("%s: %s", what, strerror(-ret));
	return !ret;
}

static bool delete_and_create(struct run *r, int round)
{
	int i;

	(void)round;
	for (i = 0; i < 2; i++) {
		if (!said("deleting the slot", hide(r)) ||
		    !said("creating the slot", show(r, ALIAS, LANES, 0)))
			return false;
		if (r->progress && !lanes_wait(r, 1))
			return false;
	}
	return true;
}

/* Many in a row: old page tables die while new ones fill. */
static bool delete_in_a_loop(struct run *r, int round)
{
	int i;

	(void)round;
	for (i = 0; i < 24; i++)
		if (!said("deleting the slot", hide(r)) ||
		    !said("creating the slot", show(r, ALIAS, LANES, 0)))
			return false;
	/* A lap that was half over then does not come to all pages. */
	return !r->progress || lanes_wait(r, 1);
}

static bool move(struct run *r, int round)
{
	int i;

	(void)round;
	for (i = 0; i < 2; i++) {
		if (!said("moving the slot", show(r, 2 * ALIAS, LANES, 0)) ||
		    !said("moving the slot back", show(r, ALIAS, LANES, 0)))
			return false;
		if (r->progress && !lanes_wait(r, 1))
			return false;
	}
	return true;
}

/* A write to read-only memory comes here, and changes nothing. */
static bool drop_write(struct vmm_vcpu *vcpu)
{
	return vcpu->run->mmio.is_write && vcpu->run->mmio.phys_addr >= ALIAS;
}

static bool open_readonly(struct run *r)
{
	r->vm.on_mmio = drop_write;
	return said("the read-only slot", show(r, ALIAS, ASIDE, KVM_MEM_READONLY));
}

/* Reads give a pattern; the guest has no use for it. */
static bool do_device(struct vmm_vcpu *vcpu)
{
	memset(vcpu->run->mmio.data, 0x5a, sizeof(vcpu->run->mmio.data));
	return vcpu->run->mmio.phys_addr >= NOWHERE;
}

static bool open_device(struct run *r)
{
	r->vm.on_mmio = do_device;
	return true;
}

static bool open_coalesced(struct run *r)
{
	struct kvm_coalesced_mmio_zone zone = {
		.addr = NOWHERE, .size = r->pages * PAGE_SIZE,
	};

	r->vm.on_mmio = do_device;
	if (ioctl(r->vm.fd, KVM_REGISTER_COALESCED_MMIO, &zone))
		die("KVM_REGISTER_COALESCED_MMIO: %s", strerror(errno));
	return true;
}

/* The vCPUs share one ring, which the VMM empties when it likes. */
static bool check_ring(struct run *r)
{
	struct kvm_coalesced_mmio_ring *ring = (void *)
		((char *)r->vm.vcpu[0].run + PAGE_SIZE *
		 vmm_capability(KVM_CAP_COALESCED_MMIO));
	bool used = ring->first != ring->last;

	ring->first = ring->last;
	if (!used && r->progress)
		note("nothing was written to the ring of coalesced MMIO");
	return used || !r->progress;
}

/* Device accesses are seen, and are no faults that map anything. */
static bool check_mmio(struct run *r)
{
	int64_t mmio = nptb_stat(r->vm.name, "mmio");

	if (mmio > 0 || !r->progress)
		return true;
	note("no access without memory was counted as one");
	return false;
}

/* One page that holds code, data and all: MMIO needs no second one. */
static bool only_mmio(struct run *r, int round)
{
	int64_t before = nptb_stat(r->vm.name, "mmio");

	(void)round;
	return nptb_wait_stat(r->vm.name, "mmio", before + 100, PATH_MS);
}

const struct path paths_slots[] = {
	{ .name = "slot deleted and created", .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_ALL, .flags = PATH_NO_HOP,
	  .at = ALIAS, .open = open_alias, .act = delete_and_create },
	{ .name = "slot deleted in a loop", .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_ALL, .quick = ON_ALL, .flags = PATH_NO_HOP,
	  .at = ALIAS, .open = open_alias, .act = delete_in_a_loop },
	{ .name = "slot moved", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .flags = PATH_NO_HOP, .at = ALIAS,
	  .open = open_alias, .act = move },
	{ .name = "read-only slot, read", .guest = GUEST_READ,
	  .mode = VMM_PROT, .variants = ON_ALL, .flags = PATH_NO_HOP,
	  .aside = ALIAS, .open = open_readonly },
	{ .name = "read-only slot, written", .guest = GUEST_WRITE,
	  .mode = VMM_PROT, .variants = ON_ALL, .flags = PATH_NO_HOP,
	  .aside = ALIAS, .open = open_readonly },
	{ .name = "MMIO", .guest = GUEST_READ, .mode = VMM_PROT,
	  .variants = ON_ALL, .flags = PATH_NO_HOP, .aside = NOWHERE,
	  .open = open_device, .pause = check_mmio },
	{ .name = "coalesced MMIO", .guest = GUEST_WRITE, .mode = VMM_PROT,
	  .variants = ON_ALL, .flags = PATH_NO_HOP, .aside = NOWHERE,
	  .open = open_coalesced, .pause = check_ring },
	{ .name = "MMIO, code and data in one page", .guest = GUEST_READ,
	  .mode = VMM_PROT, .variants = ON_ALL, .flags = PATH_NO_HOP | PATH_IN_PLACE,
	  .aside = NOWHERE, .open = open_device, .act = only_mmio },
	{ }
};
