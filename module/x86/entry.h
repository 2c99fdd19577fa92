/* SPDX-License-Identifier: GPL-2.0-only */
/* What some functions of KVM go by, and what that calls; see x86/entry.S. */
#ifndef NPTB_X86_ENTRY_H
#define NPTB_X86_ENTRY_H

/*
 * In a place of nptb_watched_kvm[]: several VMs under budget share it. Else the one
 * that has it, or 0.
 */
#define NPTB_WATCHED_MANY	1

/* Bits of a nested page fault's error code: NPTB_NPF_PRESENT, NPTB_NPF_RSVD. */
#define NPTB_CODE_P		1
#define NPTB_CODE_RSVD		8

#ifndef __ASSEMBLER__

#include <linux/kvm_types.h>

struct kvm_vcpu;

extern unsigned long nptb_watched_kvm[];

void nptb_fault_entry(void);
void nptb_hugepage_entry(void);
void nptb_map_entry(void);
int nptb_caught_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		      void *insn, int insn_len);
bool nptb_is_watched(struct kvm_vcpu *vcpu);
int nptb_map_asks(struct kvm_vcpu *vcpu, void *fault);

#endif /* __ASSEMBLER__ */

#endif /* NPTB_X86_ENTRY_H */
