// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first process of the small guest: says that user space was reached, adds
 * up what it finds in a few pages of its own, on each CPU in turn, and turns the
 * machine off. Without a C library: a few kilobytes, of which it touches a few pages.
 */
#include <asm/unistd.h>
#include <linux/reboot.h>

#define PAGES	16
#define PAGE	4096
#define CPUS	8

static long sys(long nr, long a, long b, long c, long d)
{
	register long r10 asm("r10") = d;
	long ret;

	asm volatile("syscall" : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
		     : "rcx", "r11", "memory");
	return ret;
}

static void say(const char *text, unsigned long len)
{
	sys(__NR_write, 1, (long)text, len, 0);
}

#define SAY(text)	say(text, sizeof(text) - 1)

static volatile unsigned char pages[PAGES * PAGE];

/* 1 + 2 + ... + PAGES, written to as many pages and read back. */
static int sum(void)
{
	int i, sum = 0;

	for (i = 0; i < PAGES; i++)
		pages[i * PAGE] = i + 1;
	for (i = 0; i < PAGES; i++)
		sum += pages[i * PAGE];
	return sum;
}

/* Go to a CPU. Return: 0 where there is none of this number. */
static int go_to(unsigned int cpu)
{
	unsigned long mask = 1UL << cpu;
	unsigned int now = ~0U;

	if (sys(__NR_sched_setaffinity, 0, sizeof(mask), (long)&mask, 0) < 0)
		return 0;
	sys(__NR_getcpu, (long)&now, 0, 0, 0);
	return now == cpu;
}

void _start(void)
{
	char text[] = "sum on CPU 0\n";
	unsigned int cpu;
	int right = 1;

	SAY("user space reached\n");
	for (cpu = 0; cpu < CPUS && go_to(cpu); cpu++) {
		right &= sum() == PAGES * (PAGES + 1) / 2;
		text[sizeof(text) - 3] = '0' + cpu;
		say(text, sizeof(text) - 1);
	}
	if (cpu && right)
		SAY("sum right\n");
	else
		SAY("sum WRONG\n");
	sys(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
	    LINUX_REBOOT_CMD_RESTART, 0);
	for (;;)
		;
}
