// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replay: recorded faults as references to pages, run through the module's own
 * resident set and policies (module/set/), with the shield of an
 * attempt's pages, and victims chosen in the order of module/budget/reclaim.c.
 *
 * A reference to a page that is there is a hit, unless the module had the page
 * when it was recorded: then no budget brought the fault on (another permission,
 * or the host took the page), and it comes again whatever the budget.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "module/set/rset.h"
#include "replay/replay.h"
#include "base/util.h"

#define BUCKET_BITS	12
/* Of the hash. What is replayed does not depend on it. */
#define MULTIPLIER	0x9e3779b97f4a7c15ULL

/**
 * struct page - a page of the set
 * @page: for the module's code
 * @accessed: its accessed bit
 */
struct page {
	struct nptb_page page;
	bool accessed;
};

/**
 * struct vcpu - a vCPU of the recording
 * @shield: pages of its current attempt
 * @attempt: the number of that, which its vCPU gave it
 * @began: references until it began: which of several vCPUs' is older
 */
struct vcpu {
	struct nptb_shield shield;
	unsigned long long attempt;
	unsigned long long began;
};

/**
 * struct replay - a replay under way
 * @set: the pages that are there
 * @limit: most of them
 * @bare: the policy gives no shield
 * @nr_vcpus: entries in @vcpu
 * @vcpu: by index
 * @attempts: that have begun
 * @next: for each fault, the number of the next one on the same page; NULL
 *	where the policy does not want to know
 * @mem: where that is
 * @counts: so far
 */
struct replay {
	struct nptb_rset set;
	unsigned long long limit;
	bool bare;
	size_t nr_vcpus;
	struct vcpu *vcpu;
	unsigned long long attempts;
	u64 *next;
	struct spill mem;
	struct replay_counts counts;
};

static struct page *page_of(struct nptb_page *page)
{
	return (struct page *)page;
}

static bool young(void *ctx, u64 key)
{
	struct replay *r = ctx;
	struct nptb_page *page = nptb_rset_find(&r->set, key);
	bool was = page && page_of(page)->accessed;

	if (page)
		page_of(page)->accessed = false;
	return was;
}

/**
 * replay_policy() - look a policy up by its name
 * @name: of the module's policies or one of the yardsticks
 *
 * Return: the policy, or NULL.
 */
const struct nptb_policy_ops *replay_policy(const char *name)
{
	if (!strcmp(name, replay_true_lru.name))
		return &replay_true_lru;
	if (!strcmp(name, replay_opt.name))
		return &replay_opt;
	return nptb_policy_find(name);
}

/* Faults that tell of no need for a page: see struct replay_counts. */
static bool left_out(const struct trace_fault *f)
{
	return f->as == 255 || f->verdict == NPTB_VERDICT_DEFERRED ||
	       f->verdict == NPTB_VERDICT_MMIO || f->verdict == NPTB_VERDICT_ERROR ||
	       f->verdict >= NPTB_VERDICT_PASSED;
}

/* KVM gave up on a race: room was made, but nothing was mapped. */
static bool was_given(const struct trace_fault *f)
{
	return f->verdict == NPTB_VERDICT_MAPPED || f->verdict == NPTB_VERDICT_SPURIOUS ||
	       f->verdict == NPTB_VERDICT_EMULATED;
}

/* Another vCPU's shield has to break: that of the attempt that began first. */
static bool break_shield(struct replay *r, struct vcpu *v)
{
	struct vcpu *first = NULL;
	size_t i;

	for (i = 0; i < r->nr_vcpus; i++) {
		struct vcpu *w = &r->vcpu[i];

		if (w != v && w->shield.count && (!first || w->began < first->began))
			first = w;
	}
	if (first)
		nptb_rset_settle(&r->set, &first->shield);
	return first;
}

/* As choose() of module/budget/reclaim.c; the page is no longer in the set. */
static struct nptb_page *choose(struct replay *r, struct vcpu *v, u64 key)
{
	struct nptb_page *page = nptb_rset_find(&r->set, key);

	if (page) {
		nptb_rset_take(&r->set, page);
		return page;
	}
	page = nptb_rset_victim(&r->set);
	if (!page && break_shield(r, v))
		page = nptb_rset_victim(&r->set);
	if (!page) {
		page = nptb_rset_own_victim(&r->set, &v->shield);
		r->counts.own += !!page;
	}
	return page;
}

static void make_room(struct replay *r, struct vcpu *v, u64 key)
{
	while (r->set.count >= r->limit) {
		struct nptb_page *page = choose(r, v, key);

		if (!page)
			return;
		r->counts.evictions++;
		free(page_of(page));
	}
}

static int give(struct replay *r, struct vcpu *v, u64 key, u64 next)
{
	struct page *spare = calloc(1, sizeof(*spare));
	struct nptb_page *page;
	bool used;

	if (!spare)
		return -ENOMEM;
	used = r->bare ? nptb_rset_charge_newest(&r->set, key, &spare->page) :
			 nptb_rset_give(&r->set, key, &spare->page, &v->shield);
	if (!used)
		free(spare);
	page = nptb_rset_find(&r->set, key);
	/* KVM maps with the accessed bit set. */
	page_of(page)->accessed = true;
	if (r->next)
		page->stamp = next;
	return 0;
}

/* A new attempt has begun: what the last one was given may go. */
static void settle_ended(struct replay *r, struct vcpu *v, const struct trace_fault *f)
{
	if (v->attempt == f->attempt)
		return;
	nptb_rset_settle(&r->set, &v->shield);
	v->attempt = f->attempt;
	v->began = ++r->attempts;
}

/* The module sees no hits: but for the accessed bit nothing of it changes. */
static void hit(struct replay *r, const struct trace_fault *f, struct nptb_page *page, u64 next)
{
	r->counts.hits++;
	page_of(page)->accessed = true;
	if (r->next)
		page->stamp = next;
	if (r->set.policy.ops != &replay_true_lru)
		return;
	settle_ended(r, &r->vcpu[f->vcpu], f);
	if (!page->shield)
		nptb_policy_renew(&r->set.policy, page);
}

static int reference(struct replay *r, const struct trace_fault *f, u64 next)
{
	u64 key = nptb_key(f->as, f->gfn);
	struct nptb_page *page = nptb_rset_find(&r->set, key);
	struct vcpu *v = &r->vcpu[f->vcpu];

	r->counts.faults++;
	if (page && !f->known) {
		hit(r, f, page, next);
		return 0;
	}
	settle_ended(r, v, f);
	make_room(r, v, key);
	if (!was_given(f))
		return 0;
	r->counts.misses++;
	return give(r, v, key, next);
}

/*
 * For each fault the number of the next one on the same page, from behind. A
 * second set serves as a map from pages to numbers.
 */
static int look_ahead(struct replay *r, const struct trace_vm *vm)
{
	struct nptb_page **buckets = calloc(1u << BUCKET_BITS, sizeof(struct nptb_page *));
	struct nptb_page *page, *next;
	u64 at = NPTB_WALK_BEGIN;
	struct nptb_rset last;
	int err = 0;
	size_t i;

	if (!buckets)
		return -ENOMEM;
	err = spill_grow(&r->mem, vm->nr * sizeof(*r->next));
	r->next = r->mem.at;
	nptb_rset_init(&last, buckets, BUCKET_BITS, MULTIPLIER);
	nptb_policy_init(&last.policy, &nptb_policy_fifo, NULL, NULL);
	for (i = vm->nr; !err && i--;) {
		u64 key = nptb_key(vm->fault[i].as, vm->fault[i].gfn);

		page = nptb_rset_find(&last, key);
		r->next[i] = page ? page->stamp : ~0ULL;
		if (!page) {
			page = calloc(1, sizeof(*page));
			if (page)
				nptb_rset_charge(&last, key, page);
			else
				err = -ENOMEM;
		}
		if (page)
			page->stamp = i;
	}
	for (page = nptb_rset_drain(&last, &at, ~0U); page; page = next) {
		next = page->hash;
		free(page);
	}
	free(buckets);
	return err;
}

static int begin(struct replay *r, const struct trace_vm *vm, const struct replay_args *args)
{
	struct nptb_page **buckets = calloc(1u << BUCKET_BITS, sizeof(struct nptb_page *));
	u64 keep = args->policy->keep;
	size_t i;

	r->bare = args->policy->bare;
	r->limit = keep && keep < args->pages ? keep : args->pages;
	for (i = 0; i < vm->nr; i++)
		if (vm->fault[i].vcpu >= r->nr_vcpus)
			r->nr_vcpus = vm->fault[i].vcpu + 1;
	r->vcpu = calloc(r->nr_vcpus + 1, sizeof(*r->vcpu));
	if (!buckets || !r->vcpu) {
		free(buckets);
		return -ENOMEM;
	}
	for (i = 0; i < r->nr_vcpus; i++)
		nptb_shield_init(&r->vcpu[i].shield);
	nptb_rset_init(&r->set, buckets, BUCKET_BITS, MULTIPLIER);
	nptb_policy_init(&r->set.policy, args->policy, young, r);
	nptb_policy_seed(&r->set.policy, args->seed);
	return args->policy == &replay_opt ? look_ahead(r, vm) : 0;
}

static void end(struct replay *r)
{
	struct nptb_page *page = NULL, *next;
	u64 at = NPTB_WALK_BEGIN;
	size_t i;

	for (i = 0; r->set.buckets && i < r->nr_vcpus; i++)
		nptb_rset_settle(&r->set, &r->vcpu[i].shield);
	if (r->set.buckets)
		page = nptb_rset_drain(&r->set, &at, ~0U);
	for (; page; page = next) {
		next = page->hash;
		free(page_of(page));
	}
	free(r->set.buckets);
	free(r->vcpu);
	spill_free(&r->mem);
}

/**
 * replay_run() - replay a VM's faults
 * @vm: as recorded
 * @args: under which policy, with how many pages
 * @counts: what came of it
 *
 * Return: 0; -ENOMEM; -errno after a message, where there is no room on disk.
 */
int replay_run(const struct trace_vm *vm, const struct replay_args *args,
	       struct replay_counts *counts)
{
	struct replay r = { 0 };
	int err = begin(&r, vm, args);
	size_t i;

	for (i = 0; !err && i < vm->nr; i++) {
		if (left_out(&vm->fault[i]))
			r.counts.left_out++;
		else
			err = reference(&r, &vm->fault[i], r.next ? r.next[i] : 0);
	}
	end(&r);
	*counts = r.counts;
	return err;
}

/**
 * replay_recorded() - the same counts, as they were when it was recorded
 * @vm: as recorded
 *
 * Return: the counts; hits are not recorded, and own pages not told apart.
 */
struct replay_counts replay_recorded(const struct trace_vm *vm)
{
	struct replay_counts c = { 0 };
	size_t i;

	for (i = 0; i < vm->nr; i++) {
		const struct trace_fault *f = &vm->fault[i];

		c.evictions += f->evicted;
		if (left_out(f)) {
			c.left_out++;
			continue;
		}
		c.faults++;
		c.misses += was_given(f);
	}
	return c;
}
