// SPDX-License-Identifier: GPL-2.0-only
/* What x86/entry.S knows of KVM's structs: made into offsets.h by Kbuild, and not linked. */
#include <linux/kbuild.h>
#include <linux/kvm_host.h>

#include "cpu.h"
#include "x86/entry.h"
#include "x86/page_fault.h"

static_assert(NPTB_CODE_P == NPTB_NPF_PRESENT);
static_assert(NPTB_CODE_RSVD == NPTB_NPF_RSVD);

static void __used offsets(void)
{
	OFFSET(VCPU_MMU, kvm_vcpu, arch.mmu);
	OFFSET(VCPU_ROOT_MMU, kvm_vcpu, arch.root_mmu);
	OFFSET(FAULT_ERROR_CODE, nptb_page_fault, error_code);
}
