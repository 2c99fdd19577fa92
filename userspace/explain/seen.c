// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "explain/explain.h"
#include "explain/seen.h"
#include "base/util.h"

/* Loops that are asked about in one run. */
#define SEEN_MAX	256

/**
 * struct seen_loop - a loop that was asked about
 * @vm: name of its VM
 * @l: its vCPU, RIP, CR3 and event; its walks
 */
struct seen_loop {
	char vm[VM_NAME_MAX];
	struct loop l;
};

static bool same_place(const struct loop *a, const struct loop *b)
{
	return a->vcpu == b->vcpu && a->rip == b->rip && a->cr3 == b->cr3 &&
	       a->vector == b->vector && !strcmp(a->event, b->event);
}

static struct seen_loop *find(struct seen *seen, const char *vm, const struct loop *l)
{
	size_t i;

	for (i = 0; i < seen->nr; i++)
		if (!strcmp(seen->loop[i].vm, vm) && same_place(&seen->loop[i].l, l))
			return &seen->loop[i];
	return NULL;
}

static struct seen_loop *add(struct seen *seen, const char *vm, const struct loop *l)
{
	struct seen_loop *more;

	if (seen->nr == SEEN_MAX)
		return NULL;
	more = realloc(seen->loop, (seen->nr + 1) * sizeof(*more));
	if (!more)
		return NULL;
	seen->loop = more;
	more += seen->nr++;
	memset(more, 0, sizeof(*more));
	strscpy(more->vm, vm, sizeof(more->vm));
	more->l = *l;
	more->l.nr = 0;
	more->l.page = NULL;
	more->l.nr_walks = 0;
	more->l.walk = NULL;
	return more;
}

/* With the registers of now; the vCPU may loop here again if there is no answer. */
static void ask(struct seen_loop *s, const struct loop *l)
{
	struct loop now = *l;

	now.nr_walks = 0;
	now.walk = NULL;
	explain_ask(s->vm, &now);
	s->l.nr_walks = now.nr_walks;
	s->l.walk = now.walk;
}

/**
 * seen_ask() - ask about loops that are new, while they last
 * @seen: those that were asked about
 * @r: what is known now
 */
void seen_ask(struct seen *seen, struct report *r)
{
	struct seen_loop *s;
	size_t v, i;

	for (v = 0; v < r->nr; v++) {
		for (i = 0; r->vm[v].alive && i < r->vm[v].loops.nr; i++) {
			struct loop *l = &r->vm[v].loops.loop[i];

			s = find(seen, r->vm[v].name, l);
			if (!s)
				s = add(seen, r->vm[v].name, l);
			if (s && !s->l.nr_walks)
				ask(s, l);
		}
	}
}

/**
 * seen_fill() - give loops the answers that there were
 * @seen: loops that were asked about; their answers are moved
 * @r: the report at the end
 */
void seen_fill(struct seen *seen, struct report *r)
{
	struct seen_loop *s;
	size_t v, i;

	for (v = 0; v < r->nr; v++) {
		for (i = 0; i < r->vm[v].loops.nr; i++) {
			struct loop *l = &r->vm[v].loops.loop[i];

			s = find(seen, r->vm[v].name, l);
			if (!s || l->nr_walks)
				continue;
			l->walk = s->l.walk;
			l->nr_walks = s->l.nr_walks;
			s->l.walk = NULL;
			s->l.nr_walks = 0;
		}
	}
}

/**
 * seen_free() - drop all
 * @seen: empty afterwards
 */
void seen_free(struct seen *seen)
{
	size_t i;

	for (i = 0; i < seen->nr; i++)
		free(seen->loop[i].l.walk);
	free(seen->loop);
	seen->loop = NULL;
	seen->nr = 0;
}
