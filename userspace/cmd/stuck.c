// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fault loop that begins anew has made progress in between. One whose rounds grow
 * while it does not begin anew is the same attempt: nothing has been carried out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cmd/stuck.h"

static bool is_place(const struct stuck_place *p, const char *vm, const struct loop *l)
{
	return !strcmp(p->vm, vm) && p->rip == l->rip && p->cr3 == l->cr3 &&
	       p->vector == l->vector;
}

static struct stuck_place *place_of(struct stuck *s, const char *vm, const struct loop *l)
{
	struct stuck_place *more;
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (is_place(&s->place[i], vm, l))
			return &s->place[i];
	more = reallocarray(s->place, s->nr + 1, sizeof(*more));
	if (!more)
		return NULL;
	s->place = more;
	more += s->nr++;
	*more = (struct stuck_place){ .rip = l->rip, .cr3 = l->cr3, .vector = l->vector };
	strscpy(more->vm, vm, sizeof(more->vm));
	return more;
}

/* Pages that other vCPUs take come back: no loop. */
static bool is_loop(const struct loop *l)
{
	return !loop_is(l, NPTB_LOOP_CONTENTION);
}

static bool look_at(struct stuck *s, const char *vm, const struct loop *l, double now,
		    double patience)
{
	struct stuck_place *p = place_of(s, vm, l);

	if (!p)
		return false;
	if (p->times != l->times || p->laps == l->laps)
		p->since = now;
	p->times = l->times;
	p->laps = l->laps;
	if (now - p->since < patience)
		return false;
	s->found = true;
	s->at = (size_t)(p - s->place);
	return true;
}

/**
 * stuck_look() - look at the fault loops of all VMs
 * @s: what was seen before; zeroed at first
 * @r: the VMs
 * @now: seconds
 * @patience: seconds
 *
 * Return: whether one has gone on, without an end, for @patience.
 */
bool stuck_look(struct stuck *s, const struct report *r, double now, double patience)
{
	const struct loops *ls;
	bool stuck = false;
	size_t i, j;

	for (i = 0; i < r->nr && !stuck; i++) {
		ls = &r->vm[i].loops;
		for (j = 0; r->vm[i].alive && j < ls->nr && !stuck; j++)
			stuck = is_loop(&ls->loop[j]) &&
				look_at(s, r->vm[i].name, &ls->loop[j], now, patience);
	}
	return stuck;
}

/**
 * stuck_loop() - the fault loop to name
 * @s: what was seen
 * @r: the VMs
 *
 * Return: the one that is stuck, else the one with most rounds; NULL for none.
 */
const struct loop *stuck_loop(const struct stuck *s, const struct report *r)
{
	const struct loop *most = NULL, *l;
	size_t i, j;

	for (i = 0; i < r->nr; i++)
		for (j = 0; j < r->vm[i].loops.nr; j++) {
			l = &r->vm[i].loops.loop[j];
			if (s->found && is_place(&s->place[s->at], r->vm[i].name, l))
				return l;
			if (is_loop(l) && (!most || l->laps > most->laps))
				most = l;
		}
	return most;
}

/**
 * stuck_free() - forget what was seen
 * @s: it; zeroed afterwards
 */
void stuck_free(struct stuck *s)
{
	free(s->place);
	*s = (struct stuck){ 0 };
}
