/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of a VM under budget: what it may have, and what is reserved. How
 * they are read and written without a lock: budget/reservation.h.
 */
#ifndef NPTB_OBJECT_ACCOUNT_H
#define NPTB_OBJECT_ACCOUNT_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/stddef.h>
#include <linux/types.h>

/* Leaves that one fault may make: mmu_set_spte()'s hook keeps it so. */
#define NPTB_NEED	1

/*
 * Faults take a longer way: the policy gives no shield (&nptb_policy_ops.bare),
 * there are pins, there are exempt frames, what is evicted is given up to the host,
 * several pages go at a time.
 */
#define NPTB_SPECIAL_BARE	BIT(0)
#define NPTB_SPECIAL_PIN	BIT(1)
#define NPTB_SPECIAL_EXEMPT	BIT(2)
#define NPTB_SPECIAL_RECLAIM	BIT(3)
#define NPTB_SPECIAL_BATCH	BIT(4)

/**
 * struct nptb_account - what a VM may have
 * @reserved: leaves that faults under way may make; raised before KVM's count
 *	is read, lowered after it was
 * @limit: the budget in force now, pages; written before @reserved is read
 * @lent: pages lent over @limit; written under &nptb_vm.lock
 * @special: NPTB_SPECIAL_* bits: faults of this VM take a longer way
 * @tdp_mmu: its own tables are the TDP MMU's, where a frame is one leaf
 */
struct nptb_account {
	/* Written by every fault: what is mostly read has a line of its own. */
	atomic64_t reserved ____cacheline_aligned_in_smp;

	/* Read by every fault. */
	u64 limit ____cacheline_aligned_in_smp;
	u64 lent;
	u32 special;
	bool tdp_mmu;
};

static_assert(offsetof(struct nptb_account, limit) % SMP_CACHE_BYTES == 0);
static_assert(offsetof(struct nptb_account, limit) -
	      offsetof(struct nptb_account, reserved) >= SMP_CACHE_BYTES);

/**
 * enum nptb_reservation_state - of the leaf that a vCPU's fault may make
 * @NPTB_RESERVATION_NONE: there is none, or it cannot be revoked
 * @NPTB_RESERVATION_HELD: it may be made
 * @NPTB_RESERVATION_REVOKED: it may not be made any more
 */
enum nptb_reservation_state {
	NPTB_RESERVATION_NONE,
	NPTB_RESERVATION_HELD,
	NPTB_RESERVATION_REVOKED,
};

/**
 * struct nptb_reservation - the leaf that a vCPU's fault may make
 * @state: enum nptb_reservation_state; changed by cmpxchg where another vCPU
 *	revokes
 * @since: jiffies when @state became %NPTB_RESERVATION_HELD
 */
struct nptb_reservation {
	u32 state;
	unsigned long since;
};

#endif /* NPTB_OBJECT_ACCOUNT_H */
