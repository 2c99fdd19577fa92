// SPDX-License-Identifier: GPL-2.0-only
/* What of a VM's memory is in host memory: the kernel's own word. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/util.h"
#include "backed.h"

/* Documentation/admin-guide/mm/pagemap.rst: present, and the frame's number. */
#define PAGEMAP_PRESENT	(1ULL << 63)
#define PAGEMAP_FRAME	((1ULL << 55) - 1)
#define PAUSE_US	300
#define PAGES_MAX	4096

static int pagemap = -1;
static uint64_t zero_frame;

static void look(uint64_t *entries, const void *mem, size_t pages)
{
	off_t at = (uintptr_t)mem / PAGE_SIZE * sizeof(*entries);

	if (pagemap < 0)
		pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pread(pagemap, entries, pages * sizeof(*entries), at) !=
	    (ssize_t)(pages * sizeof(*entries)))
		die("/proc/self/pagemap: %s", strerror(errno));
}

/* A page that was only read is the one of zeros. */
static void find_zero_frame(void)
{
	volatile uint8_t *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t entry;

	if (page == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	(void)*page;
	look(&entry, (void *)page, 1);
	zero_frame = entry & PAGEMAP_FRAME;
	munmap((void *)page, PAGE_SIZE);
	if (!(entry & PAGEMAP_PRESENT) || !zero_frame)
		die("/proc/self/pagemap shows no frames");
}

/* A huge page that is split leaves them behind where it had zeros (6.12). */
static bool is_zero_page(uint64_t entry)
{
	if (!zero_frame)
		find_zero_frame();
	return (entry & PAGEMAP_PRESENT) && (entry & PAGEMAP_FRAME) == zero_frame;
}

uint64_t backed_count(const uint64_t *entries, size_t pages)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < pages; i++)
		n += (entries[i] & PAGEMAP_PRESENT) && !is_zero_page(entries[i]);
	return n;
}

void backed_one_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("sched_setaffinity: %s", strerror(errno));
}

uint64_t backed_pagemap(const struct vmm *vm)
{
	static uint64_t entries[PAGES_MAX];
	size_t pages = vm->size / PAGE_SIZE;

	if (pages > PAGES_MAX)
		die("a VM of %zu pages", pages);
	look(entries, vm->mem, pages);
	return backed_count(entries, pages);
}

uint64_t backed_smaps(const struct vmm *vm)
{
	uint64_t start, end, kib, sum = 0;
	char *text = file_slurp("/proc/self/smaps"), *line, *save;
	bool ours = false;

	if (!text)
		die("/proc/self/smaps cannot be read");
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
			ours = start >= (uintptr_t)vm->mem && end <= (uintptr_t)vm->mem + vm->size;
		else if (ours && sscanf(line, "Rss: %" SCNu64 " kB", &kib) == 1)
			sum += kib / 4;
	}
	free(text);
	return sum;
}

uint64_t backed_mincore(const struct vmm *vm)
{
	static unsigned char in[PAGES_MAX];
	static uint64_t entries[PAGES_MAX];
	size_t i, pages = vm->size / PAGE_SIZE;
	uint64_t n = 0;

	if (pages > PAGES_MAX || mincore(vm->mem, vm->size, in))
		die("mincore: %s", strerror(errno));
	look(entries, vm->mem, pages);
	for (i = 0; i < pages; i++)
		n += (in[i] & 1) && !is_zero_page(entries[i]);
	return n;
}

static void *sample(void *arg)
{
	struct backed *b = arg;

	while (!atomic_load(&b->stop)) {
		uint64_t n = backed_pagemap(b->vm);

		b->samples++;
		if (n > b->peak)
			b->peak = n;
		b->over += n > atomic_load(&b->limit);
		if (b->disturb && !(b->samples % 8))
			b->disturb(b->vm);
		usleep(PAUSE_US);
	}
	return NULL;
}

void backed_begin(struct backed *b, const struct vmm *vm, uint64_t limit)
{
	struct sched_param param = { .sched_priority = 1 };
	pthread_attr_t attr;

	b->vm = vm;
	b->samples = 0;
	b->over = 0;
	b->peak = 0;
	atomic_store(&b->stop, false);
	atomic_store(&b->limit, limit);
	/* So that no first use of them is among what is counted. */
	backed_pagemap(vm);
	pthread_attr_init(&attr);
	if (pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED) ||
	    pthread_attr_setschedpolicy(&attr, SCHED_FIFO) ||
	    pthread_attr_setschedparam(&attr, &param) ||
	    pthread_create(&b->thread, &attr, sample, b))
		die("no thread of a real-time priority");
	pthread_attr_destroy(&attr);
}

bool backed_end(struct backed *b)
{
	uint64_t limit = atomic_load(&b->limit);

	atomic_store(&b->stop, true);
	pthread_join(b->thread, NULL);
	note("%s: %" PRIu64 " pages backed at most, in %" PRIu64 " samples", b->vm->name,
	     b->peak, b->samples);
	if (b->samples < 10)
		note("only %" PRIu64 " samples", b->samples);
	if (b->over)
		note("%s: more than %" PRIu64 " in %" PRIu64 " samples", b->vm->name, limit,
		     b->over);
	return !b->over && b->samples >= 10;
}
