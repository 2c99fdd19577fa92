/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that runs a guest of its own: the hypervisor is GUEST_NESTED on AMD-V,
 * GUEST_NESTED_VMX on VT-x, both for long mode, and its guest is what is marked in it.
 * vmcb.c and vmcs.c fill in the structures of the one and the other.
 */
#ifndef NPTB_ST_NESTED_H
#define NPTB_ST_NESTED_H

#include <stdint.h>

#include "vmm.h"

/* Pages for what KVM, or the CPU, keeps of a hypervisor. */
#define NESTED_SAVE_PAGES	2

/* NULL where guests can have guests of their own, else why not. */
const char *nested_unusable(void);
enum guest_id nested_hypervisor(void);
/* Builds nested page tables for it, an identity map of the VM's memory. */
void nested_tables(struct vmm *vm, uint64_t root);
/*
 * Prepares vCPU @vcpu, which has been reset to nested_hypervisor() with @control as its
 * addend. The page at @control is a guest's that starts at the hypervisor's mark in long
 * mode, on the same page tables as the hypervisor; @tables: its nested page tables, or 0.
 * NESTED_SAVE_PAGES from @save on are the CPU's.
 */
void nested_ready(struct vmm_vcpu *vcpu, uint64_t control, uint64_t save, uint64_t tables);
/* Takes what memory holds in all of these pages as wanted. */
void nested_accept(struct vmm *vm, uint64_t control, uint64_t save);

#endif
