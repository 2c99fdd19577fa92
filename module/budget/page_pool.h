/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory for resident sets. */
#ifndef NPTB_BUDGET_PAGE_POOL_H
#define NPTB_BUDGET_PAGE_POOL_H

#include "object/vm.h"

void nptb_pages_more(struct nptb_vm *vm);
void nptb_pages_free(struct nptb_vm *vm);

/* A page to use, or NULL where there is none. */
static inline struct nptb_page *nptb_page_get(struct nptb_vm *vm)
{
	struct nptb_page *page = vm->resident.pages.free;

	lockdep_assert_held(&vm->lock);
	if (page) {
		vm->resident.pages.free = page->hash;
		WRITE_ONCE(vm->resident.pages.count, vm->resident.pages.count - 1);
	}
	return page;
}

/* A page that is in no set any more. */
static inline void nptb_page_put(struct nptb_vm *vm, struct nptb_page *page)
{
	lockdep_assert_held(&vm->lock);
	page->hash = vm->resident.pages.free;
	vm->resident.pages.free = page;
	WRITE_ONCE(vm->resident.pages.count, vm->resident.pages.count + 1);
}

/* Pages that are in no set any more, linked by &nptb_page.hash. */
static inline void nptb_pages_put_all(struct nptb_vm *vm, struct nptb_page *page)
{
	while (page) {
		struct nptb_page *next = page->hash;

		nptb_page_put(vm, page);
		page = next;
	}
}

#endif /* NPTB_BUDGET_PAGE_POOL_H */
