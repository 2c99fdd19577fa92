// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest itself does beside touching memory: system management mode, a
 * guest of its own, page tables that change, a reset.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/util.h"
#include "paths.h"
#include "../vmm/nested.h"

/* Each vCPU has its own, so that their saved states do not meet. */
#define SMBASE		0x100000UL
#define SMBASE_SIZE	0x10000UL
#define SMI_ENTRY	0x8000UL
#define SMI_COUNT	0x8100UL
#define SMI_STATE	0xf000UL
#define MSR_SMBASE	0x9e
/* KVM's second address space of memory slots. */
#define AS_SMM		(1u << 16)

static const char *missing_smm(const struct path *path)
{
	(void)path;
	return vmm_capability(KVM_CAP_X86_SMM) ? NULL : "this KVM has no SMM";
}

static uint64_t smbase(int vcpu)
{
	return SMBASE + vcpu * SMBASE_SIZE;
}

static bool open_smm(struct run *r)
{
	/* incl %cs:0x8100; rsm */
	static const uint8_t handler[] = {
		0x2e, 0x66, 0xff, 0x06, 0x00, 0x81, 0x0f, 0xaa,
	};
	int i;

	for (i = 0; i < r->cell->vcpus; i++)
		vmm_load(&r->vm, smbase(i) + SMI_ENTRY, handler, sizeof(handler));
	return !vmm_slot(&r->vm, AS_SMM, 0, r->vm.mem, r->vm.size, 0);
}

static bool ready_smm(struct run *r)
{
	int i;

	for (i = 0; i < r->vm.vcpus; i++)
		vmm_set_msr(&r->vm.vcpu[i], MSR_SMBASE, smbase(i));
	return true;
}

/* SMIs are raised with the vCPU at rest; it takes them when it goes on. */
static bool interrupt(struct run *r, int round)
{
	uint64_t end = deadline(PATH_MS);
	uint32_t before[VMM_VCPUS_MAX];
	int i, n;

	(void)round;
	for (n = 0; n < 4; n++) {
		vmm_stop(&r->vm);
		for (i = 0; i < r->vm.vcpus; i++) {
			before[i] = vmm_get32(&r->vm, smbase(i) + SMI_COUNT);
			if (ioctl(r->vm.vcpu[i].fd, KVM_SMI, 0UL))
				die("KVM_SMI: %s", strerror(errno));
		}
		vmm_start(&r->vm);
		for (i = 0; i < r->vm.vcpus; ) {
			if (vmm_get32(&r->vm, smbase(i) + SMI_COUNT) != before[i]) {
				*vmm_want32(&r->vm, smbase(i) + SMI_COUNT) += 1;
				i++;
			} else if (now_ms() > end) {
				note("vCPU %d never came to its SMI handler", i);
				return false;
			} else {
				sleep_ms(1);
			}
		}
	}
	return true;
}

static bool pause_smm(struct run *r)
{
	int i;

	for (i = 0; i < r->vm.vcpus; i++)
		vmm_accept(&r->vm, smbase(i) + SMI_STATE, PAGE_SIZE);
	return true;
}

/*
 * The guest's own guests: a page for the VMCB, or the fields of a VMCS, of each, and
 * those that the CPU keeps a hypervisor in. Nested tables are a set of their own. KVM
 * write-protects those, and the CPU walks a guest's tables as if it wrote (APM 2,
 * 15.25.6): of one set for both, KVM gives up on a VMRUN whose walk another vCPU has
 * come in the way of twice.
 */
#define CONTROLS	0x40000UL
#define SAVES		0x50000UL
#define NESTED_TABLES	0xa0000UL

static const char *missing_nested(const struct path *path)
{
	(void)path;
	return nested_unusable();
}

static bool is_paged(const struct run *r)
{
	return !strcmp(r->cell->path->name, "nested guest, nested paging");
}

static bool open_nested(struct run *r)
{
	if (is_paged(r))
		nested_tables(&r->vm, NESTED_TABLES);
	return true;
}

static uint64_t save_of(int vcpu)
{
	return SAVES + vcpu * NESTED_SAVE_PAGES * PAGE_SIZE;
}

static bool ready_hypervisors(struct run *r)
{
	int i;

	for (i = 0; i < r->vm.vcpus; i++)
		nested_ready(&r->vm.vcpu[i], CONTROLS + i * PAGE_SIZE, save_of(i),
			     is_paged(r) ? NESTED_TABLES : 0);
	return true;
}

static bool pause_hypervisors(struct run *r)
{
	int i;

	for (i = 0; i < r->vm.vcpus; i++)
		nested_accept(&r->vm, CONTROLS + i * PAGE_SIZE, save_of(i));
	return true;
}

/* All registers as at the start, by way of another mode, as firmware has it. */
static bool reset(struct run *r, int round)
{
	struct vmm_args none = { 0 };
	int i, n;

	(void)round;
	for (n = 0; n < 2; n++) {
		vmm_stop(&r->vm);
		if (!lanes_accept(r))
			return false;
		for (i = 0; i < r->vm.vcpus; i++) {
			vmm_reset(&r->vm.vcpu[i], GUEST_SPIN, VMM_LONG, &none);
			vmm_reset(&r->vm.vcpu[i], GUEST_SPIN, VMM_REAL, &none);
			lane_start(r, i);
		}
		vmm_start(&r->vm);
		if (r->progress && !lanes_wait(r, 1))
			return false;
	}
	return true;
}

const struct path paths_guest[] = {
	{ .name = "system management mode", .guest = GUEST_WORK,
	  .mode = VMM_PROT, .variants = ON_ALL, .missing = missing_smm,
	  .open = open_smm, .ready = ready_smm, .act = interrupt, .pause = pause_smm },
	{ .name = "nested guest", .guest = GUEST_NESTED, .mode = VMM_LONG,
	  .variants = ON_ALL, .flags = PATH_NO_HOP, .aside = CONTROLS,
	  .missing = missing_nested, .open = open_nested,
	  .ready = ready_hypervisors, .pause = pause_hypervisors },
	{ .name = "nested guest, nested paging", .guest = GUEST_NESTED,
	  .mode = VMM_LONG, .variants = ON(TDP) | ON(LEGACY),
	  .flags = PATH_NO_HOP | PATH_UNSEEN, .aside = CONTROLS,
	  .missing = missing_nested, .open = open_nested,
	  .ready = ready_hypervisors, .pause = pause_hypervisors },
	{ .name = "guest drops translations (INVLPG)", .guest = GUEST_INVLPG,
	  .mode = VMM_LONG, .variants = ON_ALL, .quick = ON(SHADOW) },
	{ .name = "guest changes its page tables", .guest = GUEST_TABLES,
	  .mode = VMM_LONG, .variants = ON_ALL, .quick = ON(SHADOW) },
	{ .name = "reset", .guest = GUEST_WORK, .mode = VMM_PROT,
	  .variants = ON_ALL, .act = reset },
	{ }
};
