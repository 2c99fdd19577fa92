// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMCS by hand, the twin of vmcb.c: the hypervisor has to write it field by field, so
 * it is given a list. SDM: Intel's Software Developer's Manual, volume 3; fields are
 * numbered as in its appendix B.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/util.h"
#include "vmcb.h"

#define MSR_FEATURE_CONTROL	0x3a
#define FEATURE_LOCKED		(1 << 0)
#define FEATURE_VMXON		(1 << 2)	/* outside SMX */
#define MSR_VMX_BASIC		0x480
#define REVISION_MASK		0x7fffffffU
#define CR4_PAE			(1UL << 5)
#define CR4_VMXE		(1UL << 13)
#define CR0_PAGED		0x80000031UL	/* PG, NE, ET, PE */

/* Controls that have to be 1 without the "true" ones: SDM, appendices A.3 to A.5. */
#define PIN_DEFAULT		0x16UL
#define CPU_DEFAULT		0x0401e172UL
#define EXIT_DEFAULT		0x36dffUL
#define ENTRY_DEFAULT		0x11ffUL
#define CPU_SECONDARY		(1UL << 31)
#define SECONDARY_EPT		(1UL << 1)
#define EXIT_HOST_64		(1UL << 9)
#define ENTRY_GUEST_64		(1UL << 9)
/* Write-back, four levels: SDM, section 24.6.11. */
#define EPTP_WB_4		(6 | 3 << 3)

#define CODE_64			0xa09bUL	/* G, L, P, S, execute and read, accessed */
#define DATA_32			0xc093UL	/* G, D, P, S, read and write, accessed */
#define TSS_BUSY		0x8bUL
#define UNUSABLE		0x10000UL
#define CODE_SELECTOR		8
#define DATA_SELECTOR		16
#define TSS_SELECTOR		24

/* Two fields for each segment, 2 apart: ES CS SS DS FS GS LDTR TR. */
#define GUEST_SELECTOR(n)	(0x800 + (n) * 2)
#define GUEST_LIMIT(n)		(0x4800 + (n) * 2)
#define GUEST_RIGHTS(n)		(0x4814 + (n) * 2)
/* And TR without LDTR. */
#define HOST_SELECTOR(n)	(0xc00 + (n) * 2)
enum { ES, CS, SS, DS, FS, GS, LDTR, TR };

struct list {
	uint64_t pair[PAGE_SIZE / 8];
	unsigned int n;
};

static void field(struct list *l, uint64_t number, uint64_t value)
{
	l->pair[l->n++] = number;
	l->pair[l->n++] = value;
}

static void controls(struct list *l, uint64_t ept)
{
	field(l, 0x4000, PIN_DEFAULT);
	field(l, 0x4002, CPU_DEFAULT | (ept ? CPU_SECONDARY : 0));
	field(l, 0x400c, EXIT_DEFAULT | EXIT_HOST_64);
	field(l, 0x4012, ENTRY_DEFAULT | ENTRY_GUEST_64);
	/* No shadow VMCS. */
	field(l, 0x2800, ~0ULL);
	if (!ept)
		return;
	field(l, 0x401e, SECONDARY_EPT);
	field(l, 0x201a, ept | EPTP_WB_4);
}

static void segments(struct list *l)
{
	unsigned int n;

	for (n = ES; n <= GS; n++) {
		field(l, GUEST_SELECTOR(n), n == CS ? CODE_SELECTOR : DATA_SELECTOR);
		field(l, GUEST_LIMIT(n), 0xffffffff);
		field(l, GUEST_RIGHTS(n), n == CS ? CODE_64 : DATA_32);
	}
	field(l, GUEST_RIGHTS(LDTR), UNUSABLE);
	field(l, GUEST_SELECTOR(TR), TSS_SELECTOR);
	field(l, GUEST_LIMIT(TR), 0x67);
	field(l, GUEST_RIGHTS(TR), TSS_BUSY);
	/* The hypervisor's, at an exit. */
	field(l, HOST_SELECTOR(CS), CODE_SELECTOR);
	field(l, HOST_SELECTOR(SS), DATA_SELECTOR);
	field(l, HOST_SELECTOR(DS), DATA_SELECTOR);
	field(l, HOST_SELECTOR(ES), DATA_SELECTOR);
	field(l, HOST_SELECTOR(TR - 1), TSS_SELECTOR);
}

static void registers(struct list *l, uint64_t rip)
{
	static const uint64_t cr0[] = { 0x6800, 0x6c00 };	/* CR3, CR4 are 2, 4 on */
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cr0); i++) {
		field(l, cr0[i], CR0_PAGED);
		field(l, cr0[i] + 2, VMM_TABLES);
		field(l, cr0[i] + 4, CR4_PAE | CR4_VMXE);
	}
	field(l, 0x681a, 0x400);	/* DR7 */
	field(l, 0x681e, rip);
	field(l, 0x6820, 2);		/* RFLAGS */
}

static uint32_t revision(struct vmm_vcpu *vcpu)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} m = { { .nmsrs = 1 }, { .index = MSR_VMX_BASIC } };

	if (ioctl(vcpu->fd, KVM_GET_MSRS, &m) != 1)
		die("MSR 0x%x cannot be read", MSR_VMX_BASIC);
	return m.entry.data & REVISION_MASK;
}

void vmcs_ready(struct vmm_vcpu *vcpu, uint64_t gpa, uint64_t save, uint64_t rip,
		uint64_t ept)
{
	struct list l = { { save, save + PAGE_SIZE }, 2 };
	uint8_t region[PAGE_SIZE] = { 0 };
	uint32_t id = revision(vcpu);
	struct kvm_sregs s;

	controls(&l, ept);
	segments(&l);
	registers(&l, rip);
	l.pair[l.n] = ~0ULL;
	vmm_load(vcpu->vm, gpa, l.pair, sizeof(l.pair));
	memcpy(region, &id, sizeof(id));
	vmm_load(vcpu->vm, save, region, sizeof(region));
	vmm_load(vcpu->vm, save + PAGE_SIZE, region, sizeof(region));
	vmm_set_msr(vcpu, MSR_FEATURE_CONTROL, FEATURE_LOCKED | FEATURE_VMXON);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &s))
		die("KVM_GET_SREGS: %s", strerror(errno));
	s.cr4 |= CR4_VMXE;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &s))
		die("CR4.VMXE: %s", strerror(errno));
}
