// SPDX-License-Identifier: GPL-2.0-only
/* Faults that are not handled: of a guest that is private, or for want of memory. */
#include "backend.h"
#include "fault/refuse.h"
#include "hook.h"
#include "object/vcpu.h"
#include "object/vm.h"

/*
 * No memory for our books: the fault fails as it does where KVM has none for a
 * page table. KVM_RUN returns ENOMEM, and may be called again.
 */
int nptb_no_memory(struct nptb_vm *vm)
{
	spin_lock(&vm->lock);
	vm->stats.verdict[NPTB_VERDICT_ERROR]++;
	spin_unlock(&vm->lock);
	return -ENOMEM;
}

/*
 * A guest that is private cannot be held to a budget: it loses it, aloud. Step aside
 * until then: KVM runs as always.
 */
int nptb_refuse(struct nptb_vm *vm, struct kvm_vcpu *vcpu, gpa_t gpa,
		u64 error_code, void *insn, int insn_len)
{
	queue_work(nptb_wq, &vm->attach.refuse_work);
	spin_lock(&vm->lock);
	vm->stats.verdict[NPTB_VERDICT_PASSED]++;
	WRITE_ONCE(vm->resident.untracked, true);
	spin_unlock(&vm->lock);
	return nptb_kvm_fault(vcpu, gpa, error_code, insn, insn_len);
}

/* Asked anew as long as it is not: the books may be of an earlier budget. */
bool nptb_is_readable(struct nptb_vcpu *v, struct kvm_vcpu *vcpu)
{
	v->readable = !nptb_kvm_protected(vcpu) && nptb_kvm_readable(vcpu);
	return v->readable;
}
