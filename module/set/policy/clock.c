// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clock, the second chance: the oldest page goes, unless it was accessed since
 * the hand last passed; then it becomes the newest and the next one is looked
 * at: nptb_policy_second_chance(), inline for faults. Pure.
 *
 * The accessed bit is cleared without a flush: a translation that a CPU still
 * holds will not set it again, so a real CPU shows fewer accesses than there
 * were.
 */
#include "set/policy.h"

const struct nptb_policy_ops nptb_policy_clock = {
	.name = "clock",
	.second_chance = true,
};
