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
#include "backing.h"
#include "vmm.h"

const char *const vmm_mode_names[VMM_MODES] = { "real", "prot", "long" };

/* Asked anew each time: a test may load KVM with other parameters. */
static bool turned_off(const char *parameter)
{
	char c = 'Y';
	int fd = open(parameter, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, &c, 1) != 1)
		c = 'Y';
	close(fd);
	return c == 'N' || c == '0';
}

bool kvm_shadow_paging(void)
{
	return turned_off("/sys/module/kvm_amd/parameters/npt") ||
		turned_off("/sys/module/kvm_intel/parameters/ept");
}

bool kvm_restricted(void)
{
	return turned_off("/sys/module/kvm_intel/parameters/unrestricted_guest");
}

const char *vmm_unusable(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? "no /dev/kvm" : "cannot open /dev/kvm";
	close(fd);
	return NULL;
}

int vmm_capability(int cap)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int ret;

	if (kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	ret = ioctl(kvm, KVM_CHECK_EXTENSION, (long)cap);
	close(kvm);
	return ret > 0 ? ret : 0;
}

bool vmm_create(struct vmm *vm, size_t size, enum vmm_mem kind)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	memset(vm, 0, sizeof(*vm));
	vm->size = size;
	vm->kind = kind;
	vm->memfd = -1;
	vm->fd = ioctl(kvm, KVM_CREATE_VM, 0UL);
	if (vm->fd < 0)
		die("KVM_CREATE_VM: %s", strerror(errno));
	if (!backing_map(vm)) {
		close(vm->fd);
		close(kvm);
		return false;
	}
	vm->want = backing_aligned(size);
	/* Most of it is never written: a huge zero page is read fast. */
	madvise(vm->want, size, MADV_HUGEPAGE);
	snprintf(vm->name, sizeof(vm->name), "%d-%d", gettid(), vm->fd);
	vm->run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0UL);
	close(kvm);
	/* Intel wants a place for its real-mode TSS; AMD does not mind. */
	ioctl(vm->fd, KVM_SET_TSS_ADDR, 0xfffbd000UL);
	if (backing_slot(vm))
		die("the memory slot: %s", strerror(errno));
	return true;
}

void vmm_create_at(struct vmm *vm, size_t size, enum vmm_mem kind, int want)
{
	int fill[64], n = 0, fd;

	/* KVM gives the lowest free one, behind the one that /dev/kvm gets. */
	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) <= want && n < 64) {
		if (fd < 0)
			die("/dev/null: %s", strerror(errno));
		fill[n++] = fd;
	}
	close(fd);
	if (n < 2 || fill[n - 1] != want)
		die("descriptor %d is taken", want);
	close(fill[--n]);
	close(fill[--n]);
	vmm_create(vm, size, kind);
	while (n)
		close(fill[--n]);
	if (vm->fd != want)
		die("the VM has descriptor %d and not %d", vm->fd, want);
}

void vmm_let_go(struct vmm *vm)
{
	close(vm->fd);
	vm->fd = -1;
}

int vmm_slot(struct vmm *vm, uint32_t slot, uint64_t gpa, void *mem,
	     uint64_t size, uint32_t flags)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = mem ? size : 0,
		.userspace_addr = (uintptr_t)mem,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) ? -errno : 0;
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
