/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may be made: leaves are granted before they are made. Inline, for every
 * fault does it.
 *
 * Raise what is granted first, then read KVM's count, then the limit:
 * - a leaf that was granted is seen in one of the two until it is in both;
 * - a smaller limit is seen here, or the grant is seen by nptb_shrink().
 */
#ifndef NPTB_BUDGET_RESERVATION_H
#define NPTB_BUDGET_RESERVATION_H

#include "backend.h"
#include "object/vm.h"

/* What a VM may have in all. */
static inline u64 nptb_limit(const struct nptb_vm *vm)
{
	return READ_ONCE(vm->limit) + READ_ONCE(vm->lent);
}

/**
 * nptb_ungrant() - return what was granted
 * @vm: that it was granted to
 */
static inline void nptb_ungrant(struct nptb_vm *vm)
{
	atomic64_sub(NPTB_NEED, &vm->granted);
}

/* Leaves for which there is room beside so many that are granted. */
static __always_inline s64 nptb_room_beside(struct nptb_vm *vm, u64 granted)
{
	return nptb_limit(vm) - (nptb_kvm_leaves(vm->kvm) + granted);
}

/**
 * nptb_grant() - have one fault's leaves granted, evicting nothing
 * @vm: under budget
 *
 * Return: leaves for which there is room beside them. Less than 0: nothing was
 * granted. Otherwise nptb_ungrant() when they are noted.
 */
static __always_inline s64 nptb_grant(struct nptb_vm *vm)
{
	u64 granted = atomic64_add_return(NPTB_NEED, &vm->granted);
	s64 room = nptb_room_beside(vm, granted);

	if (unlikely(room < 0))
		nptb_ungrant(vm);
	return room;
}

/* The same, but what would have to be given back at once is not taken. */
static __always_inline s64 nptb_grant_if_room(struct nptb_vm *vm)
{
	u64 granted = atomic64_read(&vm->granted) + NPTB_NEED;
	s64 room = nptb_room_beside(vm, granted);

	return room < 0 ? room : nptb_grant(vm);
}

/**
 * nptb_hold() - a leaf was granted to a fault, and may be revoked
 * @v: of the vCPU; its own thread
 */
static inline void nptb_hold(struct nptb_vcpu *v)
{
	v->held_since = jiffies;
	WRITE_ONCE(v->hold, NPTB_HOLD_GRANTED);
}

/**
 * nptb_hold_end() - the fault is over
 * @v: of the vCPU; its own thread
 *
 * Return: false where the grant was revoked: it is not to be given back.
 */
static inline bool nptb_hold_end(struct nptb_vcpu *v)
{
	return xchg(&v->hold, NPTB_HOLD_NONE) != NPTB_HOLD_REVOKED;
}

bool nptb_may_map(struct nptb_vm *vm, struct nptb_vcpu *v);
bool nptb_revoke(struct nptb_vm *vm, struct nptb_vcpu *v);
bool nptb_read_only(struct kvm_vcpu *vcpu, u64 key);
void nptb_hold_exit(void);

#endif /* NPTB_BUDGET_RESERVATION_H */
