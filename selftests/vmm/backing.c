// SPDX-License-Identifier: GPL-2.0-only
/* What backs a VM's memory. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/util.h"
#include "backing.h"
#include "vmm.h"

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1U
#endif
#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB (30 << 26)
#endif
#define SZ_1G		(1UL << 30)

/*
 * include/uapi/linux/kvm.h, which this machine's headers may be too old for:
 * guest_memfd came with Linux 6.8, mapping it with 6.18.
 */
#ifndef KVM_MEM_GUEST_MEMFD
#define KVM_MEM_GUEST_MEMFD	(1UL << 2)
struct kvm_userspace_memory_region2 {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
	__u64 guest_memfd_offset;
	__u32 guest_memfd;
	__u32 pad1;
	__u64 pad2[14];
};

#define KVM_SET_USER_MEMORY_REGION2 \
	_IOW(KVMIO, 0x49, struct kvm_userspace_memory_region2)
struct kvm_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};

#define KVM_CREATE_GUEST_MEMFD _IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#endif
#ifndef GUEST_MEMFD_FLAG_MMAP
#define GUEST_MEMFD_FLAG_MMAP		(1ULL << 0)
#define GUEST_MEMFD_FLAG_INIT_SHARED	(1ULL << 1)
#endif

const char *const vmm_mem_names[VMM_MEMS] = {
	"4k", "thp", "hugetlb", "memfd", "hugetlb-1g", "file", "guest_memfd",
};
const char *vmm_file = "/tmp/nptbudget-selftest";

static uint8_t *aligned_to(size_t size, size_t align)
{
	size_t space = size + align;
	uint8_t *p = mmap(NULL, space, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t at;

	if (p == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	at = ((uintptr_t)p + align - 1) & ~(align - 1);
	if (at > (uintptr_t)p)
		munmap(p, at - (uintptr_t)p);
	munmap((uint8_t *)at + size, (uintptr_t)p + space - (at + size));
	return (uint8_t *)at;
}

uint8_t *backing_aligned(size_t size)
{
	return aligned_to(size, SZ_2M);
}

static bool map_hugetlb(struct vmm *vm, int flags, size_t page)
{
	void *at = aligned_to(vm->size, page);

	vm->mem = mmap(at, vm->size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED |
		       flags, -1, 0);
	if (vm->mem != MAP_FAILED)
		return true;
	/* MAP_FIXED may have taken the old mapping away or not. */
	munmap(at, vm->size);
	return false;
}

static void map_fd(struct vmm *vm, int fd)
{
	vm->memfd = fd;
	if (fd < 0 || ftruncate(fd, vm->size))
		die("%s: %s", vmm_mem_names[vm->kind], strerror(errno));
	vm->mem = backing_aligned(vm->size);
	if (mmap(vm->mem, vm->size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		die("mmap of %s: %s", vmm_mem_names[vm->kind], strerror(errno));
}

static bool map_gmem(struct vmm *vm)
{
	struct kvm_create_guest_memfd gmem = {
		.size = vm->size,
		.flags = GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED,
	};

	vm->memfd = ioctl(vm->fd, KVM_CREATE_GUEST_MEMFD, &gmem);
	if (vm->memfd < 0)
		return false;
	vm->mem = backing_aligned(vm->size);
	if (mmap(vm->mem, vm->size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, vm->memfd, 0) == MAP_FAILED)
		die("mmap of guest_memfd: %s", strerror(errno));
	return true;
}

bool backing_map(struct vmm *vm)
{
	switch (vm->kind) {
	case VMM_MEM_HUGETLB:
		return map_hugetlb(vm, 0, SZ_2M);
	case VMM_MEM_HUGE_1G:
		return map_hugetlb(vm, MAP_HUGE_1GB, SZ_1G);
	case VMM_MEM_MEMFD:
		map_fd(vm, memfd_create("nptbudget-selftest", MFD_CLOEXEC));
		madvise(vm->mem, vm->size, MADV_HUGEPAGE);
		return true;
	case VMM_MEM_FILE:
		map_fd(vm, open(vmm_file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
				0600));
		return true;
	case VMM_MEM_GMEM:
		return map_gmem(vm);
	case VMM_MEM_THP:
		vm->mem = backing_aligned(vm->size);
		madvise(vm->mem, vm->size, MADV_HUGEPAGE);
		return true;
	default:
		vm->mem = backing_aligned(vm->size);
		madvise(vm->mem, vm->size, MADV_NOHUGEPAGE);
		return true;
	}
}

int backing_slot(struct vmm *vm)
{
	struct kvm_userspace_memory_region2 region = {
		.flags = KVM_MEM_GUEST_MEMFD,
		.memory_size = vm->size,
		.userspace_addr = (uintptr_t)vm->mem,
		.guest_memfd = vm->memfd,
	};

	if (vm->kind == VMM_MEM_GMEM)
		return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION2, &region);
	errno = -vmm_slot(vm, 0, 0, vm->mem, vm->size, 0);
	return errno ? -1 : 0;
}
