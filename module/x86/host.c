// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's memory behind memory slots: what of it is there, and to give it up. By
 * the kernel's own madvise(MADV_PAGEOUT), which skips what is locked, pinned or shared
 * with another process; see host.h.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb_inline.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/pagewalk.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/sort.h>
#include <linux/swap.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#include <linux/sched/coredump.h>
#endif

#include "backend.h"
#include "host.h"
#include "x86/symbols.h"

/*
 * Somebody else may have a page in hand for a moment: another thread that gives it up,
 * or the emulator. What is pinned is tried as often, and in vain.
 */
#define TRIES	3

bool nptb_host_has_swap(void)
{
	return get_nr_swap_pages() > 0;
}

bool nptb_host_may_work(const struct nptb_touch *touch)
{
	unsigned int not_to = PF_KTHREAD | PF_EXITING | PF_IO_WORKER;

#ifdef PF_USER_WORKER
	/* Since 6.4; before, these were kernel threads. */
	not_to |= PF_USER_WORKER;
#endif
	return current->mm == touch->mm && !(current->flags & not_to);
}

bool nptb_host_small_pages(struct mm_struct *mm, bool on)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	/* Renamed, and reached by functions, as there are two such flags now. */
	if (on)
		return !mm_flags_test_and_set(MMF_DISABLE_THP_COMPLETELY, mm);
	return mm_flags_test_and_clear(MMF_DISABLE_THP_COMPLETELY, mm);
#else
	if (on)
		return !test_and_set_bit(MMF_DISABLE_THP, &mm->flags);
	return test_and_clear_bit(MMF_DISABLE_THP, &mm->flags);
#endif
}

u64 nptb_host_addr(struct kvm *kvm, u64 key)
{
	struct kvm_memory_slot *slot;

	slot = __gfn_to_memslot(__kvm_memslots(kvm, nptb_key_as(key)), nptb_key_gfn(key));
	return slot ? __gfn_to_hva_memslot(slot, nptb_key_gfn(key)) : 0;
}

static int address_spaces(struct kvm *kvm)
{
	return ARRAY_SIZE(kvm->memslots);
}

bool nptb_host_idle(struct kvm *kvm, u64 addr)
{
	struct kvm_memory_slot *slot;
	bool found = false;
	int as, bkt;

	for (as = 0; as < address_spaces(kvm); as++)
		kvm_for_each_memslot(slot, bkt, __kvm_memslots(kvm, as)) {
			u64 page = (addr - slot->userspace_addr) >> PAGE_SHIFT;

			if (addr < slot->userspace_addr || page >= slot->npages)
				continue;
			if (nptb_kvm_frame_leaves(kvm, nptb_key(as, slot->base_gfn + page)))
				return false;
			found = true;
		}
	return found;
}

u64 nptb_host_generation(struct kvm *kvm)
{
	int idx = srcu_read_lock(&kvm->srcu), as;
	u64 sum = 0;

	for (as = 0; as < address_spaces(kvm); as++)
		sum += __kvm_memslots(kvm, as)->generation;
	srcu_read_unlock(&kvm->srcu, idx);
	return sum;
}

void nptb_host_settle(void)
{
	static_call(nptb_sc_lru_drain)();
}

static int by_start(const void *a, const void *b)
{
	const struct nptb_host_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* One that lies behind several slots, or in both address spaces, is one. */
static u32 join(struct nptb_host_range *r, u32 n)
{
	u32 i, last = 0;

	sort(r, n, sizeof(*r), by_start, NULL);
	for (i = 1; i < n; i++) {
		if (r[i].start > r[last].end)
			r[++last] = r[i];
		else
			r[last].end = max(r[last].end, r[i].end);
	}
	return n ? last + 1 : 0;
}

static u32 collect(struct kvm *kvm, struct nptb_host_range *r, u32 max)
{
	struct kvm_memory_slot *slot;
	int as, bkt;
	u32 n = 0;

	for (as = 0; as < address_spaces(kvm); as++)
		kvm_for_each_memslot(slot, bkt, __kvm_memslots(kvm, as)) {
			if (n < max) {
				r[n].start = slot->userspace_addr;
				r[n].end = r[n].start + (slot->npages << PAGE_SHIFT);
			}
			n++;
		}
	return n;
}

struct nptb_host_range *nptb_host_ranges(struct kvm *kvm, u32 *nr)
{
	struct nptb_host_range *r = NULL;
	u32 n = 16, max;
	int idx;

	/* They may have become more when there is memory for them. */
	do {
		kvfree(r);
		max = n;
		r = kvcalloc(max, sizeof(*r), GFP_KERNEL);
		if (!r)
			return NULL;
		idx = srcu_read_lock(&kvm->srcu);
		n = collect(kvm, r, max);
		srcu_read_unlock(&kvm->srcu, idx);
	} while (n > max);
	*nr = join(r, n);
	return r;
}

/**
 * struct look - at a chunk of addresses
 * @start: the first
 * @present: a bit for each page
 * @count: pages found
 */
struct look {
	u64 start;
	unsigned long *present;
	u32 count;
};

static void found(struct look *look, u64 addr, u64 next)
{
	for (; addr < next; addr += PAGE_SIZE) {
		if (look->present)
			__set_bit((addr - look->start) >> PAGE_SHIFT, look->present);
		look->count++;
	}
}

static int look_at_pmd(pmd_t *pmd, unsigned long addr, unsigned long next,
		       struct mm_walk *walk)
{
	pmd_t entry = READ_ONCE(*pmd);

	if (!pmd_present(entry) || !(pmd_val(entry) & _PAGE_PSE))
		return 0;
	found(walk->private, addr, next);
	/* Not to be split for this. */
	walk->action = ACTION_CONTINUE;
	return 0;
}

/* The page of zeros, and what is no memory of the kernel's, are special. */
static int look_at_pte(pte_t *pte, unsigned long addr, unsigned long next,
		       struct mm_walk *walk)
{
	pte_t entry = READ_ONCE(*pte);

	if (pte_present(entry) && !pte_special(entry))
		found(walk->private, addr, next);
	return 0;
}

static int look_at_hugetlb(pte_t *pte, unsigned long hmask, unsigned long addr,
			   unsigned long next, struct mm_walk *walk)
{
	if (pte_present(READ_ONCE(*pte)))
		found(walk->private, addr, next);
	return 0;
}

static const struct mm_walk_ops look_ops = {
	.pmd_entry = look_at_pmd,
	.pte_entry = look_at_pte,
	.hugetlb_entry = look_at_hugetlb,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	/* 6.1 leaves it to the caller, who has the same. */
	.walk_lock = PGWALK_RDLOCK,
#endif
};

static u32 present_in(struct mm_struct *mm, u64 addr, u32 pages, unsigned long *present)
{
	struct look look = { .start = addr, .present = present };

	mmap_read_lock(mm);
	static_call(nptb_sc_walk)(mm, addr, addr + ((u64)pages << PAGE_SHIFT), &look_ops, &look);
	mmap_read_unlock(mm);
	return look.count;
}

u32 nptb_host_present(struct kvm *kvm, u64 addr, u32 pages, unsigned long *present)
{
	u32 count;

	if (!mmget_not_zero(kvm->mm))
		return 0;
	count = present_in(kvm->mm, addr, pages, present);
	/* Not here, where we may be what the end of the process waits for. */
	mmput_async(kvm->mm);
	return count;
}

static const char *unsuited_at(struct mm_struct *mm, const struct nptb_host_range *r)
{
	struct vm_area_struct *vma;
	const char *why = NULL;
	u64 at = r->start;

	mmap_read_lock(mm);
	while (!why && at < r->end && (vma = find_vma(mm, at)) && vma->vm_start < r->end) {
		if (is_vm_hugetlb_page(vma))
			why = "hugetlbfs has some of its memory, which is never swapped";
		else if (vma->vm_flags & VM_LOCKED)
			why = "some of its memory is locked (mlock)";
		else if (vma->vm_file && mapping_unevictable(vma->vm_file->f_mapping))
			why = "some of its memory is never swapped (guest_memfd, ramfs)";
		at = vma->vm_end;
	}
	mmap_read_unlock(mm);
	return why;
}

const char *nptb_host_unsuited(struct kvm *kvm)
{
	struct nptb_host_range *r;
	const char *why = NULL;
	u32 nr = 0, i;

	if (!mmget_not_zero(kvm->mm))
		return NULL;
	r = nptb_host_ranges(kvm, &nr);
	for (i = 0; r && !why && i < nr; i++)
		why = unsuited_at(kvm->mm, &r[i]);
	kvfree(r);
	mmput_async(kvm->mm);
	return why;
}

/* The file behind an address, or NULL; memory of tmpfs is not for this. */
static struct file *file_at(struct mm_struct *mm, u64 addr, loff_t *pos)
{
	struct vm_area_struct *vma;
	struct file *file = NULL;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && vma->vm_file && (vma->vm_flags & VM_SHARED) &&
	    !shmem_file(vma->vm_file)) {
		file = get_file(vma->vm_file);
		*pos = ((loff_t)vma->vm_pgoff << PAGE_SHIFT) + (addr - vma->vm_start);
	}
	mmap_read_unlock(mm);
	return file;
}

void nptb_host_drop_ahead(struct kvm *kvm, const struct nptb_host_range *range)
{
	struct file *file;
	loff_t pos;

	if (!mmget_not_zero(kvm->mm))
		return;
	file = file_at(kvm->mm, range->start, &pos);
	if (file) {
		loff_t last = pos + (range->end - range->start) - 1;

		static_call(nptb_sc_madvise)(kvm->mm, range->start, range->end - range->start,
					     MADV_RANDOM);
		/* A page that is only in the cache is clean then, and may be dropped. */
		filemap_write_and_wait_range(file->f_mapping, pos, last);
		invalidate_mapping_pages(file->f_mapping, pos >> PAGE_SHIFT, last >> PAGE_SHIFT);
		fput(file);
	}
	mmput_async(kvm->mm);
}

/*
 * Reclaim unmaps a dirty page of a file, but leaves the write to kswapd, or to nobody:
 * the page would stay in the cache, to be mapped beside the next that faults. So would
 * one that a CPU still has in a list of its own.
 *
 * Return: whether some of a file are in the cache still.
 */
static bool page_out(struct mm_struct *mm, u64 addr, u32 pages)
{
	loff_t pos, last;
	struct file *file = file_at(mm, addr, &pos);
	bool cached = false;

	if (file) {
		last = pos + ((loff_t)pages << PAGE_SHIFT) - 1;
		filemap_write_and_wait_range(file->f_mapping, pos, last);
	}
	static_call(nptb_sc_madvise)(mm, addr, (size_t)pages << PAGE_SHIFT, MADV_PAGEOUT);
	if (file) {
		invalidate_mapping_pages(file->f_mapping, pos >> PAGE_SHIFT, last >> PAGE_SHIFT);
		cached = filemap_range_has_page(file->f_mapping, pos, last);
		fput(file);
	}
	return cached;
}

u32 nptb_host_reclaim(struct kvm *kvm, u64 addr, u32 pages)
{
	struct mm_struct *mm = kvm->mm;
	u32 left, tries = 0;
	bool cached;

	if (!mmget_not_zero(mm))
		return 0;
	for (;;) {
		cached = page_out(mm, addr, pages);
		left = present_in(mm, addr, pages, NULL);
		if ((!left && !cached) || ++tries == TRIES || fatal_signal_pending(current))
			break;
		/* Another CPU may have brought it in, and not told of it yet. */
		static_call(nptb_sc_lru_drain_all)();
	}
	mmput_async(mm);
	return left;
}
