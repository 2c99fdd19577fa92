/* SPDX-License-Identifier: GPL-2.0-only */
/* A VMCB by hand, for a guest that runs a guest of its own. */
#ifndef NPTB_ST_VMCB_H
#define NPTB_ST_VMCB_H

#include <stdint.h>

#include "vmm.h"

/* NULL where guests can have SVM, else why not. */
const char *vmcb_unusable(void);
/*
 * Makes the page at @gpa a VMCB of a guest that starts at @rip in long mode, on
 * the same page tables as its hypervisor; @ncr3: its nested page tables, or 0.
 */
void vmcb_load(struct vmm *vm, uint64_t gpa, uint64_t rip, uint64_t ncr3);
/* Turns EFER.SVME on; the CPU keeps the hypervisor's state in the page at @hsave. */
void vmcb_enable(struct vmm_vcpu *vcpu, uint64_t hsave);

#endif
