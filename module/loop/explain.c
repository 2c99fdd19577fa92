// SPDX-License-Identifier: GPL-2.0-only
/* Say what the pages of a loop are for, in the thread of the vCPU that loops. */
#include "backend.h"
#include "cpu.h"
#include "loop/explain.h"
#include "loop/record.h"
#include "object/fault.h"
#include "object/vm.h"
#include "set/attempt.h"

/* What is left over may be KVM's own. */
static void explain_pages(struct nptb_fault *fault)
{
	struct nptb_explain *explain = &fault->in.v->explain;
	u32 i;

	nptb_explain_pages(&fault->in.v->attempt, nptb_kvm_read, fault->in.vcpu, explain);
	for (i = 0; i < explain->npages; i++)
		explain->what[i] |= nptb_kvm_page_for(fault->in.vcpu, explain->key[i]);
}

/**
 * nptb_explain_ahead() - keep what an emulated instruction may change
 * @fault: will be explained; its instruction is about to be emulated
 *
 * The attempt keeps the registers, and the guest's tables are as they are then.
 *
 * Context: the vCPU's thread; kvm->srcu held.
 */
void nptb_explain_ahead(struct nptb_fault *fault)
{
	nptb_kvm_machine(fault->in.vcpu, &fault->in.v->explain.machine);
	fault->in.v->explain.attempt = fault->in.v->attempt.number;
	fault->in.v->explain.npages = 0;
}

/**
 * nptb_explain() - explain the loop that a fault has found
 * @fault: ended a lap whose record has been kept, or was emulated
 *
 * What cannot be had stays unknown: a record without it is right as it is.
 *
 * Context: the vCPU's thread; kvm->srcu held.
 */
void nptb_explain(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_attempt *attempt = &fault->in.v->attempt;
	struct nptb_explain *explain = &fault->in.v->explain;

	if (!fault->step.done && !fault->step.deliveries)
		nptb_kvm_machine(fault->in.vcpu, &explain->machine);
	else if (explain->attempt != attempt->number)
		return;
	explain_pages(fault);
	spin_lock(&vm->lock);
	nptb_loop_set_explain(vm->loops, attempt, explain);
	spin_unlock(&vm->lock);
}

/**
 * nptb_explain_end() - an attempt ends that was lent pages: explain these, too
 * @fault: shows its end
 *
 * Its registers were kept; the guest's tables are as they are now, after one
 * instruction more.
 *
 * Context: the vCPU's thread; kvm->srcu held.
 */
void nptb_explain_end(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_attempt *attempt = &fault->in.v->attempt;
	struct nptb_explain *explain = &fault->in.v->explain;

	if (explain->attempt != attempt->number ||
	    explain->npages == attempt->npages)
		return;
	explain_pages(fault);
	spin_lock(&vm->lock);
	nptb_loop_set_explain(vm->loops, attempt, explain);
	spin_unlock(&vm->lock);
}
