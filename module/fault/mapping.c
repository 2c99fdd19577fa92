// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves that KVM makes in places of its own: the shadow MMU's, of which one
 * fault would make several, and those that no fault asked for.
 */
#include "backend.h"
#include "budget/account.h"
#include "budget/frames.h"
#include "budget/reservation.h"
#include "budget/table.h"
#include "budget/wait.h"
#include "fault/mapping.h"
#include "hook.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/policy.h"
#include "set/rset.h"

/* The VM of a vCPU that runs this, if it is under budget. */
static struct nptb_vm *armed(struct kvm_vcpu *vcpu)
{
	struct nptb_watch *watch = nptb_watch_find(nptb_kvm_of(vcpu));

	return watch ? container_of(watch, struct nptb_vm, watch) : NULL;
}

/**
 * nptb_handle_set_spte() - the shadow MMU makes a leaf
 * @vcpu: whose thread this is
 * @ahead: no fault wants it
 * @set: what KVM was called with
 *
 * What it maps ahead of need (the neighbours of a page that faulted, and on 6.1
 * what the guest has invalidated) is left out: so one fault makes one leaf at
 * most. What a fault maps is noted for it: KVM alone knows the frame for sure.
 *
 * Context: mmu_lock held for write; the vCPU's thread.
 * Return: as mmu_set_spte(); nobody looks at it where nothing faulted.
 */
int nptb_handle_set_spte(struct kvm_vcpu *vcpu, bool ahead,
			 const struct nptb_set_spte *set)
{
	struct nptb_vm *vm = armed(vcpu);
	u32 idx = nptb_kvm_vcpu_idx(vcpu);
	struct nptb_vcpu *v = NULL;
	u64 made = NPTB_KEY_NONE;
	int ret;

	if (vm && ahead)
		return 0;
	if (vm)
		v = nptb_vm_known_vcpu(vm, idx);
	if (v && !nptb_may_map(vm, v))
		return NPTB_KVM_RETRY;
	ret = nptb_kvm_set_spte(set, v && v->mapping.read_only, &made);
	if (v && made != NPTB_KEY_NONE)
		v->mapping.made = made;
	return ret;
}

/**
 * nptb_handle_map() - the TDP MMU makes a leaf
 * @vcpu: whose thread this is
 * @fault: KVM's
 *
 * Called where nptb_hook_ask() was, for whichever fault, and for faults on a leaf that was
 * there. What is only read is mapped for reading where writes are logged: see
 * nptb_read_only().
 *
 * A fault on a leaf that was there may have gone past us: nothing is reserved for it. It
 * may change that leaf. Where somebody has taken it away since, the guest is to fault
 * again, on a page without one.
 *
 * Context: mmu_lock held for read.
 * Return: %NPTB_KVM_CONTINUE; %NPTB_KVM_RETRY where its reservation was revoked, or there
 * was none to begin with: it is not mapped, and the fault comes again.
 */
int nptb_handle_map(struct kvm_vcpu *vcpu, void *fault)
{
	struct nptb_vm *vm = armed(vcpu);
	u32 idx = nptb_kvm_vcpu_idx(vcpu);
	struct nptb_vcpu *v = NULL;

	if (vm)
		v = nptb_vm_known_vcpu(vm, idx);
	if (v && !nptb_may_map(vm, v))
		return NPTB_KVM_RETRY;
	if (vm && !(v && v->mapping.inside) && !nptb_kvm_only_replaces(vcpu, fault))
		return NPTB_KVM_RETRY;
	if (v && v->mapping.read_only)
		nptb_kvm_map_read_only(fault);
	return NPTB_KVM_CONTINUE;
}

/*
 * A leaf was reserved, and may have been made, that no fault asked for: it belongs to no
 * attempt, but may be pinned or exempt.
 */
static void note_ahead(struct nptb_vm *vm, struct nptb_vcpu *v, u64 key)
{
	u64 made = v->mapping.made != NPTB_KEY_NONE ? v->mapping.made : key;
	u64 leaves = 0;

	spin_lock(&vm->lock);
	if (made != NPTB_KEY_NONE)
		leaves = nptb_kvm_frame_leaves(vm->kvm, made);
	if (vm->armed && leaves) {
		struct nptb_page *page;

		nptb_give_ahead(vm, made, v->mapping.made == NPTB_KEY_NONE);
		page = nptb_rset_find(&vm->resident.set, made);
		if (!page || !nptb_rset_set_leaves(&vm->resident.set, page, leaves))
			WRITE_ONCE(vm->resident.untracked, true);
	}
	/* In the set first: see NPTB_ROOM_WAIT. */
	nptb_unreserve(vm);
	if (vm->sleep.sleepers)
		nptb_wake(vm);
	spin_unlock(&vm->lock);
}

/* Books of the vCPU, and room for one leaf more; or nothing of it. */
static struct nptb_vcpu *begin_ahead(struct nptb_vm *vm, struct kvm_vcpu *vcpu,
				     u64 key)
{
	struct nptb_vcpu *v = nptb_vm_vcpu(vm, nptb_kvm_vcpu_idx(vcpu));

	if (!v || nptb_reserve(vm) < 0)
		return NULL;
	nptb_table_check(vm);
	v->mapping.made = NPTB_KEY_NONE;
	/* What is written after all is mapped anew. */
	nptb_read_only(v, vcpu, key);
	WRITE_ONCE(v->mapping.inside, current->pid);
	return v;
}

static void end_ahead(struct nptb_vm *vm, struct nptb_vcpu *v, u64 key)
{
	WRITE_ONCE(v->mapping.inside, 0);
	nptb_read_only_end(v);
	note_ahead(vm, v, key);
}

/**
 * nptb_handle_async_ready() - a page that a fault did not wait for is there
 * @vcpu: whose fault it was
 * @work: of KVM
 *
 * KVM would map it now, so that the guest does not fault again. It does where
 * there is room; otherwise the guest faults again, which makes room.
 *
 * Context: the vCPU's thread; may sleep; kvm->srcu held, mmu_lock not.
 */
void nptb_handle_async_ready(struct kvm_vcpu *vcpu, struct kvm_async_pf *work)
{
	struct nptb_vm *vm = armed(vcpu);
	struct nptb_vcpu *v;
	u64 key;

	if (!vm) {
		nptb_kvm_async_ready(vcpu, work);
		return;
	}
	key = nptb_kvm_async_key(vcpu, work);
	v = begin_ahead(vm, vcpu, key);
	if (!v)
		return;
	nptb_kvm_async_ready(vcpu, work);
	end_ahead(vm, v, key);
}

/**
 * nptb_handle_pre_fault() - KVM_PRE_FAULT_MEMORY asks for a page
 * @vcpu: by which it does
 * @range: what is still to be done
 *
 * It maps as long as there is room, and evicts nothing: what it would map only
 * to be evicted by what comes after is passed over.
 *
 * Context: user space's thread; may sleep; kvm->srcu held, mmu_lock not.
 * Return: bytes done with, or a negative error.
 */
long nptb_handle_pre_fault(struct kvm_vcpu *vcpu,
			   struct kvm_pre_fault_memory *range)
{
	struct nptb_vm *vm = armed(vcpu);
	struct nptb_vcpu *v;
	long ret;
	u64 key;

	if (!vm)
		return nptb_kvm_pre_fault(vcpu, range);
	key = nptb_kvm_key(vcpu, nptb_kvm_pre_fault_gpa(range));
	v = begin_ahead(vm, vcpu, key);
	if (!v)
		return nptb_kvm_has_memory(vcpu, key) ? PAGE_SIZE : -ENOENT;
	ret = nptb_kvm_pre_fault(vcpu, range);
	end_ahead(vm, v, key);
	return ret;
}
