/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes of a guest's next instruction, for KVM's emulator. On its own it
 * walks the guest's page tables for them at every instruction, which is nearly
 * half of what an instruction costs there.
 */
#ifndef NPTB_X86_FETCH_H
#define NPTB_X86_FETCH_H

#include "backend.h"

u32 nptb_kvm_fetch(struct kvm_vcpu *vcpu, struct nptb_fetch *fetch, u8 *insn);

#endif /* NPTB_X86_FETCH_H */
