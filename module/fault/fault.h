/* SPDX-License-Identifier: GPL-2.0-only */
/* The way of a nested page fault. */
#ifndef NPTB_FAULT_FAULT_H
#define NPTB_FAULT_FAULT_H

#include <linux/kvm_types.h>

struct kvm_vcpu;

int nptb_handle_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		      void *insn, int insn_len);
int nptb_trace_faults(void);
void nptb_trace_faults_end(void);

#endif /* NPTB_FAULT_FAULT_H */
