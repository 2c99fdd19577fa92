// SPDX-License-Identifier: GPL-2.0-only
/* A VMCB by hand: offsets of AMD64 APM volume 2, appendix B. */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/util.h"
#include "vmcb.h"

#define MSR_HSAVE	0xc0010117
#define EFER_LME	(1ULL << 8)
#define EFER_LMA	(1ULL << 10)
#define EFER_SVME	(1ULL << 12)

/* Control area. */
#define INTERCEPT_3	0x00c
#define INTERCEPT_HLT	(1u << 24)
#define INTERCEPT_SHUTDOWN (1u << 31)
#define INTERCEPT_4	0x010
#define INTERCEPT_VMRUN	(1u << 0)
#define INTERCEPT_VMMCALL (1u << 1)
#define ASID		0x058
#define NP_ENABLE	0x090
#define N_CR3		0x0b0
/* State save area, from 0x400 on. */
#define SEG_ES		0x400
#define SEG_CS		0x410
#define SEG_GS		0x450
#define EFER		0x4d0
#define CR4		0x548
#define CR3		0x550
#define CR0		0x558
#define DR7		0x560
#define DR6		0x568
#define RFLAGS		0x570
#define RIP		0x578
#define G_PAT		0x668

#define CODE_64		0xa9b	/* G, L, P, S, execute and read, accessed */
#define DATA_32		0xc93	/* G, D, P, S, read and write, accessed */

static void put(uint8_t *page, unsigned int at, uint64_t val, size_t len)
{
	memcpy(page + at, &val, len);
}

static void segment(uint8_t *page, unsigned int at, uint16_t attributes)
{
	put(page, at, at == SEG_CS ? 8 : 16, 2);
	put(page, at + 2, attributes, 2);
	put(page, at + 4, 0xffffffff, 4);
}

static void load(struct vmm *vm, uint64_t gpa, uint64_t rip, uint64_t ncr3)
{
	uint8_t page[PAGE_SIZE] = { 0 };
	unsigned int at;

	put(page, INTERCEPT_3, INTERCEPT_HLT | INTERCEPT_SHUTDOWN, 4);
	put(page, INTERCEPT_4, INTERCEPT_VMRUN | INTERCEPT_VMMCALL, 4);
	put(page, ASID, 1, 4);
	put(page, NP_ENABLE, !!ncr3, 8);
	put(page, N_CR3, ncr3, 8);
	for (at = SEG_ES; at <= SEG_GS; at += 0x10)
		segment(page, at, at == SEG_CS ? CODE_64 : DATA_32);
	put(page, EFER, EFER_LME | EFER_LMA | EFER_SVME, 8);
	put(page, CR0, 0x80000031, 8);	/* PG, NE, ET, PE */
	put(page, CR3, VMM_TABLES, 8);
	put(page, CR4, 1 << 5, 8);	/* PAE */
	put(page, DR7, 0x400, 8);
	put(page, DR6, 0xffff0ff0, 8);
	put(page, RFLAGS, 2, 8);
	put(page, RIP, rip, 8);
	put(page, G_PAT, 0x0007040600070406ULL, 8);
	vmm_load(vm, gpa, page, sizeof(page));
}

void vmcb_ready(struct vmm_vcpu *vcpu, uint64_t gpa, uint64_t hsave, uint64_t rip,
		uint64_t ncr3)
{
	struct kvm_sregs s;

	load(vcpu->vm, gpa, rip, ncr3);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &s))
		die("KVM_GET_SREGS: %s", strerror(errno));
	s.efer |= EFER_SVME;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &s))
		die("EFER.SVME: %s", strerror(errno));
	vmm_set_msr(vcpu, MSR_HSAVE, hsave);
}
