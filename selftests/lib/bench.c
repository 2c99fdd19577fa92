// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "nptb.h"
#include "util.h"

void bench_budget(const struct vmm *vm, uint64_t pages)
{
	int ret = nptb_budget(vm->name, pages);

	if (ret)
		die("budget of %" PRIu64 ": %s", pages, strerror(-ret));
}

void bench_join(struct vmm *vm)
{
	int v;

	for (v = 0; v < vm->vcpus; v++) {
		pthread_join(vm->vcpu[v].thread, NULL);
		vm->vcpu[v].started = false;
		if (vmm_end(&vm->vcpu[v]) != VMM_HALTED)
			die("a guest did not end");
	}
}

void bench_print(const char *name, uint64_t number, uint64_t count)
{
	if (!number)
		die("%s: nothing to count", name);
	printf("%s\t%" PRIu64 "\t%" PRIu64 "\t%.0f\n", name, number, count,
	       (double)count / number);
}
