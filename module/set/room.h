/* SPDX-License-Identifier: GPL-2.0-only */
/* The arithmetic of the budget: KVM's count and our belief. Pure. */
#ifndef NPTB_SET_ROOM_H
#define NPTB_SET_ROOM_H

#include "set/rset.h"

/**
 * enum nptb_room - what the budget says to more leaves
 * @NPTB_ROOM_YES: there is room
 * @NPTB_ROOM_EVICT: only after an eviction
 * @NPTB_ROOM_WAIT: others are between mapping a page and saying so; KVM's count
 *	and what was reserved overlap, and will tell in a moment
 */
enum nptb_room {
	NPTB_ROOM_YES,
	NPTB_ROOM_EVICT,
	NPTB_ROOM_WAIT,
};

/**
 * nptb_room() - may more leaves be made?
 * @set: the belief
 * @leaves: KVM's count of leaves, in pages, or of those that count
 * @reserved: leaves that faults under way may still make, or have just made
 * @need: leaves that this fault may make
 * @limit: most that there may be
 *
 * Only KVM's count can say yes. Where it says no, but the belief has room and
 * faults are under way, some leaf is counted twice, by KVM and as reserved. More
 * leaves than that explains are none of ours: there waiting is no use.
 *
 * Return: see &enum nptb_room.
 */
static inline enum nptb_room nptb_room(const struct nptb_rset *set, u64 leaves,
				       u64 reserved, u64 need, u64 limit)
{
	if (leaves + reserved + need <= limit)
		return NPTB_ROOM_YES;
	if (reserved && leaves <= set->leaves + reserved &&
	    nptb_rset_counted(set) + reserved + need <= limit)
		return NPTB_ROOM_WAIT;
	return NPTB_ROOM_EVICT;
}

#endif /* NPTB_SET_ROOM_H */
