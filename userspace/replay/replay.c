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
/* Accessed bits that the module looks at for a batch: NPTB_FAULT_LOOKS. */
#define LOOKS_MAX	64

/* Of the hash. What is replayed does not depend on it. */
#define MULTIPLIER	0x9e3779b97f4a7c15ULL

/* Slots of a table at first; twice as many each time that they are used up. */
#define SLOTS_FIRST	1024

/**
 * struct pages - a set of the module's, and what is known of its pages besides
 * @set: the set
 * @accessed: by slot, the accessed bit
 * @number: by slot, the number of a fault: which one, is for the policy to know
 */
struct pages {
	struct nptb_rset set;
	bool *accessed;
	u64 *number;
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
 * @pages: that are there
 * @limit: most of them
 * @batch: pages that go at a time, at most
 * @looks: accessed bits looked at for one fault
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
	struct pages pages;
	unsigned long long limit;
	unsigned int batch;
	unsigned int looks;
	bool bare;
	size_t nr_vcpus;
	struct vcpu *vcpu;
	unsigned long long attempts;
	u64 *next;
	struct spill mem;
	struct replay_counts counts;
};

static size_t index_of(const struct pages *p, const struct nptb_page *page)
{
	return page - p->set.policy.table.slots;
}

static bool *accessed(struct pages *p, const struct nptb_page *page)
{
	return &p->accessed[index_of(p, page)];
}

static u64 *number(struct pages *p, const struct nptb_page *page)
{
	return &p->number[index_of(p, page)];
}

static bool young(void *ctx, u64 key)
{
	struct replay *r = ctx;
	struct nptb_page *page = nptb_rset_find(&r->pages.set, key);
	bool was = page && *accessed(&r->pages, page);

	r->looks++;

	if (page)
		*accessed(&r->pages, page) = false;
	return was;
}

u64 replay_next(const struct nptb_policy *policy, const struct nptb_page *page)
{
	struct replay *r = policy->ctx;

	return *number(&r->pages, page);
}

/* As much of each as @nr slots need; what there was stays. */
static int resize(struct pages *p, struct nptb_page **slots, u32 **stamps, u32 nr)
{
	void *more;

	more = realloc(*slots, nr * sizeof(**slots));
	if (!more)
		return -ENOMEM;
	*slots = more;
	more = realloc(*stamps, nr * sizeof(**stamps));
	if (!more)
		return -ENOMEM;
	*stamps = more;
	more = realloc(p->accessed, nr * sizeof(*p->accessed));
	if (!more)
		return -ENOMEM;
	p->accessed = more;
	more = realloc(p->number, nr * sizeof(*p->number));
	if (!more)
		return -ENOMEM;
	p->number = more;
	return 0;
}

/* Have a slot for one more page, or vCPU. */
static int make_slot(struct pages *p)
{
	struct nptb_table *table = &p->set.policy.table;
	struct nptb_page *slots = table->slots;
	u32 *stamps = table->stamps, nr = table->end / NPTB_SLOT;
	int err;

	if (nptb_rset_slots_left(&p->set))
		return 0;
	if (nr > NPTB_SLOTS_MAX / 2)
		return -ENOMEM;
	err = resize(p, &slots, &stamps, 2 * nr);
	nptb_table_grow(table, slots, stamps, err ? nr : 2 * nr);
	return err;
}

static void end_pages(struct pages *p)
{
	free(p->set.heads);
	free(p->set.policy.table.slots);
	free(p->set.policy.table.stamps);
	free(p->accessed);
	free(p->number);
}

static int begin_pages(struct pages *p)
{
	u32 *heads = calloc(1u << BUCKET_BITS, sizeof(*heads)), *stamps = NULL;
	struct nptb_page *slots = NULL;

	memset(p, 0, sizeof(*p));
	if (!heads || resize(p, &slots, &stamps, SLOTS_FIRST)) {
		free(heads);
		free(slots);
		free(stamps);
		end_pages(p);
		memset(p, 0, sizeof(*p));
		return -ENOMEM;
	}
	nptb_rset_init(&p->set, heads, BUCKET_BITS, MULTIPLIER, slots, stamps, SLOTS_FIRST);
	return 0;
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
	return f->as > 1 || f->gfn > NPTB_GFN_MAX || f->verdict == NPTB_VERDICT_DEFERRED ||
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
		nptb_rset_settle(&r->pages.set, &first->shield);
	return first;
}

/* As module/budget/make_room.h chooses. Return: how many pages went. */
static unsigned int evict(struct replay *r, struct vcpu *v, u64 key)
{
	struct nptb_rset *set = &r->pages.set;
	struct nptb_page *page = nptb_rset_find(set, key);
	unsigned int went = 0;

	if (page) {
		nptb_rset_take(set, page);
		return 1;
	}
	r->looks = 0;
	page = nptb_rset_victim(set);
	if (!page && break_shield(r, v))
		page = nptb_rset_victim(set);
	if (!page) {
		page = nptb_rset_own_victim(set, &v->shield);
		r->counts.own += !!page;
		return !!page;
	}
	/* As nptb_evict_batch(). */
	for (went = 1; went < r->batch && r->looks < LOOKS_MAX && nptb_rset_victim(set); went++)
		;
	return went;
}

static void make_room(struct replay *r, struct vcpu *v, u64 key)
{
	unsigned int went = 1;

	while (r->pages.set.count >= r->limit && went) {
		went = evict(r, v, key);
		r->counts.evictions += went;
	}
}

/* Half of the limit at most, as the module has it. */
static unsigned int batch_of(const struct replay_args *args, unsigned long long limit)
{
	unsigned long long half = limit / 2 ? limit / 2 : 1;

	if (args->policy->bare || !args->batch)
		return 1;
	return args->batch < half ? args->batch : half;
}

static int give(struct replay *r, struct vcpu *v, u64 key, u64 next)
{
	struct nptb_rset *set = &r->pages.set;
	struct nptb_page *page;
	int err = make_slot(&r->pages);

	if (err)
		return err;
	if (r->bare)
		nptb_rset_charge_newest(set, key, true);
	else
		nptb_rset_give(set, key, true, &v->shield);
	page = nptb_rset_find(set, key);
	/* KVM maps with the accessed bit set. */
	*accessed(&r->pages, page) = true;
	if (r->next)
		*number(&r->pages, page) = next;
	return 0;
}

/* A new attempt has begun: what the last one was given may go. */
static void settle_ended(struct replay *r, struct vcpu *v, const struct trace_fault *f)
{
	if (v->attempt == f->attempt)
		return;
	nptb_rset_settle(&r->pages.set, &v->shield);
	v->attempt = f->attempt;
	v->began = ++r->attempts;
}

/* The module sees no hits: but for the accessed bit nothing of it changes. */
static void hit(struct replay *r, const struct trace_fault *f, struct nptb_page *page, u64 next)
{
	r->counts.hits++;
	*accessed(&r->pages, page) = true;
	if (r->next)
		*number(&r->pages, page) = next;
	if (r->pages.set.policy.ops != &replay_true_lru)
		return;
	settle_ended(r, &r->vcpu[f->vcpu], f);
	if (!nptb_page_is_held(page))
		nptb_policy_renew(&r->pages.set.policy, page);
}

static int reference(struct replay *r, const struct trace_fault *f, u64 next)
{
	u64 key = nptb_key(f->as, f->gfn);
	struct nptb_page *page = nptb_rset_find(&r->pages.set, key);
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
	struct pages last;
	int err = begin_pages(&last);
	size_t i;

	if (!err)
		err = spill_grow(&r->mem, vm->nr * sizeof(*r->next));
	r->next = r->mem.at;
	if (!err)
		nptb_policy_init(&last.set.policy, &nptb_policy_fifo, NULL, NULL);
	for (i = vm->nr; !err && i--;) {
		u64 key = nptb_key(vm->fault[i].as, vm->fault[i].gfn);
		struct nptb_page *page;

		/* The set has no room for a number that is no frame's. */
		if (left_out(&vm->fault[i]))
			continue;
		page = nptb_rset_find(&last.set, key);
		r->next[i] = page ? *number(&last, page) : ~0ULL;
		if (!page) {
			err = make_slot(&last);
			if (err)
				break;
			nptb_rset_charge(&last.set, key, true);
			page = nptb_rset_find(&last.set, key);
		}
		*number(&last, page) = i;
	}
	end_pages(&last);
	return err;
}

static int begin_vcpus(struct replay *r, const struct trace_vm *vm)
{
	size_t i;
	int err;

	for (i = 0; i < vm->nr; i++)
		if (vm->fault[i].vcpu >= r->nr_vcpus)
			r->nr_vcpus = vm->fault[i].vcpu + 1;
	r->vcpu = calloc(r->nr_vcpus + 1, sizeof(*r->vcpu));
	if (!r->vcpu)
		return -ENOMEM;
	for (i = 0; i < r->nr_vcpus; i++) {
		err = make_slot(&r->pages);
		if (err)
			return err;
		nptb_rset_new_shield(&r->pages.set, &r->vcpu[i].shield);
	}
	return 0;
}

static int begin(struct replay *r, const struct trace_vm *vm, const struct replay_args *args)
{
	u64 keep = args->policy->keep;
	int err = begin_pages(&r->pages);

	r->bare = args->policy->bare;
	r->limit = keep && keep < args->pages ? keep : args->pages;
	r->batch = batch_of(args, r->limit);
	if (!err)
		err = begin_vcpus(r, vm);
	if (err)
		return err;
	nptb_policy_init(&r->pages.set.policy, args->policy, young, r);
	nptb_policy_seed(&r->pages.set.policy, args->seed);
	return args->policy == &replay_opt ? look_ahead(r, vm) : 0;
}

static void end(struct replay *r)
{
	end_pages(&r->pages);
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
