/* SPDX-License-Identifier: GPL-2.0-only */
/* A VMCB and a VMCS by hand: what nested.c chooses from. */
#ifndef NPTB_ST_VMCB_H
#define NPTB_ST_VMCB_H

#include <stdint.h>

#include "vmm.h"

/*
 * AMD-V: makes the page at @gpa a VMCB of a guest that starts at @rip, @ncr3 its nested
 * page tables, or 0; turns EFER.SVME on; the CPU keeps the hypervisor's state at @hsave.
 */
void vmcb_ready(struct vmm_vcpu *vcpu, uint64_t gpa, uint64_t hsave, uint64_t rip,
		uint64_t ncr3);
/*
 * VT-x: makes the page at @gpa a list, for the hypervisor, of fields of the VMCS of a
 * guest that starts at @rip, @ept its nested page tables, or 0; allows VMXON. The VMXON
 * region is at @save, the VMCS a page on.
 */
void vmcs_ready(struct vmm_vcpu *vcpu, uint64_t gpa, uint64_t save, uint64_t rip,
		uint64_t ept);

#endif
