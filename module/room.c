// SPDX-License-Identifier: GPL-2.0-only
/*
 * Make room in a budget: choose victims, evict them, grant leaves.
 *
 * KVM's count plus what is granted never exceeds the limit when a grant is
 * made, and only what was granted is mapped: that is all there is to exactness.
 * Everything else here is about choosing well.
 */
#include <linux/slab.h>

#include "nptb.h"
#include "trace.h"

/*
 * Victims for one fault. More than one is needed where the set holds pages
 * that KVM took away unseen, or where the limit has just shrunk.
 */
#define EVICT_MAX	64

static struct kmem_cache *page_cache;

/* That there is a constructor keeps the allocator from clearing each page. */
static void page_ctor(void *page)
{
	memset(page, 0, sizeof(struct nptb_page));
}

int nptb_room_init(void)
{
	page_cache = kmem_cache_create("nptb_page", sizeof(struct nptb_page), 0,
				       0, page_ctor);
	return page_cache ? 0 : -ENOMEM;
}

void nptb_room_exit(void)
{
	kmem_cache_destroy(page_cache);
}

/**
 * nptb_refill() - see to it that a vCPU has a page for its next fault
 * @v: the vCPU; its own thread. Is left without one where there is no memory.
 */
void nptb_refill(struct nptb_vcpu *v)
{
	if (!v->nr_spares)
		v->nr_spares = kmem_cache_alloc_bulk(page_cache, GFP_KERNEL,
						     NPTB_SPARES,
						     (void **)v->spares);
}

void nptb_page_free(struct nptb_page *page)
{
	kmem_cache_free(page_cache, page);
}

static void flush_all(struct nptb_vm *vm, s32 vcpu)
{
	nptb_kvm_evict_all(vm->kvm);
	trace_nptb_evict(vm, vcpu, 0, NPTB_EVICT_FLUSH, false);
}

/**
 * nptb_flush() - zap every leaf of a VM
 * @vm: alive, nptb_vm.life held, or a vCPU's own thread
 * @vcpu: index of the vCPU that needs it, or -1
 *
 * Context: may sleep.
 */
void nptb_flush(struct nptb_vm *vm, s32 vcpu)
{
	flush_all(vm, vcpu);
	spin_lock(&vm->lock);
	vm->stats.flushes++;
	spin_unlock(&vm->lock);
}

/* Evict @page, drop it. Called without the VM's lock, which readers need. */
static void evict(struct nptb_vm *vm, struct nptb_page *page, s32 vcpu,
		  u32 reason, bool own, u32 *evicted)
{
	bool zapped = nptb_kvm_evict(vm->kvm, page->key);

	if (zapped) {
		++*evicted;
		trace_nptb_evict(vm, vcpu, page->key, reason, own);
	}
}

/* More than a tick ago: a tick that was half over does not count as one. */
static bool tick_over(unsigned long since)
{
	return time_after(jiffies, since + 1);
}

/* Has a vCPU that was deferred before @v, and still wants in, the turn? */
static bool others_turn(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	u32 i;

	for (i = 0; i < vm->nr_vcpus; i++) {
		struct nptb_vcpu *w = vm->vcpus[i];

		if (w && w != v && w->waiting && w->turn < v->turn &&
		    !tick_over(w->waiting_at))
			return true;
	}
	return false;
}

/*
 * All that is not @v's own is shielded by the attempts of other vCPUs. Their
 * shields hold for a tick once they defer somebody; then the turn passes to
 * whoever waits longest.
 *
 * Return: true where a shield was broken and there are victims now.
 */
static bool take_turn(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	struct nptb_vcpu *longest = NULL;
	u32 i;

	lockdep_assert_held(&vm->lock);
	if (!v->waiting) {
		v->waiting = true;
		v->turn = ++vm->turns;
	}
	v->waiting_at = jiffies;
	for (i = 0; i < vm->nr_vcpus; i++) {
		struct nptb_vcpu *w = vm->vcpus[i];

		if (!w || w == v || !w->shield.count)
			continue;
		if (!w->blocking) {
			w->blocking = true;
			w->deferred_at = jiffies;
		}
		if (!longest || time_before(w->deferred_at, longest->deferred_at))
			longest = w;
	}
	if (!longest || !tick_over(longest->deferred_at) || others_turn(vm, v))
		return false;
	nptb_rset_settle(&vm->set, &longest->shield);
	longest->blocking = false;
	v->blocking = false;
	return true;
}

/*
 * The very page that faulted, if it is in the set: its leaf may be there and
 * only want another permission. Zapping it makes exactly the room that mapping
 * it again takes, and no other page has to go.
 */
static struct nptb_page *take_faulting(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->vm;
	struct nptb_page *page;

	if (fault->key == NPTB_KEY_NONE)
		return NULL;
	page = nptb_rset_find(&vm->set, fault->key);
	if (page)
		nptb_rset_take(&vm->set, page, nptb_vm_shield_of(vm, page));
	return page;
}

/* Who goes: @own tells that it is a page of the very attempt that needs room. */
static struct nptb_page *choose(struct nptb_fault *fault, bool *own)
{
	struct nptb_vm *vm = fault->vm;
	struct nptb_vcpu *v = fault->v;
	struct nptb_page *page;

	lockdep_assert_held(&vm->lock);
	*own = false;
	page = take_faulting(fault);
	if (!page)
		page = nptb_rset_victim(&vm->set);
	if (page)
		return page;
	if (vm->set.count > v->shield.count) {
		if (!take_turn(vm, v))
			return NULL;
		return nptb_rset_victim(&vm->set);
	}
	/* The attempt has all that there is, and it is not enough. */
	page = nptb_rset_own_victim(&vm->set, &v->shield);
	if (page) {
		*own = true;
		nptb_attempt_evicted(&v->attempt, page->key);
	}
	return page;
}

/*
 * Nothing to choose: leaves that we know nothing of (a nested guest's, or from
 * before we came) go all at once. Leaves that faults under way have just made
 * are about to become known: leave them.
 */
static bool only_unknown(struct nptb_vm *vm)
{
	return !vm->set.count && nptb_kvm_leaves(vm->kvm) > vm->granted;
}

static void keep_spare(struct nptb_vcpu *v, struct nptb_page *page)
{
	if (v->nr_spares < NPTB_SPARES)
		v->spares[v->nr_spares++] = page;
	else
		nptb_page_free(page);
}

/**
 * nptb_make_room() - get leaves granted for a fault
 * @fault: accounted; vm->lock held, dropped in between and held again
 *
 * Never waits for another vCPU.
 *
 * Return: true where &nptb_fault.granted leaves may be made, false where the
 * fault has to come again.
 */
bool nptb_make_room(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->vm;
	struct nptb_vcpu *v = fault->v;
	int victims;

	lockdep_assert_held(&vm->lock);
	for (victims = 0; victims < EVICT_MAX && vm->armed; victims++) {
		u64 leaves = nptb_kvm_leaves(vm->kvm);
		struct nptb_page *page;
		u32 evicted = 0;
		bool own;

		switch (nptb_room(&vm->set, leaves, vm->granted, vm->need,
				  vm->limit)) {
		case NPTB_ROOM_YES:
			fault->granted = vm->need;
			vm->granted += vm->need;
			return true;
		case NPTB_ROOM_WAIT:
			return false;
		case NPTB_ROOM_EVICT:
			break;
		}
		page = choose(fault, &own);
		if (!page && !only_unknown(vm))
			return false;

		spin_unlock(&vm->lock);
		if (page)
			evict(vm, page, v->idx, NPTB_EVICT_FAULT, own, &evicted);
		else
			flush_all(vm, v->idx);
		spin_lock(&vm->lock);

		if (!page) {
			vm->stats.flushes++;
			continue;
		}
		keep_spare(v, page);
		fault->evicted += evicted;
		vm->stats.evictions += evicted;
		vm->stats.stale += !evicted;
	}
	/* No longer under budget: nothing to hold to, KVM goes on as always. */
	return !vm->armed;
}

/* For a write to the budget: shielded pages go, too, when no other is left. */
static struct nptb_page *take_any(struct nptb_vm *vm)
{
	struct nptb_page *page = nptb_rset_victim(&vm->set);
	u32 i;

	lockdep_assert_held(&vm->lock);
	for (i = 0; !page && i < vm->nr_vcpus; i++)
		if (vm->vcpus[i])
			page = nptb_rset_own_victim(&vm->set,
						    &vm->vcpus[i]->shield);
	return page;
}

/* SRCU is held for the eviction alone: slot updates wait for it. */
static void evict_outside(struct nptb_vm *vm, struct nptb_page *page,
			  u32 *evicted)
{
	int idx = srcu_read_lock(nptb_kvm_srcu(vm->kvm));

	evict(vm, page, -1, NPTB_EVICT_BUDGET, false, evicted);
	srcu_read_unlock(nptb_kvm_srcu(vm->kvm), idx);
	nptb_page_free(page);
}

/**
 * nptb_shrink() - bring a VM down to a limit that has become smaller
 * @vm: under budget; nptb_vm.ctl and nptb_vm.life held
 *
 * Takes shielded pages as well: these evictions are nobody's fault loop.
 *
 * Context: may sleep; waits for faults under way that were granted too much.
 * Return: 0, or -EINTR where a signal came first.
 */
int nptb_shrink(struct nptb_vm *vm)
{
	int ret = 0;

	spin_lock(&vm->lock);
	while (!ret && nptb_kvm_leaves(vm->kvm) + vm->granted > vm->limit) {
		struct nptb_page *page = take_any(vm);
		bool unknown = only_unknown(vm);
		u32 evicted = 0;

		spin_unlock(&vm->lock);
		if (page)
			evict_outside(vm, page, &evicted);
		else if (unknown)
			nptb_flush(vm, -1);
		else if (signal_pending(current))
			ret = -EINTR;
		else
			schedule_timeout_interruptible(1);
		cond_resched();
		spin_lock(&vm->lock);

		vm->stats.evictions += evicted;
		vm->stats.stale += page && !evicted;
	}
	spin_unlock(&vm->lock);
	return ret;
}
