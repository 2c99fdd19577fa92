/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NPTB_ST_NATIVE_GUEST_MEMORY_H
#define NPTB_ST_NATIVE_GUEST_MEMORY_H

#include "backend.h"
#include "x86/soft/soft.h"

enum nptb_soft_end nptb_kvm_may_write_linear(void *ctx, u64 linear, u32 len,
					     struct nptb_exception *why);

enum nptb_soft_end nptb_kvm_writable_address(void *vcpu, u64 linear, gfn_t *gfn,
					     unsigned long *hva, struct nptb_exception *why);

static inline bool nptb_kvm_checks_alignment(const struct nptb_soft *soft)
{
	(void)soft;
	return false;
}

#endif /* NPTB_ST_NATIVE_GUEST_MEMORY_H */
