/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's memory behind a VM's memory slots: part of the seam, see backend.h.
 * Addresses are those of the VMM's process.
 */
#ifndef NPTB_HOST_H
#define NPTB_HOST_H

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/types.h>

struct kvm;
struct mm_struct;

/**
 * struct nptb_touch - who wants to know what the host brings into memory
 * @node: in the hash of them
 * @mm: of the VMM; its struct is held from nptb_touch_begin() to nptb_touch_end()
 * @small_pages: it was for this that huge pages went off
 * @touched: a page fault on @addr begins, in the thread that it is of, for @mm; @user:
 *	of user space itself, which goes on right after it. Not to sleep, and not to
 *	touch user space; mmap_lock or the lock of one mapping is held
 */
struct nptb_touch {
	struct hlist_node node;
	struct mm_struct *mm;
	bool small_pages;
	void (*touched)(struct nptb_touch *touch, u64 addr, bool user);
};

/**
 * nptb_touch_begin() - be told of each page fault that brings memory of a VMM in
 * @touch: with its @touched
 * @kvm: the VMM's VM
 *
 * Every page that comes to be mapped in a process is by such a fault, be it of user
 * space, of KVM, or of another part of the kernel; but what a file has in the page
 * cache may be mapped beside it, and userfaultfd puts pages where no fault was. No huge
 * pages are made for the process from then on, as by prctl(PR_SET_THP_DISABLE).
 *
 * Context: may sleep, and for long: it patches the kernel's text.
 * Return: 0, or -EBUSY.
 */
int nptb_touch_begin(struct nptb_touch *touch, struct kvm *kvm);

/**
 * nptb_touch_end() - be told no more
 * @touch: on which nptb_touch_begin() has succeeded
 *
 * Huge pages are the kernel's to make again, where nobody else watches the process.
 *
 * Context: may sleep; when it returns, @touched is not running any more.
 */
void nptb_touch_end(struct nptb_touch *touch);

/* We are being unloaded: nobody is told any more. May sleep for long. */
void nptb_touch_exit(void);

/* Is there free swap space? */
bool nptb_host_has_swap(void);

/* May the current thread be left work to do before it returns to user space? */
bool nptb_host_may_work(const struct nptb_touch *touch);

/**
 * nptb_host_small_pages() - have no huge pages made for a process
 * @mm: of the process, or what is left of it
 * @on: or leave that to the kernel again
 *
 * Return: whether it was otherwise before.
 */
bool nptb_host_small_pages(struct mm_struct *mm, bool on);

/**
 * nptb_host_unsuited() - is there memory that the host never gives up?
 * @kvm: alive
 *
 * Context: may sleep.
 * Return: NULL, or what is wrong with some of the memory behind memory slots.
 */
const char *nptb_host_unsuited(struct kvm *kvm);

/**
 * nptb_host_addr() - where the VMM has a guest's frame
 * @kvm: alive
 * @key: of the frame
 *
 * Context: kvm->srcu held.
 * Return: the address, or 0 where there is no memory.
 */
u64 nptb_host_addr(struct kvm *kvm, u64 key);

/**
 * nptb_host_idle() - is a page of the VMM the guest's, and has no leaf?
 * @kvm: alive
 * @addr: of the page
 *
 * Context: kvm->srcu held.
 * Return: false for what is not behind a memory slot, too.
 */
bool nptb_host_idle(struct kvm *kvm, u64 addr);

/* A number that is another one whenever the memory slots have changed. */
u64 nptb_host_generation(struct kvm *kvm);

/* Pages that this CPU has brought in can be given up from now on. */
void nptb_host_settle(void);

/**
 * nptb_host_reclaim() - have the host give pages up, as MADV_PAGEOUT does
 * @kvm: alive
 * @addr: of the first page
 * @pages: how many; not many
 *
 * Context: may sleep, for as long as it takes to write them; no lock of memory
 * management held. kvm->srcu may be: KVM waits for such writes under it, too.
 * Return: how many of them are in host memory still.
 */
u32 nptb_host_reclaim(struct kvm *kvm, u64 addr, u32 pages);

/**
 * struct nptb_host_range - memory behind memory slots
 * @start: address of the first page
 * @end: address behind the last
 */
struct nptb_host_range {
	u64 start;
	u64 end;
};

/**
 * nptb_host_ranges() - all memory behind a VM's memory slots
 * @kvm: alive
 * @nr: how many ranges; they have no page in common
 *
 * Context: may sleep.
 * Return: for kvfree(), or NULL where there is none, or no memory for it.
 */
struct nptb_host_range *nptb_host_ranges(struct kvm *kvm, u32 *nr);

/**
 * nptb_host_drop_ahead() - have a file's pages read one at a time
 * @kvm: alive
 * @range: of what nptb_host_ranges() told
 *
 * What was read ahead would be mapped beside a page that faults, without a fault of its
 * own: what is in the cache and not mapped is dropped, and MADV_RANDOM set.
 *
 * Context: may sleep.
 */
void nptb_host_drop_ahead(struct kvm *kvm, const struct nptb_host_range *range);

/* Pages that nptb_host_present() looks at. */
#define NPTB_HOST_CHUNK	512

/* How many of them there are from @at on in a range that goes on there. */
static inline u32 nptb_host_chunk(const struct nptb_host_range *range, u64 at)
{
	return min_t(u64, NPTB_HOST_CHUNK, (range->end - at) / PAGE_SIZE);
}

/**
 * nptb_host_present() - which pages of a range are in host memory?
 * @kvm: alive
 * @addr: of the first page
 * @pages: how many, %NPTB_HOST_CHUNK at most
 * @present: a bit for each, or NULL
 *
 * Context: may sleep.
 * Return: how many the VMM's page tables map; 0 where the process is gone.
 */
u32 nptb_host_present(struct kvm *kvm, u64 addr, u32 pages, unsigned long *present);

#endif /* NPTB_HOST_H */
