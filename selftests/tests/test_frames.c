// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins and exempt frames: a pinned one never goes and counts, an exempt one
 * never goes and does not count. KVM's own events are the judge of both: with
 * the exempt frames left out, the sum of leaves never exceeds the budget,
 * whatever the host does to them meanwhile.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "../lib/cells.h"
#include "../oracle/spte.h"
#include "../vmm/prefault.h"
#include "../vmm/nested.h"

#define SIZE		(4UL << 20)
#define DATA		SZ_2M
#define PAGES		48		/* of each vCPU */
#define GFN		(DATA >> PAGE_SHIFT)
#define BUFFER_MIB	24
/* A slot that no guest touches, to come and go. */
#define ASIDE		(64UL << 20)
/* Of a guest that runs a guest. */
#define CONTROL		0x40000UL
#define SAVE		0x50000UL
#define NESTED_TABLES	0xa0000UL

static struct vmm vm;

static void open_guest(enum guest_id id, int vcpus)
{
	struct vmm_args args = { .pages = PAGES, .laps = 1000000 };
	int v;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_fill(&vm, DATA, vcpus * PAGES * PAGE_SIZE);
	for (v = 0; v < vcpus; v++) {
		args.data = DATA + v * PAGES * PAGE_SIZE;
		vmm_add(&vm, id, VMM_PROT, &args);
	}
}

static int put(const char *file, const char *text)
{
	int ret = nptb_set(vm.name, file, text);

	if (ret)
		note("%s \"%s\": %s", file, text, strerror(-ret));
	return ret;
}

static int list(const char *file, uint64_t first, uint64_t last, bool add)
{
	char text[64];

	snprintf(text, sizeof(text), "%s0x%" PRIx64 "-0x%" PRIx64, add ? "" : "!",
		 first, last);
	return put(file, text);
}

/* Until the guest has taken @more faults. */
static bool faults(int64_t more)
{
	if (nptb_wait_stat(vm.name, "faults", nptb_stat(vm.name, "faults") + more, 20000))
		return true;
	note("%" PRId64 " faults in 20 s", more);
	return false;
}

static bool expect(const char *what, int64_t got, int64_t want)
{
	if (got != want)
		note("%s is %" PRId64 ", should be %" PRId64, what, got, want);
	return got == want;
}

/* A recording of one run; the frames are those that spte_apart() was told of. */
static bool judge(uint64_t budget, int64_t came, bool gone)
{
	struct spte_result r = spte_end();

	note("%" PRIu64 " events, %" PRIu64 " lost; peak %" PRId64 "; apart: %" PRIu64
	     " came, %" PRIu64 " went", r.events, r.lost, r.peak, r.apart_came, r.apart_gone);
	return expect("lost", r.lost, 0) & expect("over the budget", r.over, 0) &
	       expect("peak", r.peak, budget) & expect("huge", r.huge, 0) &
	       (came < 0 || expect("frames that came", r.apart_came, came)) &
	       expect("some frames went", !!r.apart_gone, gone);
}

static bool pins(int vcpus)
{
	bool ok;

	open_guest(GUEST_WORK, vcpus);
	ok = !list("pin", GFN + 1, GFN + 4, true) && !nptb_budget(vm.name, 16);
	spte_begin(BUFFER_MIB);
	spte_apart(GFN + 1, GFN + 4, true);
	spte_limit(16);
	vmm_start(&vm);
	ok = ok && faults(3000);
	vmm_stop(&vm);
	ok &= expect("pinned", nptb_stat(vm.name, "pinned"), 4);
	ok &= judge(16, 4, false);
	vmm_destroy(&vm);
	return ok;
}

/* Mapped before the guest asks for them: it never faults on them then. */
static bool ahead(const char *file, int64_t budget, bool counts)
{
	uint64_t gpa = DATA + PAGE_SIZE, size = 4 * PAGE_SIZE;
	int tries, ret = 0;
	bool ok;

	open_guest(GUEST_WORK, 1);
	ok = !list(file, GFN + 1, GFN + 4, true) && !nptb_budget(vm.name, budget);
	spte_begin(BUFFER_MIB);
	spte_apart(GFN + 1, GFN + 4, counts);
	spte_limit(budget);
	for (tries = 0; ok && size && tries < 100; tries++)
		ret = prefault(vm.vcpu[0].fd, &gpa, &size);
	if (size)
		note("KVM_PRE_FAULT_MEMORY: %s", strerror(ret));
	ok &= expect("leaves", vmm_stat(&vm, "pages_4k"), 4);
	ok &= expect(counts ? "pinned" : "exempt",
		     nptb_stat(vm.name, counts ? "pinned" : "exempt"), 4);
	vmm_start(&vm);
	ok = ok && faults(1000);
	vmm_stop(&vm);
	ok &= judge(budget, 4, false);
	vmm_destroy(&vm);
	return ok;
}

/* Put on and taken off while the guest runs. */
static bool pins_change(void)
{
	bool ok;

	open_guest(GUEST_WORK, 2);
	ok = !nptb_budget(vm.name, 16);
	vmm_start(&vm);
	ok = ok && faults(500) && !list("pin", GFN, GFN + 7, true);
	/* A vCPU may be long in coming to all of them. */
	if (ok)
		nptb_wait_stat(vm.name, "pinned", 8, 20000);
	ok = ok && expect("pinned", nptb_stat(vm.name, "pinned"), 8);
	spte_begin(BUFFER_MIB);
	spte_apart(GFN, GFN + 7, true);
	ok = ok && faults(1000);
	ok &= expect("pinned ones that went", spte_end().apart_gone, 0);
	/* Before: they may go at once, and vCPU 0 be slow to want them back. */
	spte_begin(BUFFER_MIB);
	spte_apart(GFN + 2, GFN + 3, true);
	ok = ok && !list("pin", GFN + 2, GFN + 3, false);
	ok &= expect("pinned", nptb_stat(vm.name, "pinned"), 6);
	ok = ok && faults(1000);
	ok &= expect("unpinned ones that went", spte_end().apart_gone > 0, true);
	ok = ok && !put("pin", "none") && faults(500);
	ok &= expect("pinned", nptb_stat(vm.name, "pinned"), 0);
	vmm_stop(&vm);
	vmm_destroy(&vm);
	return ok;
}

/* A guest under a budget with 20 exempt frames, watched by the oracle. */
static bool start_exempt(enum guest_id id, int vcpus, uint64_t budget)
{
	bool ok;

	open_guest(id, vcpus);
	ok = !list("exempt", GFN + 10, GFN + 29, true) &&
	     !nptb_budget(vm.name, budget);
	spte_begin(BUFFER_MIB);
	spte_apart(GFN + 10, GFN + 29, false);
	spte_limit(budget);
	vmm_start(&vm);
	return ok;
}

static bool exempt(int vcpus, uint64_t budget)
{
	int64_t leaves;
	bool ok;

	ok = start_exempt(GUEST_WORK, vcpus, budget);
	ok = ok && faults(4000);
	vmm_stop(&vm);
	leaves = vmm_stat(&vm, "pages_4k");
	ok &= expect("exempt", nptb_stat(vm.name, "exempt"), 20);
	ok &= expect("leaves beside them", leaves - 20 <= (int64_t)budget, true);
	ok &= judge(budget, 20, false);
	vmm_destroy(&vm);
	return ok;
}

/* Put on and taken off while the guest runs: the budget holds all along. */
static bool exempt_changes(void)
{
	bool ok = true;
	int i;

	open_guest(GUEST_WORK, 2);
	ok = !nptb_budget(vm.name, 8);
	vmm_start(&vm);
	for (i = 0; ok && i < 10; i++) {
		ok = faults(100) && !list("exempt", GFN + i, GFN + i + 30, true) &&
		     faults(300) && !put("exempt", "none");
		if (ok && vmm_stat(&vm, "pages_4k") > 8) {
			note("%" PRId64 " leaves when none was exempt any more",
			     vmm_stat(&vm, "pages_4k"));
			ok = false;
		}
	}
	vmm_stop(&vm);
	ok &= expect("exempt", nptb_stat(vm.name, "exempt"), 0);
	vmm_destroy(&vm);
	return ok;
}

/*
 * A nested guest's leaves count, of whatever frame they are. Its hypervisor's do
 * not here, and are few: far from as many as there are pages that it goes through.
 */
static bool exempt_nested(void)
{
	struct vmm_args args = { .data = DATA, .pages = PAGES, .addend = CONTROL };
	int64_t leaves, most = 0;
	uint32_t before;
	bool ok;
	int i;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_fill(&vm, DATA, PAGES * PAGE_SIZE);
	before = vmm_get32(&vm, DATA);
	nested_tables(&vm, NESTED_TABLES);
	nested_ready(vmm_add(&vm, nested_hypervisor(), VMM_LONG, &args), CONTROL, SAVE,
		     NESTED_TABLES);
	ok = !list("exempt", 0, SIZE / PAGE_SIZE - 1, true) &&
	     !nptb_budget(vm.name, 16);
	vmm_start(&vm);
	for (i = 0; ok && i < 20; i++) {
		ok = faults(3 * PAGES / 20);
		leaves = vmm_stat(&vm, "pages_4k");
		most = leaves > most ? leaves : most;
	}
	vmm_stop(&vm);
	note("%" PRId64 " leaves at most", most);
	ok &= expect("laps", vmm_get32(&vm, DATA) - before > 1, true);
	ok &= expect("leaves, fewer than pages", most < PAGES, true);
	vmm_destroy(&vm);
	return ok;
}

/* What the host does to exempt pages while the guest reads them. */
static bool drop_pages(int i)
{
	return !madvise(vm.mem + DATA + (10 + i % 15) * PAGE_SIZE, 5 * PAGE_SIZE,
			MADV_DONTNEED);
}

/* Another slot that goes makes KVM begin all page tables anew. */
static bool drop_roots(int i)
{
	return !vmm_slot(&vm, 1, ASIDE, i & 1 ? NULL : vm.mem,
			 i & 1 ? 0 : 16 * PAGE_SIZE, 0);
}

static bool drop_both(int i)
{
	return drop_pages(i) && drop_roots(i);
}

/*
 * Meanwhile exempt leaves are not known for sure, and are let count: the guest
 * goes on, and the sum is never over.
 */
static bool host_takes(bool (*drop)(int), int vcpus, uint64_t budget)
{
	bool ok;
	int i;

	ok = start_exempt(GUEST_TOUCH, vcpus, budget);
	for (i = 0; ok && i < 40; i++)
		ok = drop(i) && faults(40);
	vmm_stop(&vm);
	ok &= judge(budget, -1, true);
	vmm_destroy(&vm);
	return ok;
}

static bool refusals(void)
{
	char buf[64];
	bool ok;

	open_guest(GUEST_WORK, 1);
	ok = !nptb_budget(vm.name, 16);
	/* 16 pins in 16 pages leave no room, 15 do. */
	ok &= expect("16 pins", nptb_set(vm.name, "pin", "0x200-0x20f"), -ENOSPC);
	ok &= expect("15 pins", nptb_set(vm.name, "pin", "0x200-0x20e"), 0);
	ok &= expect("one more", nptb_set(vm.name, "pin", "0x300"), -ENOSPC);
	ok &= expect("budget 15", nptb_budget(vm.name, 15), -ENOSPC);
	ok &= expect("budget 17", nptb_budget(vm.name, 17), 0);
	ok &= expect("one more", nptb_set(vm.name, "pin", "0x300"), 0);
	ok &= expect("last-only", nptb_set(vm.name, "policy", "last-only"), -ENOSPC);
	ok &= expect("a pinned frame exempt", nptb_set(vm.name, "exempt", "0x20e-0x210"), -EINVAL);
	ok &= expect("off", nptb_budget(vm.name, 0), 0);
	ok &= expect("pins without a budget", nptb_set(vm.name, "pin", "0x1000-0x1fff"), 0);
	ok &= expect("budget 64", nptb_budget(vm.name, 64), -ENOSPC);
	ok &= nptb_get(vm.name, "budget", buf, sizeof(buf)) > 0 && !strcmp(buf, "off");
	vmm_destroy(&vm);
	return ok;
}

static bool formats(const char *file)
{
	static const struct {
		const char *text;
		int ret;
		const char *reads;	/* afterwards, the first line */
	} cases[] = {
		{ "0x10-0x1f", 0, "0x10-0x1f" },
		{ "32-47", 0, "0x10-0x2f" },
		{ "!0x10-0x1f", 0, "0x20-0x2f" },
		{ "!0x100", -ENOENT, "0x20-0x2f" },
		{ "", -EINVAL, "0x20-0x2f" },
		{ " ", -EINVAL, "0x20-0x2f" },
		{ "x", -EINVAL, "0x20-0x2f" },
		{ "0x", -EINVAL, "0x20-0x2f" },
		{ "-1", -EINVAL, "0x20-0x2f" },
		{ "1-", -EINVAL, "0x20-0x2f" },
		{ "5-4", -EINVAL, "0x20-0x2f" },
		{ "1-2-3", -EINVAL, "0x20-0x2f" },
		{ "+1", -EINVAL, "0x20-0x2f" },
		{ "!!1", -EINVAL, "0x20-0x2f" },
		{ "1 none x", -EINVAL, "0x20-0x2f" },
		{ "0x10000000000", -ERANGE, "0x20-0x2f" },
		{ "1-0x10000000000", -ERANGE, "0x20-0x2f" },
		{ "99999999999999999999", -ERANGE, "0x20-0x2f" },
		{ "0xffffffffff", 0, "0x20-0x2f" },
		{ "none 7 9-9\n0xB", 0, "0x7-0x7" },
		{ "none", 0, "" },
	};
	char buf[64], text[512] = "";
	bool ok = true;
	size_t i, n = 0;
	int ret;

	open_guest(GUEST_WORK, 1);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ret = nptb_set(vm.name, file, cases[i].text);
		if (nptb_get(vm.name, file, buf, sizeof(buf)) < 0)
			snprintf(buf, sizeof(buf), "?");
		buf[strcspn(buf, "\n")] = '\0';
		if (ret == cases[i].ret && !strcmp(buf, cases[i].reads))
			continue;
		note("\"%s\": %d, reads \"%s\"", cases[i].text, ret, buf);
		ok = false;
	}
	/* As many ranges as there may be, and one. */
	for (i = 0; i < NPTB_RANGES_MAX; i++)
		n += snprintf(text + n, sizeof(text) - n, "%zu ", 2 * i);
	ok &= expect("all ranges", nptb_set(vm.name, file, text), 0);
	ok &= expect("one too many", nptb_set(vm.name, file, "1000"), -ENOSPC);
	ok &= expect("one that joins two", nptb_set(vm.name, file, "1"), 0);
	ok &= expect("one more then", nptb_set(vm.name, file, "1000"), 0);
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	const char *why;

	ksft_print_header();
	need_module();
	need_spte();
	/* We share two CPUs with the guests: let us go first. */
	setpriority(PRIO_PROCESS, 0, -15);
	ksft_set_plan(17);
	ksft_test_result(formats("pin"), "what pin takes\n");
	ksft_test_result(formats("exempt"), "what exempt takes\n");
	ksft_test_result(refusals(), "pins leave room, or are refused\n");
	ksft_test_result(pins(1), "pinned pages never go, 1 vCPU\n");
	ksft_test_result(pins(4), "pinned pages never go, 4 vCPUs\n");
	ksft_test_result(pins_change(), "pins come and go while it runs\n");
	if (prefault_possible()) {
		ksft_test_result(ahead("pin", 16, true), "pinned pages mapped ahead never go\n");
		ksft_test_result(ahead("exempt", 4, false), "exempt pages mapped ahead do not count\n");
	} else {
		ksft_test_result_skip("pinned pages mapped ahead: no KVM_PRE_FAULT_MEMORY\n");
		ksft_test_result_skip("exempt pages mapped ahead: no KVM_PRE_FAULT_MEMORY\n");
	}
	ksft_test_result(exempt(1, 2), "exempt pages do not count, budget 2\n");
	ksft_test_result(exempt(1, 5), "exempt pages do not count, budget 5\n");
	ksft_test_result(exempt(4, 16), "exempt pages do not count, 4 vCPUs\n");
	ksft_test_result(exempt_changes(), "exempt frames come and go while it runs\n");
	why = nested_unusable();
	if (why)
		ksft_test_result_skip("exempt pages of a nested guest: %s\n", why);
	else
		ksft_test_result(exempt_nested(), "exempt pages of a nested guest count\n");
	ksft_test_result(host_takes(drop_pages, 2, 8), "the host takes exempt pages\n");
	ksft_test_result(host_takes(drop_roots, 2, 8), "page tables begin anew\n");
	ksft_test_result(host_takes(drop_both, 4, 16), "both, 4 vCPUs\n");
	ksft_test_result(host_takes(drop_both, 1, 4), "both, budget 4\n");
	ksft_finished();
}
