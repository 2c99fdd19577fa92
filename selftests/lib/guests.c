// SPDX-License-Identifier: GPL-2.0-only
#include "guests.h"

#include "util.h"

/* Under shadow paging KVM reads the tables, not the CPU. */
static unsigned int tables(enum vmm_mode mode, unsigned int of_long)
{
	if (kvm_shadow_paging())
		return 0;
	return mode == VMM_LONG ? of_long : mode == VMM_PROT && kvm_restricted();
}

unsigned int adder_need(enum vmm_mode mode)
{
	return 2 + tables(mode, 5);
}

unsigned int adder_need_fetch(enum vmm_mode mode)
{
	return 1 + tables(mode, 4);
}

void adder_open(struct vmm *vm, enum guest_id id, enum vmm_mode mode)
{
	struct vmm_args args = {
		.data = GUEST_DATA, .pages = ADDER_PAGES, .laps = ADDER_LAPS,
		.addend = ADDER_ADDEND,
	};

	vmm_create(vm, GUEST_SIZE, VMM_MEM_4K);
	vmm_fill(vm, GUEST_DATA, ADDER_PAGES * PAGE_SIZE);
	vmm_add(vm, id, mode, &args);
}

void adder_want(struct vmm *vm)
{
	int p;

	for (p = 0; p < ADDER_PAGES; p++)
		*vmm_want32(vm, GUEST_DATA + p * PAGE_SIZE) += ADDER_LAPS * ADDER_ADDEND;
}

void workers_open(struct vmm *vm, const enum vmm_mode *modes, int vcpus)
{
	struct vmm_args args = { .pages = WORKER_PAGES };
	int v;

	vmm_create(vm, GUEST_SIZE, VMM_MEM_4K);
	vmm_fill(vm, GUEST_DATA, vcpus * WORKER_PAGES * PAGE_SIZE);
	for (v = 0; v < vcpus; v++) {
		args.data = GUEST_DATA + v * WORKER_PAGES * PAGE_SIZE;
		vmm_add(vm, GUEST_WORK, modes[v], &args);
	}
}

/* The page that a lap of a vCPU ends with. */
static uint32_t last_word(struct vmm *vm, int v)
{
	return vmm_get32(vm, GUEST_DATA + ((v + 1) * WORKER_PAGES - 1) * PAGE_SIZE);
}

bool workers_advance(struct vmm *vm, unsigned int ms)
{
	uint64_t end = deadline(ms);
	uint32_t from[VMM_VCPUS_MAX];
	int v;

	for (v = 0; v < vm->vcpus; v++)
		from[v] = last_word(vm, v);
	for (v = 0; v < vm->vcpus; ) {
		if (last_word(vm, v) - from[v] >= 2)
			v++;
		else if (now_ms() > end)
			return false;
		else
			sleep_ms(1);
	}
	return true;
}
