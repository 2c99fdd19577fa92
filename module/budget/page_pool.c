// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for resident sets: a page of host memory at a time, cut up. A fault
 * pays a few instructions for it, where the slab allocator, which clears and
 * randomises, takes well over a hundred.
 */
#include <linux/gfp.h>

#include "budget/account.h"
#include "budget/page_pool.h"
#include "budget/reservation.h"
#include "object/vm.h"
#include "set/policy.h"

/* Pages over twice the limit that a set may have before it is looked through. */
#define CROWD	256

struct nptb_chunk {
	struct nptb_chunk *next;
	struct nptb_page pages[(PAGE_SIZE - sizeof(void *)) /
			       sizeof(struct nptb_page)];
};

static_assert(sizeof(struct nptb_chunk) <= PAGE_SIZE);

/**
 * nptb_pages_more() - allocate a chunk of pages to use
 * @vm: under budget
 *
 * The set grows only here: where the host takes pages away as fast as they are
 * mapped, no page of it becomes a victim, and it would grow without end.
 *
 * Context: may sleep; nptb_vm.lock not held. Where there is no memory, faults
 * go untracked, but never unbudgeted.
 */
void nptb_pages_more(struct nptb_vm *vm)
{
	struct nptb_chunk *chunk;
	bool crowded;
	u32 i;

	chunk = (struct nptb_chunk *)__get_free_page(GFP_KERNEL);
	if (!chunk)
		return;
	spin_lock(&vm->lock);
	chunk->next = vm->resident.pages.chunks;
	vm->resident.pages.chunks = chunk;
	for (i = 0; i < ARRAY_SIZE(chunk->pages); i++)
		nptb_page_put(vm, &chunk->pages[i]);
	/* Most of it must be pages that KVM has taken away. */
	crowded = vm->armed && vm->resident.set.count > 2 * nptb_limit(vm) + CROWD;
	spin_unlock(&vm->lock);
	if (crowded)
		nptb_reconcile_soon(vm);
}

/**
 * nptb_pages_free() - free all pages of a VM
 * @vm: ended, its set empty
 */
void nptb_pages_free(struct nptb_vm *vm)
{
	while (vm->resident.pages.chunks) {
		struct nptb_chunk *chunk = vm->resident.pages.chunks;

		vm->resident.pages.chunks = chunk->next;
		free_page((unsigned long)chunk);
	}
}
