// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM with two VMs of one name: a vCPU keeps the first when its descriptor is
 * closed, and the second gets the same.
 *   twin [--idle]    the second has no vCPU; otherwise it adds to 64 pages
 */
#include <stdio.h>
#include <string.h>

#include "../lib/util.h"
#include "../vmm/vmm.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define PAGES	64
#define LAPS	3
#define FD	40
#define MS	60000

int main(int argc, char **argv)
{
	struct vmm_args args = { .data = DATA, .pages = PAGES, .laps = LAPS, .addend = 1 };
	bool idle = argc == 2 && !strcmp(argv[1], "--idle"), ok;
	struct vmm first, second;
	int i;

	if (argc > 1 && !idle) {
		fprintf(stderr, "usage: twin [--idle]\n");
		return 2;
	}
	vmm_create_at(&first, SIZE, VMM_MEM_THP, FD);
	vmm_add(&first, GUEST_ADD, VMM_PROT, &args);
	vmm_let_go(&first);
	vmm_create_at(&second, SIZE, VMM_MEM_THP, FD);
	if (!idle) {
		vmm_add(&second, GUEST_ADD, VMM_PROT, &args);
		for (i = 0; i < PAGES; i++)
			*vmm_want32(&second, DATA + i * PAGE_SIZE) = LAPS;
	}
	vmm_start(&second);
	ok = vmm_wait(&second, MS) && vmm_check(&second);
	vmm_destroy(&second);
	vmm_destroy(&first);
	if (!ok)
		fprintf(stderr, "twin: the second VM did not end as it should\n");
	return !ok;
}
