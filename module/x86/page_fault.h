/* SPDX-License-Identifier: GPL-2.0-only */
/* What we know of KVM's private struct of a fault. Compared with BTF at load. */
#ifndef NPTB_X86_PAGE_FAULT_H
#define NPTB_X86_PAGE_FAULT_H

#include <linux/types.h>

/**
 * struct nptb_page_fault - the beginning of KVM's struct kvm_page_fault
 * @addr: of the fault: guest-physical, in a VM's own tables
 * @error_code: of it; 64 bits wide on later kernels, of which these are the lower
 */
struct nptb_page_fault {
	u64 addr;
	u32 error_code;
};

#endif /* NPTB_X86_PAGE_FAULT_H */
