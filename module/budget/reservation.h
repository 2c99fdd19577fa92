/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may be made: leaves are reserved before they are made. Inline, for every
 * fault does it.
 *
 * Raise what is reserved first, then read KVM's count, then the limit:
 * - a leaf that was reserved is seen in one of the two until it is in both;
 * - a smaller limit is seen here, or the reservation is seen by nptb_shrink().
 */
#ifndef NPTB_BUDGET_RESERVATION_H
#define NPTB_BUDGET_RESERVATION_H

#include "backend.h"
#include "hook.h"
#include "object/vcpu.h"
#include "object/vm.h"

/* What a VM may have in all. */
static inline u64 nptb_limit(const struct nptb_vm *vm)
{
	return READ_ONCE(vm->account.limit) + READ_ONCE(vm->account.lent);
}

/**
 * nptb_unreserve() - return what was reserved
 * @vm: that it was reserved for
 */
static inline void nptb_unreserve(struct nptb_vm *vm)
{
	atomic64_sub(NPTB_NEED, &vm->account.reserved);
}

/* Leaves for which there is room beside so many that are reserved. */
static __always_inline s64 nptb_room_beside(struct nptb_vm *vm, u64 reserved)
{
	return nptb_limit(vm) - (nptb_kvm_leaves(vm->kvm) + reserved);
}

/**
 * nptb_reserve() - reserve one fault's leaves, evicting nothing
 * @vm: under budget
 *
 * Return: leaves for which there is room beside them. Less than 0: nothing was
 * reserved. Otherwise nptb_unreserve() when they are noted.
 */
static __always_inline s64 nptb_reserve(struct nptb_vm *vm)
{
	u64 reserved = atomic64_add_return(NPTB_NEED, &vm->account.reserved);
	s64 room = nptb_room_beside(vm, reserved);

	if (unlikely(room < 0))
		nptb_unreserve(vm);
	return room;
}

/* The same, but what would have to be given back at once is not taken. */
static __always_inline s64 nptb_reserve_if_room(struct nptb_vm *vm)
{
	u64 reserved = atomic64_read(&vm->account.reserved) + NPTB_NEED;
	s64 room = nptb_room_beside(vm, reserved);

	return room < 0 ? room : nptb_reserve(vm);
}

/**
 * nptb_reservation_begin() - a leaf was reserved for a fault, and may be revoked
 * @v: of the vCPU; its own thread
 */
static inline void nptb_reservation_begin(struct nptb_vcpu *v)
{
	v->reservation.since = jiffies;
	WRITE_ONCE(v->reservation.state, NPTB_RESERVATION_HELD);
}

/**
 * nptb_reservation_end() - the fault is over
 * @v: of the vCPU; its own thread
 *
 * Return: false where the reservation was revoked: it is not to be given back.
 */
static inline bool nptb_reservation_end(struct nptb_vcpu *v)
{
	if (likely(xchg(&v->reservation.state, NPTB_RESERVATION_NONE) !=
		   NPTB_RESERVATION_REVOKED))
		return true;
	nptb_hook_unask();
	return false;
}

/**
 * nptb_read_only() - have a page mapped for reading where writes to it are logged
 * @v: whose fault only reads; its own thread
 * @vcpu: the same, of KVM
 * @key: of the frame, or %NPTB_KEY_NONE where that is not known
 *
 * Until nptb_read_only_end().
 *
 * Context: kvm->srcu held.
 */
static inline void nptb_read_only(struct nptb_vcpu *v, struct kvm_vcpu *vcpu, u64 key)
{
	if (likely(!nptb_kvm_logs_writes(vcpu, key)))
		return;
	v->mapping.read_only = true;
	nptb_hook_ask();
}

/* The fault that nptb_read_only() was about is over. */
static inline void nptb_read_only_end(struct nptb_vcpu *v)
{
	if (likely(!v->mapping.read_only))
		return;
	v->mapping.read_only = false;
	nptb_hook_unask();
}

bool nptb_may_map(struct nptb_vm *vm, struct nptb_vcpu *v);
bool nptb_revoke(struct nptb_vm *vm, struct nptb_vcpu *v);

#endif /* NPTB_BUDGET_RESERVATION_H */
