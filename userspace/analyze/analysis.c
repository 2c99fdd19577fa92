// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/analysis.h"
#include "base/util.h"

const char *const analysis_roles[ROLE_NR] = {
	"code", "data_read", "data_write", "guest_tables", "event_delivery",
};

/**
 * analysis_init() - begin
 * @a: for analysis_free()
 */
void analysis_init(struct analysis *a)
{
	memset(a, 0, sizeof(*a));
	index_init(&a->pages, sizeof(struct page_stat), ANALYSIS_PAGES);
	index_init(&a->rips, sizeof(struct rip_stat), ANALYSIS_RIPS);
	index_init(&a->loops, sizeof(struct loop_stat), ANALYSIS_LOOPS);
}

static enum analysis_role role_of(const struct rec_event *e)
{
	const char *access = rec_access(e);

	if (*access == 'w' && access[1] == 'a')
		return ROLE_TABLE;
	if (e->event != NPTB_EVENT_NONE)
		return ROLE_EVENT;
	return *access == 'f' ? ROLE_CODE : *access == 'w' ? ROLE_WRITE : ROLE_READ;
}

static int feed_page(struct analysis *a, const struct rec_event *e, enum analysis_role role)
{
	struct page_stat *page;
	uint64_t distance;
	unsigned int bucket = 0;
	int ret;

	if (e->as == 255)
		return 0;
	ret = index_get(&a->pages, page_key(e->vm, e->as, e->gfn), &page);
	if (ret == -ENOSPC)
		a->other_pages++;
	if (ret < 0)
		return ret == -ENOSPC ? 0 : ret;
	page->faults++;
	page->role |= BIT(role);
	page->vcpus |= BIT_ULL(e->vcpu < 63 ? e->vcpu : 63);
	/* A page that the module had was not wanted anew, but with another permission. */
	if (!rec_is_mapped(e) || e->known)
		return 0;
	page->mapped++;
	ret = reuse_touch(&a->reuse, (uint32_t)(((char *)page - a->pages.entry) / a->pages.size),
			  &distance);
	if (ret)
		return ret;
	if (distance == REUSE_FIRST) {
		a->first++;
		return 0;
	}
	for (; distance; distance >>= 1)
		bucket++;
	a->distance[bucket < REUSE_BUCKETS ? bucket : REUSE_BUCKETS - 1]++;
	return 0;
}

static int feed_fault(struct analysis *a, const struct rec_event *e)
{
	enum analysis_role role = role_of(e);
	struct rip_stat *rip;
	int ret;

	a->faults++;
	a->role[role]++;
	a->verdict[e->verdict < VERDICTS ? e->verdict : NPTB_VERDICT_ERROR]++;
	if (e->resident > a->peak)
		a->peak = e->resident;
	ret = index_get(&a->rips, e->rip, &rip);
	if (ret == -ENOSPC)
		a->other_rips++;
	else if (ret < 0)
		return ret;
	else
		rip->faults++;
	return feed_page(a, e, role);
}

static int feed_evict(struct analysis *a, const struct rec_event *e)
{
	struct page_stat *page;
	int ret;

	if (e->reason == NPTB_EVICT_FLUSH) {
		a->flushes++;
		return 0;
	}
	a->evictions++;
	a->own += e->own;
	ret = index_get(&a->pages, page_key(e->vm, e->as, e->gfn), &page);
	if (ret >= 0)
		page->evictions++;
	return ret < 0 && ret != -ENOSPC ? ret : 0;
}

/* Reports come at laps 1, 2, 4 and so on of an attempt: the last one counts. */
static int feed_loop(struct analysis *a, const struct rec_event *e)
{
	uint64_t key = (e->rip * 31 + (uint64_t)e->vm) * 31 + e->class * 1024 +
		       (uint64_t)(e->vector + 1);
	struct loop_stat *loop;
	int ret = index_get(&a->loops, key, &loop);

	a->reports++;
	if (ret == -ENOSPC)
		a->other_loops++;
	if (ret < 0)
		return ret == -ENOSPC ? 0 : ret;
	if (ret || loop->last_attempt != e->attempt) {
		loop->times++;
		loop->last_laps = 0;
	}
	loop->vm = e->vm;
	loop->rip = e->rip;
	loop->class = e->class;
	loop->vector = e->vector;
	loop->last_attempt = e->attempt;
	if (e->laps > loop->last_laps)
		loop->laps += e->laps - loop->last_laps;
	loop->last_laps = e->laps;
	if (e->npages > loop->pages)
		loop->pages = e->npages;
	loop->insn_len = (uint8_t)(e->insn_len < NPTB_INSN_MAX ? e->insn_len : NPTB_INSN_MAX);
	if (loop->insn_len)
		memcpy(loop->insn, e->insn, loop->insn_len);
	return 0;
}

/**
 * analysis_feed() - an event; a recording_fn
 * @r: the recording
 * @e: the event
 * @analysis: what came of it so far
 *
 * Return: 0 or -ENOMEM.
 */
int analysis_feed(const struct recording *r, const struct rec_event *e, void *analysis)
{
	(void)r;
	switch (e->kind) {
	case REC_FAULT:
		return feed_fault(analysis, e);
	case REC_EVICT:
		return feed_evict(analysis, e);
	case REC_LOOP:
		return feed_loop(analysis, e);
	default:
		return 0;
	}
}

/**
 * analysis_shared() - pages that more than one vCPU faulted on
 * @a: what came of a recording
 */
uint64_t analysis_shared(const struct analysis *a)
{
	const struct page_stat *page;
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < a->pages.nr; i++) {
		page = index_at(&a->pages, i);
		n += !!(page->vcpus & (page->vcpus - 1));
	}
	return n;
}

static int by(uint64_t a, uint64_t b, uint64_t ka, uint64_t kb)
{
	if (a != b)
		return a < b ? 1 : -1;
	return (ka > kb) - (ka < kb);
}

/* The most first, and among equals the smallest key. */
int page_by_faults(const void *a, const void *b)
{
	const struct page_stat *x = a, *y = b;

	return by(x->faults, y->faults, x->key, y->key);
}

int page_by_key(const void *a, const void *b)
{
	const struct page_stat *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

int rip_by_faults(const void *a, const void *b)
{
	const struct rip_stat *x = a, *y = b;

	return by(x->faults, y->faults, x->key, y->key);
}

int loop_by_laps(const void *a, const void *b)
{
	const struct loop_stat *x = a, *y = b;

	return by(x->laps, y->laps, x->rip, y->rip);
}

/**
 * analysis_top() - put entries in order; nothing can be fed any more
 * @t: a table
 * @order: of its entries
 */
void analysis_top(struct index *t, int (*order)(const void *a, const void *b))
{
	if (t->nr)
		qsort(t->entry, t->nr, t->size, order);
	free(t->slot);
	t->slot = NULL;
	t->slots = 0;
}

/**
 * analysis_free() - free it
 * @a: what came of a recording
 */
void analysis_free(struct analysis *a)
{
	index_free(&a->pages);
	index_free(&a->rips);
	index_free(&a->loops);
	reuse_free(&a->reuse);
}
