// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <nptbudget.h>
#include "base/util.h"
#include "host.h"
#include "vmm.h"

#define CPUID_MAX	160
/* Where no layout has a frame, and KVM has none. */
#define ASIDE		0xffff0000UL

static struct kvm_cpuid2 *supported_cpuid(int kvm)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + CPUID_MAX * sizeof(c->entries[0]));

	if (!c)
		return NULL;
	c->nent = CPUID_MAX;
	if (!ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c))
		return c;
	free(c);
	return NULL;
}

/* Leaf, subleaf, register (a b c d), bit: AMD64 APM volume 3, appendix E. */
static const struct {
	uint32_t leaf, sub;
	char reg;
	uint8_t bit;
} features[] = {
	[F_NONE] = { 0, 0, 0, 0 },
	[F_AVX] = { 1, 0, 'c', 28 },
	[F_AVX2] = { 7, 0, 'b', 5 },
	[F_CX16] = { 1, 0, 'c', 13 },
	[F_LA57] = { 7, 0, 'c', 16 },
	[F_SYSCALL32] = { 0x80000001, 0, 'd', 11 },	/* on Intel, in 64-bit code alone */
};

/**
 * vmm_has() - does KVM give its guests this feature?
 * @kvm: /dev/kvm
 * @feature: of the CPU
 *
 * Return: whether it does.
 */
bool vmm_has(int kvm, enum probe_feature feature)
{
	struct kvm_cpuid2 *c;
	uint32_t value, i;
	bool has = false;

	if (feature == F_NONE)
		return true;
	if (feature == F_SYSCALL32 && host_intel())
		return false;
	c = supported_cpuid(kvm);
	for (i = 0; c && i < c->nent; i++) {
		if (c->entries[i].function != features[feature].leaf ||
		    c->entries[i].index != features[feature].sub)
			continue;
		value = features[feature].reg == 'b' ? c->entries[i].ebx :
			features[feature].reg == 'c' ? c->entries[i].ecx : c->entries[i].edx;
		has = value >> features[feature].bit & 1;
	}
	free(c);
	return has;
}

static int failed(struct vmm *vm, const char *what)
{
	int err = errno;

	snprintf(vm->why, sizeof(vm->why), "%s: %s", what, strerror(err));
	return -err;
}

/* One slot for each run of adjacent frames. */
static int add_slots(struct vmm *vm)
{
	const struct probe_layout *l = vm->l;
	struct kvm_userspace_memory_region r = { 0 };
	unsigned int first, next;

	for (first = 0; first < l->nframes; first = next) {
		for (next = first + 1; next < l->nframes; next++)
			if (l->frame[next].gpa != l->frame[next - 1].gpa + PROBE_PAGE)
				break;
		r.guest_phys_addr = l->frame[first].gpa;
		r.memory_size = (next - first) * (uint64_t)PROBE_PAGE;
		r.userspace_addr = (uintptr_t)vm->memory + first * PROBE_PAGE;
		if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r))
			return failed(vm, "KVM_SET_USER_MEMORY_REGION");
		r.slot++;
	}
	return 0;
}

static int add_memory(struct vmm *vm)
{
	vm->size = vm->l->nframes * (size_t)PROBE_PAGE;
	vm->memory = mmap(NULL, vm->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED) {
		vm->memory = NULL;
		return failed(vm, "no memory for the guest");
	}
	madvise(vm->memory, vm->size, MADV_NOHUGEPAGE);
	return add_slots(vm);
}

static int set_cpuid(struct vmm *vm)
{
	struct kvm_cpuid2 *c = supported_cpuid(vm->kvm);
	int ret = 0;

	if (!c || ioctl(vm->vcpu, KVM_SET_CPUID2, c))
		ret = failed(vm, "KVM_SET_CPUID2");
	free(c);
	return ret;
}

static int set_msrs(struct vmm *vm)
{
	const struct probe_msr *msr = vm->l->c->msr;
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry[4];
	} m = { 0 };
	uint32_t i;

	for (i = 0; i < 4 && msr[i].index; i++) {
		m.entry[i].index = msr[i].index;
		m.entry[i].data = probe_value(vm->l, &msr[i].val);
	}
	m.head.nmsrs = i;
	if (i && ioctl(vm->vcpu, KVM_SET_MSRS, &m) != (int)i)
		return failed(vm, "KVM_SET_MSRS");
	return 0;
}

static int set_xcr0(struct vmm *vm)
{
	struct kvm_xcrs x = { .nr_xcrs = 1 };
	bool avx = vmm_has(vm->kvm, F_AVX);

	vmm_entry_xsave(&vm->xsave, avx);
	x.xcrs[0].value = avx ? 7 : 3;
	/* A CPU without XSAVE has no such register. */
	if (ioctl(vm->vcpu, KVM_SET_XCRS, &x) && avx)
		return failed(vm, "KVM_SET_XCRS");
	return 0;
}

static int add_vcpu(struct vmm *vm)
{
	int err;

	vm->vcpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0UL);
	if (vm->vcpu < 0)
		return failed(vm, "KVM_CREATE_VCPU");
	vm->run_size = (size_t)ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0UL);
	vm->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED) {
		vm->run = NULL;
		return failed(vm, "mmap of the vCPU");
	}
	err = set_cpuid(vm);
	if (!err)
		err = set_xcr0(vm);
	if (err)
		return err;
	if (ioctl(vm->vcpu, KVM_GET_SREGS, &vm->sregs))
		return failed(vm, "KVM_GET_SREGS");
	vmm_entry_sregs(vm->l, &vm->sregs);
	vm->stats = ioctl(vm->vcpu, KVM_GET_STATS_FD, NULL);
	return 0;
}

/**
 * vmm_open() - create a VM
 * @vm: to fill in
 * @kvm: /dev/kvm
 * @l: what it holds; stays the caller's
 *
 * Return: 0, or a negative errno with &vmm.why saying what failed; vmm_close()
 * in either case.
 */
int vmm_open(struct vmm *vm, int kvm, const struct probe_layout *l)
{
	int err;

	memset(vm, 0, sizeof(*vm));
	vm->l = l;
	vm->kvm = kvm;
	vm->vcpu = -1;
	vm->stats = -1;
	vm->fd = ioctl(kvm, KVM_CREATE_VM, 0UL);
	if (vm->fd < 0)
		return failed(vm, "KVM_CREATE_VM");
	/* Without "unrestricted guest" KVM wants a place for pages of its own. */
	ioctl(vm->fd, KVM_SET_TSS_ADDR, PROBE_KVM_TSS);
	snprintf(vm->name, sizeof(vm->name), "%d-%d", (int)gettid(), vm->fd);
	err = add_memory(vm);
	if (!err)
		err = add_vcpu(vm);
	return err;
}

/**
 * vmm_close() - end a VM
 * @vm: as vmm_open() left it
 */
void vmm_close(struct vmm *vm)
{
	if (vm->run)
		munmap(vm->run, vm->run_size);
	if (vm->stats >= 0)
		close(vm->stats);
	if (vm->vcpu >= 0)
		close(vm->vcpu);
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->memory)
		munmap(vm->memory, vm->size);
}

static int inject(struct vmm *vm)
{
	struct kvm_interrupt irq = { .irq = vm->l->c->vector };

	if (vm->l->c->inject == INJECT_IRQ && ioctl(vm->vcpu, KVM_INTERRUPT, &irq))
		return failed(vm, "KVM_INTERRUPT");
	if (vm->l->c->inject == INJECT_NMI && ioctl(vm->vcpu, KVM_NMI, NULL))
		return failed(vm, "KVM_NMI");
	return 0;
}

/**
 * vmm_reset() - empty the VM and put it at the entry of its case
 * @vm: the VM
 *
 * Giving the memory back to the host takes every leaf from the nested page
 * table, by way of KVM's MMU notifier, but for those of pages that KVM has in
 * the guest: see vmm_drop(). That no leaf is left is for the caller to see in
 * KVM's counters.
 *
 * Return: 0, or a negative errno, see &vmm.why.
 */
int vmm_reset(struct vmm *vm)
{
	struct kvm_vcpu_events events = {
		.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW,
	};
	struct kvm_mp_state mp = { .mp_state = KVM_MP_STATE_RUNNABLE };
	struct kvm_regs regs;

	if (madvise(vm->memory, vm->size, MADV_DONTNEED))
		return failed(vm, "madvise");
	memcpy(vm->memory, vm->l->memory, vm->size);
	vmm_entry_regs(vm->l, &regs);
	regs.r15 = ++vm->resets;
	if (ioctl(vm->vcpu, KVM_SET_MP_STATE, &mp) && errno != EINVAL)
		return failed(vm, "KVM_SET_MP_STATE");
	if (ioctl(vm->vcpu, KVM_SET_SREGS, &vm->sregs))
		return failed(vm, "KVM_SET_SREGS");
	if (ioctl(vm->vcpu, KVM_SET_REGS, &regs))
		return failed(vm, "KVM_SET_REGS");
	if (ioctl(vm->vcpu, KVM_SET_XSAVE, &vm->xsave))
		return failed(vm, "KVM_SET_XSAVE");
	if (ioctl(vm->vcpu, KVM_SET_VCPU_EVENTS, &events))
		return failed(vm, "KVM_SET_VCPU_EVENTS");
	if (set_msrs(vm))
		return -EIO;
	return inject(vm);
}

/**
 * vmm_drop() - take all leaves from a VM, of KVM's own pages too
 * @vm: the VM
 *
 * KVM begins all page tables anew when a memory slot goes.
 *
 * Return: 0, or a negative errno, see &vmm.why.
 */
int vmm_drop(struct vmm *vm)
{
	struct kvm_userspace_memory_region r = {
		.slot = PROBE_FRAMES, .guest_phys_addr = ASIDE, .memory_size = PROBE_PAGE,
		.userspace_addr = (uintptr_t)vm->memory,
	};

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r))
		return failed(vm, "KVM_SET_USER_MEMORY_REGION");
	r.memory_size = 0;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r))
		return failed(vm, "KVM_SET_USER_MEMORY_REGION");
	return 0;
}

/**
 * vmm_state() - what the guest has left behind
 * @vm: the VM
 * @s: to fill in; its memory is as large as the layout's
 *
 * Return: 0, or a negative errno.
 */
int vmm_state(struct vmm *vm, struct vmm_state *s)
{
	if (ioctl(vm->vcpu, KVM_GET_REGS, &s->regs) ||
	    ioctl(vm->vcpu, KVM_GET_SREGS, &s->sregs) ||
	    ioctl(vm->vcpu, KVM_GET_XSAVE, &s->xsave))
		return failed(vm, "cannot read the vCPU's state");
	/*
	 * Ours, not the guest's. Nor is CR2: no case takes a page fault of its own,
	 * and Bochs 2.7 leaves the host's there, which changes from run to run.
	 */
	s->regs.r15 = 0;
	s->sregs.cr2 = 0;
	if (s->memory)
		memcpy(s->memory, vm->memory, vm->size);
	return 0;
}

/**
 * vmm_stat() - one of KVM's counters of the vCPU
 * @vm: the VM
 * @name: as KVM_GET_STATS_FD names it
 *
 * Return: its value, 0 where there is no such counter.
 */
uint64_t vmm_stat(struct vmm *vm, const char *name)
{
	struct kvm_stats_header h;
	struct {
		struct kvm_stats_desc d;
		char name[64];
	} d;
	uint64_t value = 0;
	uint32_t i;
	size_t size;

	if (vm->stats < 0 || pread(vm->stats, &h, sizeof(h), 0) != sizeof(h) ||
	    h.name_size > sizeof(d.name))
		return 0;
	size = sizeof(d.d) + h.name_size;
	for (i = 0; i < h.num_desc; i++) {
		if (pread(vm->stats, &d, size, h.desc_offset + i * size) != (ssize_t)size)
			return 0;
		if (strcmp((const char *)&d + sizeof(d.d), name))
			continue;
		if (pread(vm->stats, &value, 8, h.data_offset + d.d.offset) != 8)
			return 0;
		return value;
	}
	return 0;
}
