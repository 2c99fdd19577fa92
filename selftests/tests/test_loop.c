// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fault loop of the original question and its kin: what a record says about
 * an instruction that cannot complete, for guests whose every page is known.
 */
#include <inttypes.h>
#include <string.h>

#include "../lib/cells.h"
#include "../lib/guests.h"
#include "../lib/scene.h"

#define MS	10000

#define CR0_PE	1UL
#define EFER_LMA	(1UL << 10)

static struct vmm vm;

/* The roles that a page of this guest may have in a loop; 0: none. */
static unsigned int roles_of(uint64_t gfn, enum guest_id id, enum vmm_mode mode)
{
	if (gfn == VMM_CODE_PAGE >> PAGE_SHIFT)
		return NPTB_ROLE_FETCH;
	if (gfn == GUEST_DATA >> PAGE_SHIFT)
		/* An addition reads first; CPUs may check for the write at once. */
		return id == GUEST_ADD ? NPTB_ROLE_READ | NPTB_ROLE_WRITE :
		       id == GUEST_TOUCH ? NPTB_ROLE_READ : NPTB_ROLE_WRITE;
	/* Root, pointers, directory, and the tables to code and to data. */
	if (mode == VMM_LONG && gfn >= VMM_TABLES >> PAGE_SHIFT &&
	    gfn < (VMM_TABLES >> PAGE_SHIFT) + 5)
		return NPTB_ROLE_TABLE;
	if (mode == VMM_PROT && kvm_restricted() && gfn == VMM_IDENTITY >> PAGE_SHIFT)
		return NPTB_ROLE_TABLE;
	return 0;
}

static bool check_pages(const struct nptb_st_loop *l, enum guest_id id,
			enum vmm_mode mode)
{
	unsigned int i, j, may;
	bool ok = true;

	for (i = 0; i < l->listed; i++) {
		may = roles_of(l->page[i].gfn, id, mode);
		if (!l->page[i].roles || (l->page[i].roles & ~may)) {
			note("page 0x%" PRIx64 " has roles 0x%x, may have 0x%x",
			     l->page[i].gfn, l->page[i].roles, may);
			ok = false;
		}
		if (l->page[i].faults < 2) {
			note("page 0x%" PRIx64 " faulted %" PRIu64 " times in a loop",
			     l->page[i].gfn, l->page[i].faults);
			ok = false;
		}
		for (j = 0; j < i; j++)
			ok &= l->page[j].gfn != l->page[i].gfn;
	}
	return ok;
}

/* The bytes of the record are the guest's own at that place. */
static bool check_insn(const struct nptb_st_loop *l, size_t least)
{
	size_t len = strlen(l->insn) / 2, i;
	char hex[3];

	if (len < least || len > NPTB_INSN_MAX) {
		note("insn=%s", l->insn);
		return false;
	}
	for (i = 0; i < len; i++) {
		snprintf(hex, sizeof(hex), "%02x", vm.mem[l->rip + i]);
		if (strncmp(l->insn + 2 * i, hex, 2)) {
			note("insn=%s differs at byte %zu from %s", l->insn, i, hex);
			return false;
		}
	}
	return true;
}

static bool check_registers(const struct nptb_st_loop *l, enum vmm_mode mode,
			    uint64_t budget)
{
	bool ok = l->vcpu == 0 && l->vector == -1 && l->budget == budget &&
		l->times == 1 && l->laps >= 1 && !strcmp(l->class, "instruction");

	ok &= !(l->cr0 & CR0_PE) == (mode == VMM_REAL);
	ok &= l->cr3 == (mode == VMM_LONG ? VMM_TABLES : 0);
	ok &= !(l->efer & EFER_LMA) == (mode != VMM_LONG);
	if (!ok)
		note("vcpu %d class %s vector %d budget %" PRIu64 " times %" PRIu64
		     " laps %" PRIu64 " cr0 0x%" PRIx64 " cr3 0x%" PRIx64 " efer 0x%" PRIx64,
		     l->vcpu, l->class, l->vector, l->budget, l->times, l->laps,
		     l->cr0, l->cr3, l->efer);
	return ok;
}

/* Runs into the loop, stops, and looks at the record in every respect. */
static bool loops(enum guest_id id, enum vmm_mode mode, uint64_t budget)
{
	struct guest_code code = guest_code(id, mode);
	struct nptb_st_loop l;
	bool fetched = budget >= adder_need_fetch(mode);
	int64_t laps;
	bool ok;

	adder_open(&vm, id, mode);
	ok = !nptb_budget(vm.name, budget);
	vmm_start(&vm);
	ok &= nptb_wait_loop(vm.name, 0, &l, MS);
	laps = nptb_stat(vm.name, "laps");
	/* It goes round and round: the counter shows it, the record stays one. */
	ok &= nptb_wait_stat(vm.name, "laps", laps + 1, MS);
	vmm_stop(&vm);
	if (!ok) {
		note("no loop, or no further laps");
		goto out;
	}
	ok &= nptb_loops(vm.name, &l, 1) == 1;
	ok &= nptb_stat(vm.name, "loops") == 1;
	/* Below five pages long mode does not even fetch the first instruction, for one. */
	if (l.rip != vmm_entry(0) + (fetched ? code.mark : 0)) {
		note("rip 0x%" PRIx64, l.rip);
		ok = false;
	}
	/*
	 * The page that is one too many sends the CPU back to the first one,
	 * which has just gone: the set is the budget and one page more.
	 */
	if (l.pages != l.listed || l.pages != budget + 1) {
		note("%u pages, %u listed", l.pages, l.listed);
		ok = false;
	}
	ok &= check_registers(&l, mode, budget) && check_pages(&l, id, mode) &&
		check_insn(&l, fetched ? code.mark_len : 1);
out:
	ok &= vmm_check(&vm);
	vmm_destroy(&vm);
	return ok;
}

/* The guest ends under a budget, its memory is as wanted, and no loop is reported. */
static bool ends_without_loop(uint64_t budget)
{
	bool ok = !nptb_budget(vm.name, budget);

	vmm_start(&vm);
	ok &= vmm_wait(&vm, MS);
	vmm_stop(&vm);
	ok &= vmm_check(&vm);
	if (nptb_stat(vm.name, "loops")) {
		note("%" PRId64 " loops reported of a guest that ends",
		     nptb_stat(vm.name, "loops"));
		ok = false;
	}
	return ok;
}

/* With what it needs. */
static bool completes(enum vmm_mode mode, uint64_t budget)
{
	bool ok;

	adder_open(&vm, GUEST_ADD, mode);
	adder_want(&vm);
	ok = ends_without_loop(budget);
	vmm_destroy(&vm);
	return ok;
}

/*
 * Instructions that change nothing but RIP get on, and a CPU may keep that to itself:
 * KVM reads RIP from VT-x's VMCS when it is asked for. Each writes to a page of its own
 * beside that of the code; whoever sees no progress takes the pages of all for one
 * instruction's.
 */
#define STORES	8

static bool only_rip_moves(void)
{
	static const uint8_t hlt = 0xf4;
	uint8_t store[] = { 0xa2, 0, 0, 0, 0 };	/* mov [disp32], al */
	bool ok;
	int i;

	adder_open(&vm, GUEST_SPIN, VMM_PROT);
	for (i = 0; i < STORES; i++) {
		uint32_t to = GUEST_DATA + i % ADDER_PAGES * PAGE_SIZE;

		memcpy(store + 1, &to, sizeof(to));
		vmm_load(&vm, vmm_entry(0) + i * sizeof(store), store, sizeof(store));
		*(uint8_t *)vmm_want32(&vm, to) = ADDER_ADDEND & 0xff;
	}
	vmm_load(&vm, vmm_entry(0) + STORES * sizeof(store), &hlt, 1);
	ok = ends_without_loop(adder_need(VMM_PROT));
	/* Each of the stores had to bring its page in. */
	ok &= nptb_stat(vm.name, "faults") >= STORES;
	vmm_destroy(&vm);
	return ok;
}

/* One page more, given while it loops, and the guest goes on. */
static bool is_helped(enum vmm_mode mode, uint64_t need)
{
	struct nptb_st_loop l;
	bool ok;

	adder_open(&vm, GUEST_ADD, mode);
	ok = !nptb_budget(vm.name, need - 1);
	vmm_start(&vm);
	ok &= nptb_wait_loop(vm.name, 0, &l, MS);
	ok &= !nptb_budget(vm.name, need);
	ok &= vmm_wait(&vm, MS);
	vmm_stop(&vm);
	adder_want(&vm);
	ok &= vmm_check(&vm);
	/* The last lap may have been under either, on the way. */
	ok &= nptb_loops(vm.name, &l, 1) == 1 && l.budget <= need;
	vmm_destroy(&vm);
	return ok;
}

/* KVM emulates all of it: no page, no fault, and so no loop. */
static bool needs_nothing(enum vmm_mode mode)
{
	bool ok;

	adder_open(&vm, GUEST_ADD, mode);
	adder_want(&vm);
	ok = ends_without_loop(1) && !nptb_stat(vm.name, "faults");
	vmm_destroy(&vm);
	return ok;
}

/* Two vCPUs in loops of their own have a record each. */
static bool two_vcpus(void)
{
	enum vmm_mode second = kvm_restricted() ? VMM_PROT : VMM_REAL;
	struct vmm_args args = {
		.data = GUEST_DATA + 64 * PAGE_SIZE, .pages = 1, .laps = 1,
		.addend = 1,
	};
	struct nptb_st_loop l[2];
	bool ok = true;
	int v;

	adder_open(&vm, GUEST_ADD, VMM_PROT);
	vmm_add(&vm, GUEST_ADD, second, &args);
	ok &= !nptb_budget(vm.name, 1);
	vmm_start(&vm);
	for (v = 0; v < 2; v++)
		if (!nptb_wait_loop(vm.name, v, &l[v], MS)) {
			note("no loop of vCPU %d", v);
			ok = false;
		}
	vmm_stop(&vm);
	for (v = 0; v < 2 && ok; v++)
		ok &= l[v].rip == vmm_entry(v) + (adder_need_fetch(VMM_PROT) > 1 ? 0 :
			guest_code(GUEST_ADD, v ? second : VMM_PROT).mark);
	ok &= vmm_check(&vm);
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	static const struct {
		const char *name;
		enum guest_id id;
	} guests[] = {
		{ "add [mem], reg", GUEST_ADD }, { "mov [mem], reg", GUEST_STAMP },
		{ "mov reg, [mem]", GUEST_TOUCH },
	};
	int mode, b, need;
	size_t g;

	ksft_print_header();
	need_module();
	ksft_set_plan(VMM_MODES * (ARRAY_SIZE(guests) + 2) + 5 + 2);
	for (mode = 0; mode < VMM_MODES; mode++) {
		need = adder_need(mode);
		if (mode == VMM_REAL && kvm_restricted()) {
			ksft_test_result(needs_nothing(mode), "add, real: emulated by KVM\n");
			for (b = 0; b < (int)ARRAY_SIZE(guests) + 1; b++)
				ksft_test_result_skip("real: KVM emulates it, in no page\n");
			continue;
		}
		for (g = 0; g < ARRAY_SIZE(guests); g++)
			ksft_test_result(loops(guests[g].id, mode, 1),
					 "%s, %s: budget 1 loops\n",
					 guests[g].name, vmm_mode_names[mode]);
		ksft_test_result(completes(mode, need),
				 "add, %s: budget %d completes\n",
				 vmm_mode_names[mode], need);
		ksft_test_result(is_helped(mode, need),
				 "add, %s: one page more ends the loop\n",
				 vmm_mode_names[mode]);
	}
	for (b = 2; b < 7; b++)
		if (kvm_shadow_paging())
			ksft_test_result_skip("add, long: budget %d: npt=0\n", b);
		else
			ksft_test_result(loops(GUEST_ADD, VMM_LONG, b),
					 "add, long: budget %d loops\n", b);
	ksft_test_result(two_vcpus(), "two vCPUs, a record each\n");
	ksft_test_result(only_rip_moves(), "no loop where RIP alone moves\n");
	ksft_finished();
}
