// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much of a VM is resident, and backed, at most, by others' books: KVM's counters of
 * its leaves, and /proc/PID/pagemap of its VMM. Samples until the VMM ends.
 *   oracle VM MIB [PAUSE-MS]
 * VM is its name, such as 170-4, MIB the size of its memory, one mapping of the VMM.
 * Without a pause pagemap is left out. Prints "resident N backed N samples N", in pages;
 * backed is 0 where it was not looked at.
 *
 * On a host with one CPU a sample is one moment: it has a real-time priority.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/util.h"
#include "../oracle/backed.h"

#define MIB		(1UL << 20)
#define PAGE		4096UL
#define PAUSE_MS	20

static const char *vm;
static int pid;

/* KVM counts leaves by their sizes. Return: false where the VM is gone. */
static bool resident(uint64_t *pages)
{
	static const struct { const char *name; uint64_t pages; } sizes[] = {
		{ "pages_4k", 1 }, { "pages_2m", 512 }, { "pages_1g", 262144 },
	};
	size_t i;

	*pages = 0;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char path[128];
		int64_t n;

		snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%s/%s", vm, sizes[i].name);
		n = file_number(path);
		if (n < 0)
			return false;
		*pages += n * sizes[i].pages;
	}
	return true;
}

/* The mapping of @size bytes, or 0. */
static uint64_t find(uint64_t size)
{
	uint64_t start, end, found = 0;
	char path[64], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	if (!maps)
		return 0;
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " rw-", &start, &end) == 2 &&
		    end - start == size)
			found = start;
	fclose(maps);
	return found;
}

static uint64_t backed(int pagemap, uint64_t *entries, uint64_t start, uint64_t pages)
{
	ssize_t got = pread(pagemap, entries, pages * sizeof(*entries),
			    start / PAGE * sizeof(*entries));

	return got > 0 ? backed_count(entries, got / sizeof(*entries)) : 0;
}

int main(int argc, char **argv)
{
	struct sched_param param = { .sched_priority = 1 };
	uint64_t peak = 0, peak_backed = 0, samples = 0, now, size, start = 0, *entries;
	unsigned int pause;
	char path[64];
	int pagemap;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: oracle VM MIB [PAUSE-MS]\n");
		return 2;
	}
	vm = argv[1];
	pid = atoi(vm);
	size = strtoull(argv[2], NULL, 10) * MIB;
	pause = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		die("no real-time priority: %s", strerror(errno));
	entries = calloc(size / PAGE, sizeof(*entries));
	if (!entries)
		die("out of memory");
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	start = find(size);
	if (pagemap < 0 || !start)
		die("process %d has no mapping of %" PRIu64 " MiB", pid, size / MIB);
	while (!kill(pid, 0) && resident(&now)) {
		samples++;
		if (now > peak)
			peak = now;
		if (pause) {
			now = backed(pagemap, entries, start, size / PAGE);
			if (now > peak_backed)
				peak_backed = now;
		}
		sleep_ms(pause ? pause : PAUSE_MS);
	}
	printf("resident %" PRIu64 " backed %" PRIu64 " samples %" PRIu64 "\n", peak, peak_backed,
	       samples);
	return !samples;
}
