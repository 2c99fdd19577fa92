/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KVM's emulator does to guest memory. It takes memory that it may not
 * read or write for a device: the guest's store would go to the VMM as MMIO, and be
 * lost. On the CPU such an access leaves KVM_RUN with EFAULT. So while an
 * instruction is emulated for us, the emulator's own functions for guest memory
 * are replaced by ours, which have the emulation fail instead.
 */
#ifndef NPTB_X86_GUEST_MEMORY_H
#define NPTB_X86_GUEST_MEMORY_H

#include "backend.h"
#include "x86/emul_table.h"
#include "x86/soft/soft.h"

/* arch/x86/kvm/kvm_emulate.h: how a function for guest memory ends. */
#define NPTB_EMUL_CONTINUE		0
#define NPTB_EMUL_UNHANDLEABLE		1
#define NPTB_EMUL_PROPAGATE_FAULT	2
#define NPTB_EMUL_CMPXCHG_FAILED	4

/* Would an access that is not aligned raise #AC? That has not been tried: it is refused. */
static inline bool nptb_kvm_checks_alignment(const struct nptb_soft *soft)
{
	return soft->machine.cpl == 3 && soft->state.cr0 & X86_CR0_AM &&
	       soft->state.rflags & NPTB_RFLAGS_AC;
}

bool nptb_kvm_memory_init(void);
void nptb_kvm_memory_ops(struct nptb_burst *burst);
bool nptb_kvm_memory_begin(struct nptb_burst *burst);
void nptb_kvm_memory_end(struct kvm_vcpu *vcpu);
bool nptb_kvm_tables_refused(struct kvm_vcpu *vcpu, u64 linear);
enum nptb_soft_end nptb_kvm_read_linear(void *ctx, u64 linear, void *buf, u32 len,
					bool system, struct nptb_exception *why);
enum nptb_soft_end nptb_kvm_fetch_linear(struct kvm_vcpu *vcpu, u64 linear, void *buf, u32 len,
					 struct nptb_exception *why);
enum nptb_soft_end nptb_kvm_write_linear(void *ctx, u64 linear, const void *buf, u32 len,
					 bool system, struct nptb_exception *why);
enum nptb_soft_end nptb_kvm_may_write_linear(void *ctx, u64 linear, u32 len,
					     struct nptb_exception *why);
bool nptb_kvm_msr(void *ctx, u32 nr, u64 *value);
enum nptb_soft_end nptb_kvm_writable_address(struct kvm_vcpu *vcpu, u64 linear, gfn_t *gfn,
					     unsigned long *hva, struct nptb_exception *why);

#endif /* NPTB_X86_GUEST_MEMORY_H */
