/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Turns between vCPUs whose attempts shield from each other all that there is.
 * Pure: ticks of the clock are passed in, and may wrap.
 *
 * A shield holds until its vCPU shows progress, or for at most a tick once it
 * defers another vCPU. Then the turn passes to whoever waits longest and still
 * wants in, and the shield that has deferred others for longest is broken.
 */
#ifndef NPTB_SET_CONTENTION_H
#define NPTB_SET_CONTENTION_H

#include "set/rset.h"

/**
 * struct nptb_turn - one vCPU's part in it
 * @next: of the same VM
 * @shield: its own
 * @place: its place in the queue while @waiting, smaller is earlier
 * @robbed: times that its shield was broken
 * @deferred_at: tick of the first fault of others that @shield deferred, valid
 *	while @blocking
 * @waiting_at: tick of its own last deferral, valid while @waiting
 * @blocking: its shield defers another vCPU
 * @waiting: it was deferred and has shown no progress since
 */
struct nptb_turn {
	struct nptb_turn *next;
	struct nptb_shield *shield;
	u64 place;
	u64 robbed;
	unsigned long deferred_at;
	unsigned long waiting_at;
	bool blocking;
	bool waiting;
};

/**
 * struct nptb_turns - the turns of one VM
 * @first: of its vCPUs, in no order that matters but where all else is equal
 * @places: given to waiting vCPUs
 */
struct nptb_turns {
	struct nptb_turn *first;
	u64 places;
};

void nptb_turns_add(struct nptb_turns *turns, struct nptb_turn *turn,
		    struct nptb_shield *shield);
struct nptb_turn *nptb_turns_take(struct nptb_turns *turns,
				  struct nptb_turn *own, unsigned long now);

/**
 * nptb_tick_over() - has a whole tick passed?
 * @since: tick at its beginning
 * @now: current tick
 *
 * One that was half over at its beginning does not count as one.
 *
 * Return: whether more than one tick lies between.
 */
static inline bool nptb_tick_over(unsigned long since, unsigned long now)
{
	return (long)(now - since) > 1;
}

/**
 * nptb_turn_end() - a vCPU has shown progress: it waits for nobody, and nobody
 * for it
 * @turn: its part
 */
static inline void nptb_turn_end(struct nptb_turn *turn)
{
	turn->blocking = false;
	turn->waiting = false;
}

#endif /* NPTB_SET_CONTENTION_H */
