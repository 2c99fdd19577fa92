// SPDX-License-Identifier: GPL-2.0-only
/*
 * backing=reclaim: a page that is evicted is given up to the host, which writes it to
 * swap or to its file. So that the bound is exact, this is done by the vCPU's thread,
 * in its fault, before the page that takes the room comes in: a fault of KVM's waits
 * for the host's memory in the same place, under the same locks.
 *
 * What the host itself touches (the VMM, KVM's emulator, a device that it emulates)
 * has no leaf, and nothing evicts it. Every page that comes in is told by the host's
 * own page fault; the last few stay, so that whoever touches them gets on, and the
 * thread that has touched one too many gives the oldest up before it goes on in user
 * space or enters the guest. When nothing has been touched for a while, all go.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/sched/signal.h>

#include "backend.h"
#include "budget/backing.h"
#include "budget/wait.h"
#include "hook.h"
#include "object/backing.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "object/vm.h"

/* Nothing touched for so long is at rest; and so often all are looked for anyway. */
#define REST_TICKS	(HZ / 10)
#define SWEEP_TICKS	HZ
/* What the host has kept is tried again, less often each time. */
#define RETRY_TICKS_MAX	(64 * HZ)
/* Pages that are given up in one go. */
#define SWEEP_BATCH	32

/* Return: how many the host has kept. */
static u32 give_up(struct nptb_vm *vm, u64 addr, u32 pages)
{
	u32 left = nptb_host_reclaim(vm->kvm, addr, pages);

	atomic64_add(pages - left, &vm->backing->reclaimed);
	atomic64_add(left, &vm->backing->unreclaimed);
	return left;
}

/* Nothing is done where the thread is killed. */
static void give_up_one(struct nptb_vm *vm, u64 addr)
{
	if (down_read_killable(&vm->backing->many))
		return;
	give_up(vm, addr, 1);
	up_read(&vm->backing->many);
}

/*
 * The kernel takes all of them in hand at once, and nobody else gets at one of them before
 * it is done: a fault that wants to have one given up waits for that.
 */
static u32 give_up_many(struct nptb_vm *vm, u64 addr, u32 pages)
{
	u32 left;

	if (down_write_killable(&vm->backing->many))
		return pages;
	left = give_up(vm, addr, pages);
	up_write(&vm->backing->many);
	return left;
}

/**
 * nptb_backing_evicted() - a fault evicts a frame
 * @fault: of a VM with %NPTB_SPECIAL_RECLAIM
 * @key: of the frame
 *
 * More than there is room for: the rest is found by a sweep.
 */
void nptb_backing_evicted(struct nptb_fault *fault, u64 key)
{
	struct nptb_vcpu *v = fault->in.v;

	if (v->nr_evicted < ARRAY_SIZE(v->evicted))
		v->evicted[v->nr_evicted++] = key;
	else
		nptb_backing_soon(fault->in.vm);
}

/**
 * nptb_backing_give_up_frame() - give a frame up that has been evicted
 * @vm: whose
 * @key: of the frame
 *
 * Context: may sleep; kvm->srcu held.
 */
void nptb_backing_give_up_frame(struct nptb_vm *vm, u64 key)
{
	u64 addr = nptb_host_addr(vm->kvm, key);

	if (addr && vm->backing)
		give_up_one(vm, addr);
}

/**
 * nptb_backing_give_up() - give up what a fault has evicted
 * @fault: that has made room, and nothing else yet
 *
 * Context: the vCPU's thread; may sleep; kvm->srcu held.
 */
void nptb_backing_give_up(struct nptb_fault *fault)
{
	struct nptb_vcpu *v = fault->in.v;
	struct nptb_vm *vm = fault->in.vm;

	while (v->nr_evicted)
		nptb_backing_give_up_frame(vm, v->evicted[--v->nr_evicted]);
	if (likely(!fault->room.held))
		return;
	atomic64_sub(fault->room.held, &vm->account.reserved);
	fault->room.held = 0;
	spin_lock(&vm->lock);
	if (vm->sleep.sleepers)
		nptb_wake(vm);
	spin_unlock(&vm->lock);
}

static u64 *slot_of(struct nptb_backing *b, u32 i)
{
	return &b->touched[(b->first + i) % NPTB_TOUCHED_RING];
}

static bool find(struct nptb_backing *b, u64 addr, u32 *at)
{
	u32 i;

	lockdep_assert_held(&b->lock);
	for (i = b->count; i-- > 0;) {
		if (*slot_of(b, i) != addr)
			continue;
		*at = i;
		return true;
	}
	return false;
}

static void forget(struct nptb_backing *b, u64 addr)
{
	u32 i;

	lockdep_assert_held(&b->lock);
	if (!find(b, addr, &i))
		return;
	for (b->count--; i < b->count; i++)
		*slot_of(b, i) = *slot_of(b, i + 1);
}

/* What the host still has of it is not worth the time of whoever ends it. */
static bool is_ending(struct nptb_vm *vm)
{
	return fatal_signal_pending(current) || rwsem_is_contended(&vm->life);
}

/* The oldest page touched, where there are more than @keep. */
static bool take_oldest(struct nptb_backing *b, u32 keep, u64 *addr)
{
	bool found;

	spin_lock(&b->lock);
	found = b->count > keep;
	if (found) {
		*addr = *slot_of(b, 0);
		b->first = (b->first + 1) % NPTB_TOUCHED_RING;
		b->count--;
	}
	spin_unlock(&b->lock);
	return found;
}

/* Memory of the VMM's own is among what was touched, and is let alone. */
static void give_up_touched(struct nptb_vm *vm, u32 keep)
{
	u64 addr;

	lockdep_assert_held_read(&vm->life);
	while (vm->kvm && !is_ending(vm) && take_oldest(vm->backing, keep, &addr)) {
		int idx = srcu_read_lock(nptb_kvm_srcu(vm->kvm));
		bool idle = nptb_host_idle(vm->kvm, addr);

		srcu_read_unlock(nptb_kvm_srcu(vm->kvm), idx);
		if (idle)
			give_up_one(vm, addr);
		cond_resched();
	}
}

/* Return: pages that the host has kept. */
static u32 sweep_chunk(struct nptb_vm *vm, u64 addr, u32 pages)
{
	DECLARE_BITMAP(present, NPTB_HOST_CHUNK);
	u32 i, run = 0, left = 0;
	int idx;

	bitmap_zero(present, NPTB_HOST_CHUNK);
	if (!nptb_host_present(vm->kvm, addr, pages, present))
		return 0;
	idx = srcu_read_lock(nptb_kvm_srcu(vm->kvm));
	for_each_set_bit(i, present, pages)
		if (!nptb_host_idle(vm->kvm, addr + i * PAGE_SIZE))
			__clear_bit(i, present);
	srcu_read_unlock(nptb_kvm_srcu(vm->kvm), idx);
	for (i = 0; i <= pages && !is_ending(vm); i++) {
		bool more = i < pages && test_bit(i, present);

		run += more;
		if (!run || (more && run < SWEEP_BATCH))
			continue;
		left += give_up_many(vm, addr + (u64)(i + more - run) * PAGE_SIZE, run);
		run = 0;
	}
	return left;
}

/* Once: a budget that is not held in host memory is said aloud. */
static void tell_kept(struct nptb_vm *vm)
{
	struct nptb_backing *b = vm->backing;
	const char *why = nptb_host_unsuited(vm->kvm);

	if (!why && !nptb_host_has_swap())
		why = "there is no free swap space";
	if (!why || xchg(&b->told, true))
		return;
	pr_warn("VM %s: %llu pages beyond its budget stay in host memory: %s\n", vm->id.name,
		READ_ONCE(b->kept), why);
}

/**
 * nptb_backing_sweep() - give up all pages that have no leaf
 * @vm: with a backing; nptb_vm.life held
 *
 * Context: may sleep; kvm->srcu not held.
 */
void nptb_backing_sweep(struct nptb_vm *vm)
{
	struct nptb_backing *b = vm->backing;
	struct nptb_host_range *r;
	u64 at, left = 0;
	u32 nr = 0, i;

	lockdep_assert_held_read(&vm->life);
	if (!vm->kvm)
		return;
	/* Before: what comes meanwhile is for the next. */
	WRITE_ONCE(b->generation, nptb_host_generation(vm->kvm));
	WRITE_ONCE(b->swept_at, jiffies);
	spin_lock(&b->lock);
	b->lost = false;
	spin_unlock(&b->lock);
	r = nptb_host_ranges(vm->kvm, &nr);
	for (i = 0; r && i < nr && !is_ending(vm); i++) {
		nptb_host_drop_ahead(vm->kvm, &r[i]);
		for (at = r[i].start; at < r[i].end && !is_ending(vm);
		     at += NPTB_HOST_CHUNK * PAGE_SIZE) {
			left += sweep_chunk(vm, at, nptb_host_chunk(&r[i], at));
			cond_resched();
		}
	}
	kvfree(r);
	WRITE_ONCE(b->kept, left);
	if (left)
		tell_kept(vm);
}

/**
 * nptb_backing_soon() - have all pages without a leaf given up, by somebody else
 * @vm: any
 */
void nptb_backing_soon(struct nptb_vm *vm)
{
	struct nptb_backing *b = vm->backing;

	if (!b)
		return;
	spin_lock(&b->lock);
	b->lost = true;
	/* Under the lock: the work is to be cancelled for good. */
	if (b->on)
		mod_delayed_work(nptb_wq, &b->rest_work, 0);
	spin_unlock(&b->lock);
}

/* Are there memory slots that may have come with pages that nobody told of? */
static bool is_unswept(struct nptb_vm *vm)
{
	return vm->kvm &&
	       READ_ONCE(vm->backing->generation) != nptb_host_generation(vm->kvm);
}

/* Return: ticks until this is to be done again; 0: not before something happens. */
static unsigned long give_up_some(struct nptb_vm *vm)
{
	struct nptb_backing *b = vm->backing;
	unsigned long again;
	bool rest, lost;

	spin_lock(&b->lock);
	rest = time_after_eq(jiffies, b->touched_at + REST_TICKS);
	lost = b->lost;
	spin_unlock(&b->lock);
	give_up_touched(vm, rest ? 0 : NPTB_TOUCHED_KEEP);
	if (rest || lost || time_after(jiffies, READ_ONCE(b->swept_at) + SWEEP_TICKS))
		nptb_backing_sweep(vm);
	if (!rest)
		return REST_TICKS;
	/* Nobody tells when a device lets go of a page. */
	if (!READ_ONCE(b->kept))
		return 0;
	spin_lock(&b->lock);
	b->retry = clamp_t(unsigned long, 2 * b->retry, SWEEP_TICKS, RETRY_TICKS_MAX);
	again = b->retry;
	spin_unlock(&b->lock);
	return again;
}

/**
 * nptb_backing_rest_work() - what has come to rest, and what no thread could do
 * @work: &nptb_backing.rest_work
 *
 * A VM that is about to end is let alone: nobody waits for its end here.
 */
void nptb_backing_rest_work(struct work_struct *work)
{
	struct nptb_backing *b = container_of(to_delayed_work(work), struct nptb_backing,
					      rest_work);
	unsigned long ticks = 0;

	if (!down_read_trylock(&b->vm->life))
		return;
	if (READ_ONCE(b->on))
		ticks = give_up_some(b->vm);
	up_read(&b->vm->life);
	if (ticks)
		queue_delayed_work(nptb_wq, &b->rest_work, ticks);
}

/* In a thread of the VMM, before it goes on in user space or enters the guest. */
static void giver_work(struct callback_head *work)
{
	struct nptb_giver *giver = container_of(work, struct nptb_giver, work);
	struct nptb_vm *vm = giver->vm;
	struct nptb_backing *b = vm->backing;

	if (down_read_trylock(&vm->life)) {
		if (READ_ONCE(b->on)) {
			if (is_unswept(vm))
				nptb_backing_sweep(vm);
			give_up_touched(vm, NPTB_TOUCHED_KEEP);
		}
		up_read(&vm->life);
	}
	spin_lock(&b->lock);
	giver->task = NULL;
	spin_unlock(&b->lock);
	nptb_vm_put(vm);
	nptb_hook_leave();
}

/* The current thread's, or else a free one; NULL where there is none. */
static struct nptb_giver *giver_of(struct nptb_backing *b)
{
	struct nptb_giver *unused = NULL;
	u32 i;

	lockdep_assert_held(&b->lock);
	for (i = 0; i < NPTB_GIVERS; i++) {
		if (b->givers[i].task == current)
			return &b->givers[i];
		if (!b->givers[i].task)
			unused = &b->givers[i];
	}
	return unused;
}

/* Is this thread in KVM's hands for us, and comes by before it enters the guest? */
static bool in_fault(struct nptb_vm *vm)
{
	u32 i, n = READ_ONCE(vm->nr_vcpus);

	for (i = 0; i < n; i++) {
		struct nptb_vcpu *v = READ_ONCE(vm->vcpus[i]);

		if (v && READ_ONCE(v->mapping.inside) == current->pid)
			return true;
	}
	return false;
}

/* Too many are touched: who gives the oldest up? Return: false where nobody can here. */
static bool have_given_up(struct nptb_backing *b, bool user)
{
	struct nptb_giver *giver;

	lockdep_assert_held(&b->lock);
	/* A thread in a system call may stay there for long. */
	if (!b->on || !nptb_host_may_work(&b->touch) || (!user && !in_fault(b->vm)))
		return false;
	giver = giver_of(b);
	if (!giver || giver->task)
		return giver;
	giver->vm = b->vm;
	init_task_work(&giver->work, giver_work);
	if (task_work_add(current, &giver->work, TWA_RESUME))
		return false;
	/* It is this thread's: not run yet. An unload waits for it. */
	giver->task = current;
	nptb_vm_get(b->vm);
	nptb_hook_enter();
	return true;
}

/* What the VMM has written to new memory is swept before the guest goes on. */
static void sweep_first(struct nptb_vm *vm)
{
	bool will;

	spin_lock(&vm->backing->lock);
	will = have_given_up(vm->backing, true);
	spin_unlock(&vm->backing->lock);
	if (!will)
		nptb_backing_soon(vm);
}

/**
 * nptb_backing_mapped() - a fault is over
 * @fault: of a VM with %NPTB_SPECIAL_RECLAIM
 *
 * The page that came in for it has a leaf, as a rule, and is no longer one that only the
 * host has touched. What this CPU keeps back of what was brought in could not be given
 * up: have it no more.
 *
 * Context: the vCPU's thread; kvm->srcu held.
 */
void nptb_backing_mapped(struct nptb_fault *fault)
{
	struct nptb_backing *b = fault->in.vm->backing;
	u64 addr = 0;

	nptb_host_settle();
	if (unlikely(is_unswept(fault->in.vm)))
		sweep_first(fault->in.vm);
	if (fault->in.key != NPTB_KEY_NONE && fault->verdict == NPTB_VERDICT_MAPPED)
		addr = nptb_host_addr(fault->in.vm->kvm, fault->in.key);
	if (!addr)
		return;
	spin_lock(&b->lock);
	forget(b, addr);
	spin_unlock(&b->lock);
}

/**
 * nptb_backing_touched() - the host brings a page of the VMM in
 * @touch: &nptb_backing.touch
 * @addr: of the page
 * @user: for user space itself
 *
 * Context: as &nptb_touch.touched has it.
 */
void nptb_backing_touched(struct nptb_touch *touch, u64 addr, bool user)
{
	struct nptb_backing *b = container_of(touch, struct nptb_backing, touch);
	bool late;
	u32 at;

	spin_lock(&b->lock);
	if (!b->on)
		goto out;
	b->touched_at = jiffies;
	if (!find(b, addr, &at)) {
		if (b->count < NPTB_TOUCHED_RING)
			*slot_of(b, b->count++) = addr;
		else
			b->lost = true;
	}
	/* Once: the work must not be put off by each touch. */
	late = b->retry > SWEEP_TICKS;
	b->retry = 0;
	if (b->count > NPTB_TOUCHED_KEEP && !have_given_up(b, user))
		mod_delayed_work(nptb_wq, &b->rest_work, 0);
	else if (late || !delayed_work_pending(&b->rest_work))
		mod_delayed_work(nptb_wq, &b->rest_work, REST_TICKS);
out:
	spin_unlock(&b->lock);
}
