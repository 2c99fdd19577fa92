// SPDX-License-Identifier: GPL-2.0-only
/* vCPUs: creation, and the state each mode starts in. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/util.h"
#include "vmm.h"

#define CR0_PE		(1UL << 0)
#define CR0_ET		(1UL << 4)
#define CR0_NE		(1UL << 5)
#define CR0_PG		(1UL << 31)
#define CR4_PAE		(1UL << 5)
#define EFER_LME	(1UL << 8)
#define EFER_LMA	(1UL << 10)
#define RFLAGS_SET	2UL		/* always 1 */
#define RFLAGS_IF	(1UL << 9)

/* Where GUEST_HOP's step lies in a page; see guest.S. */
#define HOP_STEP	16

#define GUEST_SYMS(name, mode)						\
	extern const uint8_t guest_##name##_##mode[],			\
		guest_##name##_##mode##_end[],				\
		guest_##name##_##mode##_mark[],				\
		guest_##name##_##mode##_mark_end[];
#define GUEST_CODE(name, mode) {					\
		guest_##name##_##mode, guest_##name##_##mode##_end,	\
		guest_##name##_##mode##_mark,				\
		guest_##name##_##mode##_mark_end }
#define GUEST_SYMS3(name)						\
	GUEST_SYMS(name, real) GUEST_SYMS(name, prot) GUEST_SYMS(name, long)
#define GUEST_CODE3(name)						\
	{ GUEST_CODE(name, real), GUEST_CODE(name, prot), GUEST_CODE(name, long) }

GUEST_SYMS3(add) GUEST_SYMS3(stamp) GUEST_SYMS3(work) GUEST_SYMS3(spin)
GUEST_SYMS3(touch) GUEST_SYMS3(put) GUEST_SYMS3(hop) GUEST_SYMS3(read) GUEST_SYMS3(write)
GUEST_SYMS3(invlpg) GUEST_SYMS3(tables) GUEST_SYMS3(fpu) GUEST_SYMS3(nested) GUEST_SYMS3(vmx)
GUEST_SYMS3(text)

static const struct {
	const uint8_t *text, *end, *mark, *mark_end;
} guests[][VMM_MODES] = {
	[GUEST_ADD] = GUEST_CODE3(add),
	[GUEST_STAMP] = GUEST_CODE3(stamp),
	[GUEST_WORK] = GUEST_CODE3(work),
	[GUEST_SPIN] = GUEST_CODE3(spin),
	[GUEST_TOUCH] = GUEST_CODE3(touch),
	[GUEST_PUT] = GUEST_CODE3(put),
	[GUEST_HOP] = GUEST_CODE3(hop),
	[GUEST_READ] = GUEST_CODE3(read),
	[GUEST_WRITE] = GUEST_CODE3(write),
	[GUEST_INVLPG] = GUEST_CODE3(invlpg),
	[GUEST_TABLES] = GUEST_CODE3(tables),
	[GUEST_FPU] = GUEST_CODE3(fpu),
	[GUEST_NESTED] = GUEST_CODE3(nested),
	[GUEST_NESTED_VMX] = GUEST_CODE3(vmx),
	[GUEST_TEXT] = GUEST_CODE3(text),
};

struct guest_code guest_code(enum guest_id id, enum vmm_mode mode)
{
	const uint8_t *text = guests[id][mode].text;

	return (struct guest_code) {
		.text = text,
		.len = guests[id][mode].end - text,
		.mark = guests[id][mode].mark - text,
		.mark_len = guests[id][mode].mark_end - guests[id][mode].mark,
	};
}

void vmm_load_hop(struct vmm *vm, uint64_t gpa, uint64_t pages,
		  enum vmm_mode mode)
{
	struct guest_code code = guest_code(GUEST_HOP, mode);
	uint64_t i;

	for (i = 0; i < pages; i++)
		vmm_load(vm, gpa + i * PAGE_SIZE + HOP_STEP,
			 code.text + code.mark, code.mark_len);
}

uint64_t vmm_entry(int index)
{
	return VMM_CODE_ENTRY + index * PAGE_SIZE;
}

/* A flat segment of 4 GiB; in real mode too, so that one guest fits all. */
static void flat(struct kvm_segment *seg, enum vmm_mode mode, bool code)
{
	*seg = (struct kvm_segment) {
		.limit = 0xffffffff,
		.type = code ? 11 : 3,
		.present = 1,
		.s = 1,
		.g = 1,
		.selector = mode == VMM_REAL ? 0 : code ? 8 : 16,
		.db = mode == VMM_PROT || (mode == VMM_LONG && !code),
		.l = mode == VMM_LONG && code,
	};
}

static void set_sregs(struct vmm_vcpu *vcpu, enum vmm_mode mode)
{
	struct kvm_sregs s;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &s))
		die("KVM_GET_SREGS: %s", strerror(errno));
	flat(&s.cs, mode, true);
	flat(&s.ds, mode, false);
	s.es = s.ss = s.fs = s.gs = s.ds;
	s.cr0 = CR0_ET | (mode == VMM_REAL ? 0 : CR0_PE | CR0_NE);
	s.cr3 = s.cr4 = s.efer = 0;
	if (mode == VMM_LONG) {
		s.cr0 |= CR0_PG;
		s.cr3 = VMM_TABLES;
		s.cr4 = CR4_PAE;
		s.efer = EFER_LME | EFER_LMA;
	}
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &s))
		die("KVM_SET_SREGS: %s", strerror(errno));
}

void vmm_set_msr(struct vmm_vcpu *vcpu, uint32_t msr, uint64_t value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} m = { { .nmsrs = 1 }, { .index = msr, .data = value } };

	if (ioctl(vcpu->fd, KVM_SET_MSRS, &m) != 1)
		die("MSR 0x%x cannot be set", msr);
}

static void set_cpuid(struct vmm_vcpu *vcpu)
{
	const int nent = 128;
	struct kvm_cpuid2 *c;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	c = calloc(1, sizeof(*c) + nent * sizeof(c->entries[0]));
	if (kvm < 0 || !c)
		die("/dev/kvm: %s", strerror(errno));
	c->nent = nent;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c) ||
	    ioctl(vcpu->fd, KVM_SET_CPUID2, c))
		die("CPUID: %s", strerror(errno));
	free(c);
	close(kvm);
}

void vmm_reset(struct vmm_vcpu *vcpu, enum guest_id id, enum vmm_mode mode,
	       const struct vmm_args *args)
{
	struct guest_code code = guest_code(id, mode);
	struct vmm *vm = vcpu->vm;
	/*
	 * IF is set where nobody sends interrupts, too: Bochs 2.7 looks at the guest's IF
	 * before it leaves a guest for an interrupt of the host (SDM, volume 3C, section 25.2,
	 * has it leave either way), so one that never exits by itself could not be stopped.
	 */
	struct kvm_regs r = {
		.rip = vmm_entry(vcpu->index),
		.rflags = RFLAGS_SET | RFLAGS_IF,
		.rdi = args->data,
		.rcx = args->pages,
		.rdx = args->laps,
		.rax = args->addend,
		.rbp = args->stride ? args->stride : PAGE_SIZE,
	};

	if (mode == VMM_LONG)
		vmm_tables(vm, VMM_TABLES);
	set_sregs(vcpu, mode);
	if (ioctl(vcpu->fd, KVM_SET_REGS, &r))
		die("KVM_SET_REGS: %s", strerror(errno));
	vmm_load(vm, vmm_entry(vcpu->index), code.text, code.len);
}

struct vmm_vcpu *vmm_add(struct vmm *vm, enum guest_id id, enum vmm_mode mode,
			 const struct vmm_args *args)
{
	struct kvm_mp_state running = { KVM_MP_STATE_RUNNABLE };
	struct vmm_vcpu *vcpu = &vm->vcpu[vm->vcpus];

	if (vm->vcpus == VMM_VCPUS_MAX)
		die("too many vCPUs");
	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->vm = vm;
	vcpu->index = vm->vcpus++;
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, (long)vcpu->index);
	if (vcpu->fd < 0)
		die("KVM_CREATE_VCPU: %s", strerror(errno));
	vcpu->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		die("mmap of vCPU: %s", strerror(errno));
	set_cpuid(vcpu);
	/* With an interrupt controller only the first would start by itself. */
	if (vm->irqchip && ioctl(vcpu->fd, KVM_SET_MP_STATE, &running))
		die("KVM_SET_MP_STATE: %s", strerror(errno));
	vmm_reset(vcpu, id, mode, args);
	return vcpu;
}
