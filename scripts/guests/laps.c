// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first process of Linux guests: writes to memory in laps, checks in each what the
 * last one wrote, and says so. From the kernel's command line: span=KIB of memory (4096),
 * a page every step=KIB of it (4). Modules that /modules/order names are loaded first.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORDS	512	/* of a page */

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "r");
	char name[128];
	int fd;

	while (order && fscanf(order, "%127s", name) == 1) {
		fd = open(name, O_RDONLY);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			printf("cannot load %s\n", name);
		close(fd);
	}
}

/* What lap @lap writes to word @word of page @page: never what another one does. */
static unsigned long value(unsigned long lap, unsigned long page, unsigned long word)
{
	return lap << 40 | page << 12 | word;
}

/* First and last word of each page; false where one is not what the last lap wrote. */
static int lap_through(unsigned long *memory, unsigned long lap, unsigned long pages,
		       unsigned long words)
{
	unsigned long i, *page;

	for (i = 0, page = memory; i < pages; i++, page += words) {
		if (lap > 1 && (page[0] != value(lap - 1, i, 0) ||
				page[WORDS - 1] != value(lap - 1, i, WORDS - 1))) {
			printf("page %lu is WRONG in lap %lu\n", i, lap);
			return 0;
		}
		page[0] = value(lap, i, 0);
		page[WORDS - 1] = value(lap, i, WORDS - 1);
	}
	return 1;
}

int main(void)
{
	const unsigned long span = number("span", 4096) << 10, step = number("step", 4) << 10;
	unsigned long lap, *memory;

	setvbuf(stdout, NULL, _IONBF, 0);
	load_modules();
	memory = mmap(NULL, span, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		printf("no memory: WRONG\n");
	for (lap = 1; memory != MAP_FAILED; lap++) {
		if (!lap_through(memory, lap, span / step, step / sizeof(*memory)))
			break;
		printf("lap %lu right\n", lap);
		/* Not so many lines that they are all that it does. */
		usleep(20000);
	}
	for (;;)
		pause();
}
