// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for the table of a VM's resident pages, and for its hash. It follows the number of
 * resident pages, whatever the budget.
 *
 * The table is of pages of host memory that are mapped in one piece. It grows by a few more
 * of them, and is then mapped anew: nothing is copied, and only the base changes, under the
 * VM's lock. A work item does that ahead of need; a fault does it where the work item comes
 * too late.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "backend.h"
#include "budget/reservation.h"
#include "budget/table.h"
#include "object/vm.h"
#include "set/policy.h"
#include "set/rset.h"

/* Pages over twice the limit that a set may have before it is looked through. */
#define CROWD		256
/* Of host memory: what a table begins with, and grows by at least. */
#define HOST_PAGES_FIRST	3
#define HOST_PAGES_MORE		2
/* It grows by so much of what it is, and while half of that is left. */
#define GROWTH		32
#define LEFT_MIN	32
/* Chains at first; twice as many where one has more pages than that on average. */
#define CHAIN_BITS_MIN	10
#define CHAIN_BITS_MAX	28
#define CHAIN_PAGES	3
/* Chains and pages moved under the VM's lock in one go. */
#define REHASH_BATCH	512

/* Slots that fit into so many pages of host memory. */
static u32 slots_in(u32 host_pages)
{
	return min_t(u64, (u64)host_pages * PAGE_SIZE / sizeof(struct nptb_page),
		     NPTB_SLOTS_MAX);
}

static u32 host_pages_for(u32 stamps)
{
	return DIV_ROUND_UP((u64)stamps * sizeof(u32), PAGE_SIZE);
}

static void drop_pages(struct nptb_area *area, u32 keep)
{
	while (area->nr > keep)
		__free_page(area->pages[--area->nr]);
}

/* Its pages stay. */
static void unmap(struct nptb_area *area)
{
	vunmap(area->at);
	kvfree(area->pages);
}

static void drop(struct nptb_area *area)
{
	drop_pages(area, 0);
	unmap(area);
	*area = (struct nptb_area){ };
}

/*
 * Map what is in @area, and more, so that it is @nr pages. Return: 0, and @old is to be
 * unmapped when nobody uses it any more; or -ENOMEM.
 */
static int enlarge(struct nptb_area *area, u32 nr, struct nptb_area *old)
{
	struct nptb_area new = { .nr = area->nr };

	*old = (struct nptb_area){ };
	if (nr <= area->nr)
		return 0;
	new.pages = kvmalloc_array(nr, sizeof(*new.pages), GFP_KERNEL);
	if (!new.pages)
		return -ENOMEM;
	if (area->nr)
		memcpy(new.pages, area->pages, area->nr * sizeof(*new.pages));
	while (new.nr < nr) {
		new.pages[new.nr] = alloc_page(GFP_KERNEL | __GFP_NOWARN);
		if (!new.pages[new.nr])
			break;
		new.nr++;
		cond_resched();
	}
	if (new.nr == nr)
		new.at = vmap(new.pages, nr, VM_MAP, PAGE_KERNEL);
	if (!new.at) {
		drop_pages(&new, area->nr);
		kvfree(new.pages);
		return -ENOMEM;
	}
	*old = *area;
	*area = new;
	return 0;
}

/**
 * nptb_table_mark() - note when the table is to grow
 * @vm: whose table, or vCPUs, have changed
 *
 * Context: nptb_vm.lock held.
 */
void nptb_table_mark(struct nptb_vm *vm)
{
	struct nptb_rset *set = &vm->resident.set;
	u64 room = nptb_rset_slots_left(set) + set->count;
	u64 left = max_t(u64, room / (2 * GROWTH), LEFT_MIN) + vm->nr_vcpus;

	lockdep_assert_held(&vm->lock);
	WRITE_ONCE(vm->resident.low, room > left ? room - left : 0);
}

/*
 * The set grows only here: where the host takes pages away as fast as they are mapped, no
 * page of it becomes a victim, and it would grow without end.
 */
static void look_through(struct nptb_vm *vm)
{
	spin_lock(&vm->lock);
	/* Most of it must be pages that KVM has taken away. */
	if (vm->armed && vm->resident.set.count > 2 * nptb_limit(vm) + CROWD)
		queue_work(nptb_wq, &vm->resident.reconcile_work);
	spin_unlock(&vm->lock);
}

static int grow(struct nptb_vm *vm)
{
	struct nptb_resident *r = &vm->resident;
	u32 more = max_t(u32, r->slots.nr / GROWTH, HOST_PAGES_MORE);
	struct nptb_area old_slots, old_stamps = { };
	u32 nr = slots_in(r->slots.nr + more);
	int ret = 0;

	lockdep_assert_held(&r->growing);
	if (r->stamps.nr)
		ret = enlarge(&r->stamps, host_pages_for(nr), &old_stamps);
	if (!ret)
		ret = enlarge(&r->slots, r->slots.nr + more, &old_slots);
	if (ret)
		nr = slots_in(r->slots.nr);
	spin_lock(&vm->lock);
	nptb_table_grow(&r->set.policy.table, r->slots.at, r->stamps.at, nr);
	nptb_table_mark(vm);
	spin_unlock(&vm->lock);
	unmap(&old_stamps);
	if (!ret)
		unmap(&old_slots);
	return ret;
}

/* Chains for so many pages. */
static u32 chain_bits(u64 pages)
{
	u32 bits = CHAIN_BITS_MIN;

	while (bits < CHAIN_BITS_MAX && pages > (u64)CHAIN_PAGES << bits)
		bits++;
	return bits;
}

/* A larger hash for more pages; going on with the old one is no error. */
static void rehash(struct nptb_vm *vm)
{
	struct nptb_rset *set = &vm->resident.set;
	u32 bits = chain_bits(READ_ONCE(set->count));
	u32 *heads, *old = NULL;

	lockdep_assert_held(&vm->resident.growing);
	if (bits <= set->bits)
		return;
	heads = kvcalloc(1UL << bits, sizeof(*heads), GFP_KERNEL);
	if (!heads)
		return;
	spin_lock(&vm->lock);
	nptb_rset_begin_rehash(set, heads, bits);
	spin_unlock(&vm->lock);
	while (!old) {
		spin_lock(&vm->lock);
		old = nptb_rset_rehash_some(set, REHASH_BATCH);
		spin_unlock(&vm->lock);
		cond_resched();
	}
	kvfree(old);
}

/**
 * nptb_table_low() - there are few slots left
 * @vm: under budget
 *
 * Context: may sleep; nptb_vm.lock not held.
 */
void nptb_table_low(struct nptb_vm *vm)
{
	struct nptb_resident *r = &vm->resident;
	bool none;

	spin_lock(&vm->lock);
	if (vm->armed)
		queue_work(nptb_wq, &r->grow_work);
	none = nptb_rset_slots_left(&r->set) <= vm->nr_vcpus;
	spin_unlock(&vm->lock);
	if (!none)
		return;
	mutex_lock(&r->growing);
	if (nptb_table_is_low(vm))
		grow(vm);
	mutex_unlock(&r->growing);
}

/**
 * nptb_table_grow_work() - have a table grow ahead of need
 * @work: &nptb_resident.grow_work
 */
void nptb_table_grow_work(struct work_struct *work)
{
	struct nptb_vm *vm = container_of(work, struct nptb_vm, resident.grow_work);

	mutex_lock(&vm->resident.growing);
	if (nptb_table_is_low(vm))
		grow(vm);
	rehash(vm);
	mutex_unlock(&vm->resident.growing);
	look_through(vm);
}

/**
 * nptb_table_begin() - have a table for a VM, if there is none
 * @vm: about to come under budget
 *
 * Context: nptb_vm.ctl held; may sleep.
 * Return: 0 or -ENOMEM.
 */
int nptb_table_begin(struct nptb_vm *vm)
{
	struct nptb_resident *r = &vm->resident;
	struct nptb_area old;
	u32 *heads;

	lockdep_assert_held(&vm->ctl);
	if (r->set.heads)
		return 0;
	if (enlarge(&r->slots, HOST_PAGES_FIRST, &old))
		return -ENOMEM;
	heads = kvcalloc(1UL << CHAIN_BITS_MIN, sizeof(*heads), GFP_KERNEL);
	if (!heads)
		return -ENOMEM;
	nptb_rset_init(&r->set, heads, CHAIN_BITS_MIN, get_random_u64(), r->slots.at, NULL,
		       slots_in(r->slots.nr));
	spin_lock(&vm->lock);
	nptb_table_mark(vm);
	spin_unlock(&vm->lock);
	return 0;
}

/**
 * nptb_table_prepare() - have what a policy needs of the table
 * @vm: whose table there is
 * @ops: the policy that it is about to have
 *
 * Context: nptb_vm.ctl held; may sleep.
 * Return: 0 or -ENOMEM.
 */
int nptb_table_prepare(struct nptb_vm *vm, const struct nptb_policy_ops *ops)
{
	struct nptb_resident *r = &vm->resident;
	struct nptb_area old;
	int ret = 0;

	lockdep_assert_held(&vm->ctl);
	if (!ops->stamps || !r->set.heads)
		return 0;
	mutex_lock(&r->growing);
	if (!r->stamps.nr) {
		ret = enlarge(&r->stamps, host_pages_for(slots_in(r->slots.nr)), &old);
		spin_lock(&vm->lock);
		r->set.policy.table.stamps = r->stamps.at;
		spin_unlock(&vm->lock);
	}
	mutex_unlock(&r->growing);
	return ret;
}

/**
 * nptb_table_end_stamps() - give back what only the policy before needed
 * @vm: whose policy, with all of its pages, may be another one now
 *
 * Context: nptb_vm.ctl held; may sleep.
 */
void nptb_table_end_stamps(struct nptb_vm *vm)
{
	struct nptb_resident *r = &vm->resident;

	lockdep_assert_held(&vm->ctl);
	if (vm->config.policy->stamps)
		return;
	mutex_lock(&r->growing);
	spin_lock(&vm->lock);
	r->set.policy.table.stamps = NULL;
	spin_unlock(&vm->lock);
	drop(&r->stamps);
	mutex_unlock(&r->growing);
}

/* What an area takes of host memory. */
static u64 area_bytes(const struct nptb_area *area)
{
	return area->nr * PAGE_SIZE +
	       kmalloc_size_roundup(area->nr * sizeof(*area->pages));
}

/**
 * nptb_table_bytes() - what a VM's table and hash take of host memory
 * @vm: whose
 *
 * Context: may sleep; nptb_vm.lock not held.
 * Return: bytes.
 */
u64 nptb_table_bytes(struct nptb_vm *vm)
{
	struct nptb_resident *r = &vm->resident;
	u64 bytes;

	mutex_lock(&r->growing);
	bytes = area_bytes(&r->slots) + area_bytes(&r->stamps);
	if (r->set.heads)
		bytes += kmalloc_size_roundup(sizeof(*r->set.heads) << r->set.bits);
	mutex_unlock(&r->growing);
	return bytes;
}

/**
 * nptb_table_free() - free a VM's table and hash
 * @vm: ended, its set empty
 */
void nptb_table_free(struct nptb_vm *vm)
{
	drop(&vm->resident.slots);
	drop(&vm->resident.stamps);
	kvfree(vm->resident.set.heads);
}
