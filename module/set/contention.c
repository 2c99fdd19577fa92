// SPDX-License-Identifier: GPL-2.0-only
/* Whose turn it is to break a shield, and whose shield that is. Pure; see set/contention.h. */
#include "set/contention.h"

/**
 * nptb_turns_add() - a vCPU takes part
 * @turns: of its VM
 * @turn: its part, all zero
 * @shield: its shield
 */
void nptb_turns_add(struct nptb_turns *turns, struct nptb_turn *turn,
		    struct nptb_shield *shield)
{
	turn->shield = shield;
	turn->next = turns->first;
	turns->first = turn;
}

/* It was deferred: it has a place from the first time on. */
static void queue(struct nptb_turns *turns, struct nptb_turn *own,
		  unsigned long now)
{
	if (!own->waiting) {
		own->waiting = true;
		own->place = ++turns->places;
	}
	own->waiting_at = now;
}

/* All other shields defer it: which one has deferred others for longest? */
static struct nptb_turn *longest_blocking(struct nptb_turns *turns,
					  const struct nptb_turn *own,
					  unsigned long now)
{
	struct nptb_turn *longest = NULL, *turn;

	for (turn = turns->first; turn; turn = turn->next) {
		if (turn == own || !turn->shield->count)
			continue;
		if (!turn->blocking) {
			turn->blocking = true;
			turn->deferred_at = now;
		}
		if (!longest ||
		    (long)(turn->deferred_at - longest->deferred_at) < 0)
			longest = turn;
	}
	return longest;
}

/* Who has not come back within a tick wants in no more, and holds up nobody. */
static bool others_turn(const struct nptb_turns *turns,
			const struct nptb_turn *own, unsigned long now)
{
	const struct nptb_turn *turn;

	for (turn = turns->first; turn; turn = turn->next)
		if (turn != own && turn->waiting && turn->place < own->place &&
		    !nptb_tick_over(turn->waiting_at, now))
			return true;
	return false;
}

/**
 * nptb_turns_take() - take the turn, if it is a vCPU's own
 * @turns: of its VM
 * @own: the vCPU's part; all that it could evict is shielded by others
 * @now: current tick
 *
 * A vCPU that is deferred comes back with this until it gets on.
 *
 * Return: the part of the vCPU whose shield is broken: it was robbed, and what
 * it shields is to be settled. NULL where the shields hold.
 */
struct nptb_turn *nptb_turns_take(struct nptb_turns *turns,
				  struct nptb_turn *own, unsigned long now)
{
	struct nptb_turn *longest;

	queue(turns, own, now);
	longest = longest_blocking(turns, own, now);
	if (!longest || !nptb_tick_over(longest->deferred_at, now) ||
	    others_turn(turns, own, now))
		return NULL;
	longest->robbed++;
	longest->blocking = false;
	/* Its own shield has a whole tick from now on. */
	own->blocking = false;
	return longest;
}
