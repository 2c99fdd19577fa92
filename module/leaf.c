// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves that KVM makes in places of its own: the shadow MMU's, of which one
 * fault would make several.
 */
#include "nptb.h"

/**
 * nptb_handle_set_spte() - the shadow MMU makes a leaf
 * @set: what it was called with
 *
 * What it maps ahead of need (the neighbours of a page that faulted, and on 6.1
 * what the guest has invalidated) is left out: so one fault makes one leaf at
 * most. What a fault maps is noted for it: KVM alone knows the frame for sure.
 *
 * Context: mmu_lock held for write; the vCPU's thread.
 * Return: as mmu_set_spte(); nobody looks at it where nothing faulted.
 */
int nptb_handle_set_spte(const struct nptb_set_spte *set)
{
	struct nptb_vm *vm = nptb_vm_armed(nptb_kvm_of(set->vcpu));
	u32 idx = nptb_kvm_vcpu_idx(set->vcpu);
	struct nptb_vcpu *v = NULL;
	u64 made = NPTB_KEY_NONE;
	int ret;

	if (vm && !set->fault)
		return 0;
	if (vm && idx < vm->max_vcpus)
		v = READ_ONCE(vm->vcpus[idx]);
	ret = nptb_kvm_set_spte(set, &made);
	if (v && made != NPTB_KEY_NONE)
		v->made = made;
	return ret;
}
