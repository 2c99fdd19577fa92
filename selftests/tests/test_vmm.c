// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tiny VMM itself, on plain KVM: every guest in every mode on every kind of
 * memory does what the other tests expect of it, memory that was not to change
 * is seen to change, and a guest that never ends can be stopped.
 */
#include "../lib/cells.h"

/* Kinds of memory that every machine has; test_paths has the others. */
#define MEMS	(VMM_MEM_MEMFD + 1)
#define SIZE	(8UL << 20)
#define DATA	SZ_2M
#define PAGES	24
#define LAPS	3

static bool finished(struct vmm *vm, const char *name)
{
	bool ok = vmm_wait(vm, 10000);

	vmm_stop(vm);
	if (!ok)
		note("%s: the guest did not end", name);
	return vmm_check(vm) && ok;
}

static bool run_add(enum vmm_mode mode, enum vmm_mem kind, int vcpus)
{
	struct vmm vm;
	bool ok;
	int i, p;

	if (!vmm_create(&vm, SIZE, kind))
		return false;
	vmm_fill(&vm, DATA, vcpus * PAGES * PAGE_SIZE);
	for (i = 0; i < vcpus; i++) {
		struct vmm_args args = {
			.data = DATA + i * PAGES * PAGE_SIZE, .pages = PAGES,
			.laps = LAPS, .addend = 0x01020304 + i,
		};

		vmm_add(&vm, GUEST_ADD, mode, &args);
		for (p = 0; p < PAGES; p++)
			*vmm_want32(&vm, args.data + p * PAGE_SIZE) +=
				LAPS * (uint32_t)args.addend;
	}
	vmm_start(&vm);
	ok = finished(&vm, "add");
	vmm_destroy(&vm);
	return ok;
}

static bool run_stamp(enum vmm_mode mode)
{
	struct vmm_args args = { .data = DATA, .pages = PAGES, .laps = 1 };
	struct vmm vm;
	bool ok;
	int p;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_STAMP, mode, &args);
	for (p = 0; p < PAGES; p++)
		*vmm_want32(&vm, DATA + p * PAGE_SIZE) = p + 1;
	vmm_start(&vm);
	ok = finished(&vm, "stamp");
	vmm_destroy(&vm);
	return ok;
}

static bool run_touch(enum vmm_mode mode)
{
	struct vmm_args args = { .data = DATA, .pages = PAGES, .laps = LAPS };
	struct vmm_vcpu *vcpu;
	struct vmm vm;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vcpu = vmm_add(&vm, GUEST_TOUCH, mode, &args);
	vmm_start(&vm);
	ok = finished(&vm, "touch") && vcpu->outs == LAPS;
	vmm_destroy(&vm);
	return ok;
}

/* However busy the machine is: until the guest has counted past @count. */
static void wait_count(struct vmm *vm, uint32_t count)
{
	uint64_t end = deadline(15000);

	while (vmm_get32(vm, DATA) <= count && now_ms() < end)
		sleep_ms(1);
}

/* Endless guests: there is progress, they stop, go on, and stop again. */
static bool run_endless(enum guest_id id, enum vmm_mode mode)
{
	struct vmm_args args = { .data = DATA, .pages = id == GUEST_WORK ? 4 : 1 };
	struct vmm_vcpu *vcpu;
	uint32_t count[2];
	struct vmm vm;
	bool ok = true;
	int i, p;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vcpu = vmm_add(&vm, id, mode, &args);
	for (i = 0; i < 2; i++) {
		vmm_start(&vm);
		wait_count(&vm, i ? count[0] : 0);
		vmm_stop(&vm);
		ok &= vmm_end(vcpu) == VMM_STOPPED;
		count[i] = vmm_get32(&vm, DATA);
	}
	for (p = 0; p < (int)args.pages; p++)
		*vmm_want32(&vm, DATA + p * PAGE_SIZE) =
			vmm_get32(&vm, DATA + p * PAGE_SIZE);
	ok &= count[0] > 0 && count[1] > count[0] && vmm_check(&vm);
	vmm_destroy(&vm);
	return ok;
}

/* vmm_check() must see one byte that differs, wherever it is. */
static bool sees_wrong_memory(void)
{
	static const size_t at[] = { 0, DATA + 12345, SIZE - 1 };
	struct vmm vm;
	bool ok = true;
	size_t i;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_fill(&vm, DATA, PAGES * PAGE_SIZE);
	ok &= vmm_check(&vm);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		vm.mem[at[i]] ^= 1;
		ok &= !vmm_check(&vm);
		vm.mem[at[i]] ^= 1;
	}
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	static const char *const endless[] = { "work", "spin" };
	struct vmm vm;
	int mode, kind;

	ksft_print_header();
	need_kvm();
	ksft_set_plan(VMM_MODES * (MEMS + 5) + 1);
	for (mode = 0; mode < VMM_MODES; mode++) {
		const char *name = vmm_mode_names[mode];

		for (kind = 0; kind < MEMS; kind++) {
			if (kind == VMM_MEM_HUGETLB &&
			    file_number("/proc/sys/vm/nr_hugepages") < 8)
				file_write("/proc/sys/vm/nr_hugepages", "8", 1);
			if (!vmm_create(&vm, SIZE, kind)) {
				ksft_test_result_skip("add %s %s: no such memory\n",
						      name, vmm_mem_names[kind]);
				continue;
			}
			vmm_destroy(&vm);
			ksft_test_result(run_add(mode, kind, 1), "add %s %s\n",
					 name, vmm_mem_names[kind]);
		}
		ksft_test_result(run_add(mode, VMM_MEM_4K, 4),
				 "add %s 4 vCPUs\n", name);
		ksft_test_result(run_stamp(mode), "stamp %s\n", name);
		ksft_test_result(run_touch(mode), "touch %s\n", name);
		ksft_test_result(run_endless(GUEST_WORK, mode),
				 "%s %s is stopped and goes on\n", endless[0], name);
		ksft_test_result(run_endless(GUEST_SPIN, mode),
				 "%s %s is stopped and goes on\n", endless[1], name);
	}
	ksft_test_result(sees_wrong_memory(), "one wrong byte is seen\n");
	ksft_finished();
}
