// SPDX-License-Identifier: GPL-2.0-only
/* KVM_PRE_FAULT_MEMORY; see prefault.h. */
#include <errno.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "prefault.h"
#include "vmm.h"

/* include/uapi/linux/kvm.h of Linux 6.11 and later. */
#ifndef KVM_PRE_FAULT_MEMORY
struct kvm_pre_fault_memory {
	__u64 gpa;
	__u64 size;
	__u64 flags;
	__u64 padding[5];
};

#define KVM_PRE_FAULT_MEMORY	_IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)
#define KVM_CAP_PRE_FAULT_MEMORY 236
#endif

bool prefault_possible(void)
{
	return vmm_capability(KVM_CAP_PRE_FAULT_MEMORY);
}

int prefault(int vcpu, uint64_t *gpa, uint64_t *size)
{
	struct kvm_pre_fault_memory range = { .gpa = *gpa, .size = *size };
	int ret = ioctl(vcpu, KVM_PRE_FAULT_MEMORY, &range) ? errno : 0;

	*gpa = range.gpa;
	*size = range.size;
	return ret;
}
