// SPDX-License-Identifier: GPL-2.0-only
/* What happens on a fault loop: the knob on_loop, one mode after the other. */
#include <errno.h>
#include <inttypes.h>

#include "../lib/cells.h"
#include "../lib/scene.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define PAGES	4
#define LAPS	5
#define ADDEND	0x10203U
#define MS	20000

static struct vmm vm;

static void open_guest(enum vmm_mode mode)
{
	struct vmm_args args = {
		.data = DATA, .pages = PAGES, .laps = LAPS, .addend = ADDEND,
	};

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_fill(&vm, DATA, PAGES * PAGE_SIZE);
	vmm_add(&vm, GUEST_ADD, mode, &args);
}

static void want_sums(void)
{
	int p;

	for (p = 0; p < PAGES; p++)
		*vmm_want32(&vm, DATA + p * PAGE_SIZE) += LAPS * ADDEND;
}

/* Pages that the addition needs: code, data, and the tables to both. */
static unsigned int need(enum vmm_mode mode)
{
	return mode == VMM_LONG ? 7 : 2;
}

/* Waits until the vCPU has left its loop for user space. */
static bool looped(void)
{
	vmm_wait(&vm, MS);
	vmm_stop(&vm);
	if (vmm_end(&vm.vcpu[0]) != VMM_LOOPED)
		note("the vCPU ended with %d, not in a loop", vmm_end(&vm.vcpu[0]));
	return vmm_end(&vm.vcpu[0]) == VMM_LOOPED;
}

static bool says(enum vmm_mode mode, uint64_t budget)
{
	const uint64_t *loop = vm.vcpu[0].loop;
	uint64_t rip = vmm_entry(0) + guest_code(GUEST_ADD, mode).mark;

	if (loop[NPTB_STOP_RIP] == rip && loop[NPTB_STOP_LAPS] == 1 &&
	    loop[NPTB_STOP_CR3] == (mode == VMM_LONG ? VMM_TABLES : 0) &&
	    loop[NPTB_STOP_HAD] == budget && loop[NPTB_STOP_NEEDS] == need(mode))
		return true;
	note("rip 0x%" PRIx64 " (want 0x%" PRIx64 ") cr3 0x%" PRIx64 " laps %" PRIu64 " had %"
	     PRIu64 " needs %" PRIu64, loop[NPTB_STOP_RIP], rip, loop[NPTB_STOP_CR3],
	     loop[NPTB_STOP_LAPS], loop[NPTB_STOP_HAD], loop[NPTB_STOP_NEEDS]);
	return false;
}

/* One page too few: stops, again when tried again, and goes on with one more. */
static bool stops(enum vmm_mode mode)
{
	uint64_t budget = need(mode) - 1;
	bool ok;

	open_guest(mode);
	ok = !nptb_set(vm.name, "on_loop", "stop") && !nptb_budget(vm.name, budget);
	vmm_start(&vm);
	ok &= looped() && says(mode, budget) && vmm_check(&vm);
	ok &= nptb_stat(vm.name, "stopped") == 1 && nptb_stat(vm.name, "loops") == 1;
	vmm_start(&vm);
	ok &= looped() && says(mode, budget) && vmm_check(&vm);
	ok &= nptb_stat(vm.name, "stopped") == 2 && nptb_stat(vm.name, "loops") == 2;
	if (!ok)
		note("stopped %" PRId64 ", loops %" PRId64, nptb_stat(vm.name, "stopped"),
		     nptb_stat(vm.name, "loops"));
	ok &= !nptb_budget(vm.name, budget + 1);
	vmm_start(&vm);
	ok &= vmm_wait(&vm, MS);
	vmm_stop(&vm);
	want_sums();
	ok &= vmm_check(&vm) && nptb_stat(vm.name, "loops") == 2;
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	int mode;

	ksft_print_header();
	need_module();
	ksft_set_plan(VMM_MODES);
	for (mode = 0; mode < VMM_MODES; mode++)
		ksft_test_result(stops(mode), "stop, %s\n", vmm_mode_names[mode]);
	ksft_finished();
}
