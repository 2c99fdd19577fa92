// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD-V, kvm_amd. All that we look at in a vCPU is there after each exit, and written
 * back at each entry.
 */
#include <asm/cpufeatures.h>

#include "x86/symbols.h"
#include "x86/vendor.h"

/*
 * There is one ASID for a vCPU and its nested guest, and all translations go with it.
 * Whether KVM can emulate an instruction without its bytes tells who is encrypted.
 */
static bool find(void)
{
	return FIND_CALL(nptb_sc_flush_local,
			      "__SCT__kvm_x86_flush_tlb_current") &&
	       FIND_CALL(nptb_sc_can_emulate, NPTB_CAN_EMULATE);
}

const struct nptb_vendor nptb_vendor_svm = {
	.name = "AMD-V",
	.feature = X86_FEATURE_SVM,
	.find = find,
};
