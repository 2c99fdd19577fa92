// SPDX-License-Identifier: GPL-2.0-only
/* All leaves of a VM at once: those that no list has can go in no other way. */
#include "backend.h"
#include "budget/backing.h"
#include "budget/flush.h"
#include "object/vm.h"
#include "trace.h"

/**
 * nptb_flush() - zap every leaf of a VM
 * @vm: alive, nptb_vm.life held, or a vCPU's own thread
 * @vcpu: index of the vCPU that needs it, or -1
 *
 * Context: may sleep.
 */
void nptb_flush(struct nptb_vm *vm, s32 vcpu)
{
	/* Before: what is made meanwhile may be untracked again. */
	WRITE_ONCE(vm->resident.untracked, false);
	nptb_kvm_evict_all(vm->kvm);
	nptb_backing_soon(vm);
	trace_nptb_evict(vm, vcpu, 0, NPTB_EVICT_FLUSH, false);
	spin_lock(&vm->lock);
	vm->stats.flushes++;
	spin_unlock(&vm->lock);
}
