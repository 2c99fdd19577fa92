/* SPDX-License-Identifier: GPL-2.0-only */
/* What is counted of a VM. */
#ifndef NPTB_OBJECT_STATS_H
#define NPTB_OBJECT_STATS_H

#include <nptbudget.h>

/**
 * struct nptb_stats - counters of a VM, in the order of "stats"
 * @verdict: faults by how they ended, see enum nptb_verdict
 * @evictions: leaves zapped to make room
 * @stale: victims that KVM had taken away already
 * @revoked: reservations taken back from vCPUs that had them for long
 * @flushes: times that all leaves were zapped at once
 * @loops: attempts that became a fault loop
 * @loops_event: of these, in event deliveries
 * @laps: rounds of all loops
 * @contention: faults on pages that other vCPUs had taken
 * @instructions: emulated in place of mapping
 * @carried: of these, carried out by ourselves
 * @irets: of these, returns from interrupts
 * @deliveries: events delivered by ourselves
 * @refused: instructions and deliveries that could not be emulated
 * @lent: pages lent, in sum
 * @lent_peak: pages lent at a time, at most
 * @lent_ns: for which pages were lent, over all vCPUs
 * @peak: most resident pages seen after a fault, since the write that put the
 *	VM under its budget was done
 */
struct nptb_stats {
	u64 verdict[NPTB_VERDICT_NR];
	u64 evictions;
	u64 stale;
	u64 revoked;
	u64 flushes;
	u64 loops;
	u64 loops_event;
	u64 laps;
	u64 contention;
	u64 instructions;
	u64 carried;
	u64 irets;
	u64 deliveries;
	u64 refused;
	u64 lent;
	u64 lent_peak;
	u64 lent_ns;
	u64 peak;
};

#endif /* NPTB_OBJECT_STATS_H */
