// SPDX-License-Identifier: GPL-2.0-only
/* VMs and their memory. */
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

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1U
#endif

const char *const vmm_mode_names[VMM_MODES] = { "real", "prot", "long" };
const char *const vmm_mem_names[VMM_MEMS] = { "4k", "thp", "hugetlb", "memfd" };

const char *vmm_unusable(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? "no /dev/kvm" : "cannot open /dev/kvm";
	close(fd);
	return NULL;
}

/* Guest memory starts at a 2 MiB boundary, so that huge pages fit. */
static uint8_t *map_aligned(size_t size)
{
	size_t space = size + SZ_2M;
	uint8_t *p = mmap(NULL, space, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t at;

	if (p == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	at = ((uintptr_t)p + SZ_2M - 1) & ~(SZ_2M - 1);
	if (at > (uintptr_t)p)
		munmap(p, at - (uintptr_t)p);
	munmap((uint8_t *)at + size, (uintptr_t)p + space - (at + size));
	return (uint8_t *)at;
}

static bool map_memory(struct vmm *vm)
{
	void *p;

	switch (vm->kind) {
	case VMM_MEM_HUGETLB:
		p = mmap(NULL, vm->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (p == MAP_FAILED)
			return false;
		vm->mem = p;
		return true;
	case VMM_MEM_MEMFD:
		vm->memfd = memfd_create("nptbudget-selftest", MFD_CLOEXEC);
		if (vm->memfd < 0 || ftruncate(vm->memfd, vm->size))
			die("memfd: %s", strerror(errno));
		vm->mem = map_aligned(vm->size);
		if (mmap(vm->mem, vm->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, vm->memfd, 0) == MAP_FAILED)
			die("mmap of memfd: %s", strerror(errno));
		return true;
	case VMM_MEM_THP:
		vm->mem = map_aligned(vm->size);
		madvise(vm->mem, vm->size, MADV_HUGEPAGE);
		return true;
	default:
		vm->mem = map_aligned(vm->size);
		madvise(vm->mem, vm->size, MADV_NOHUGEPAGE);
		return true;
	}
}

bool vmm_create(struct vmm *vm, size_t size, enum vmm_mem kind)
{
	struct kvm_userspace_memory_region slot = { .memory_size = size };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	memset(vm, 0, sizeof(*vm));
	vm->size = size;
	vm->kind = kind;
	vm->memfd = -1;
	if (!map_memory(vm)) {
		close(kvm);
		return false;
	}
	vm->want = map_aligned(size);
	vm->fd = ioctl(kvm, KVM_CREATE_VM, 0UL);
	if (vm->fd < 0)
		die("KVM_CREATE_VM: %s", strerror(errno));
	snprintf(vm->name, sizeof(vm->name), "%d-%d", gettid(), vm->fd);
	vm->run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0UL);
	close(kvm);
	/* Intel wants a place for its real-mode TSS; AMD does not mind. */
	ioctl(vm->fd, KVM_SET_TSS_ADDR, 0xfffbd000UL);
	slot.userspace_addr = (uintptr_t)vm->mem;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot))
		die("KVM_SET_USER_MEMORY_REGION: %s", strerror(errno));
	return true;
}

void vmm_destroy(struct vmm *vm)
{
	int i;

	vmm_stop(vm);
	for (i = 0; i < vm->vcpus; i++) {
		munmap(vm->vcpu[i].run, vm->run_size);
		close(vm->vcpu[i].fd);
	}
	close(vm->fd);
	munmap(vm->mem, vm->size);
	munmap(vm->want, vm->size);
	if (vm->memfd >= 0)
		close(vm->memfd);
	vm->vcpus = 0;
}
