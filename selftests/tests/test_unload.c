// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading while vCPUs fault at full speed under budgets: the
 * guests never notice, whatever moment it is. And kvm.ko cannot go under us.
 */
#include <string.h>
#include <sys/resource.h>
#include <fcntl.h>

#include "../lib/cells.h"
#include "../lib/module.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define PAGES	64
#define VCPUS	1
#define VMS	2
#define TIMES	50
/*
 * Grace periods as short as they can be, in most rounds: the harder case, for what
 * is still on its way out has the least time; and most of a round is waiting.
 */
#define EXPEDITED	"/sys/kernel/rcu_expedited"

static struct vmm vms[VMS];
static int times = TIMES;

/* As many vCPUs as CPUs: more only make each load and unload wait longer. */
static void open_vms(void)
{
	struct vmm_args args = { .pages = PAGES };
	int i, v;

	for (i = 0; i < VMS; i++) {
		vmm_create(&vms[i], SIZE, VMM_MEM_4K);
		vmm_fill(&vms[i], DATA, VCPUS * PAGES * PAGE_SIZE);
		for (v = 0; v < VCPUS; v++) {
			args.data = DATA + v * PAGES * PAGE_SIZE;
			vmm_add(&vms[i], GUEST_WORK, i ? VMM_LONG : VMM_PROT, &args);
		}
		vmm_start(&vms[i]);
	}
}

static uint32_t laps(struct vmm *vm, int v, int page)
{
	uint64_t gpa = DATA + (v * PAGES + page) * PAGE_SIZE;

	return vmm_get32(vm, gpa) - *vmm_want32(vm, gpa);
}

/* Each page has the laps of the one before it, or one less, once. */
static bool sums_right(struct vmm *vm)
{
	uint32_t first, last, n, prev;
	bool ok = true;
	int v, p;

	for (v = 0; v < VCPUS; v++) {
		first = prev = laps(vm, v, 0);
		last = laps(vm, v, PAGES - 1);
		ok &= first && first - last <= 1;
		for (p = 0; p < PAGES; p++) {
			n = laps(vm, v, p);
			ok &= prev - n <= 1;
			prev = n;
			*vmm_want32(vm, DATA + (v * PAGES + p) * PAGE_SIZE) += n;
		}
	}
	return vmm_check(vm) && ok;
}

static bool advances(unsigned int ms)
{
	uint64_t end = now_ms() + ms;
	uint32_t from[VMS][VCPUS];
	int i;

	for (i = 0; i < VMS * VCPUS; i++)
		from[i / VCPUS][i % VCPUS] = laps(&vms[i / VCPUS], i % VCPUS, 0);
	for (i = 0; i < VMS * VCPUS; ) {
		if (laps(&vms[i / VCPUS], i % VCPUS, 0) - from[i / VCPUS][i % VCPUS] > 1)
			i++;
		else if (now_ms() > end)
			return false;
		else
			sleep_ms(1);
	}
	return true;
}

/* A step of a round that is worth a word when it takes long. */
static void took(const char *what, int round, uint64_t since)
{
	if (now_ms() - since > 5000)
		note("round %d: %s took %llu ms", round, what,
		     (unsigned long long)(now_ms() - since));
}

static bool once(const char *file, int round)
{
	static const uint64_t budgets[] = { 1, 2, 7, 16, 64, NPTB_UNLIMITED };
	uint64_t budget, start = now_ms();
	int i, ret;

	file_write(EXPEDITED, round % 5 ? "1" : "0", 1);
	ret = module_load(file);
	took("load", round, start);
	if (ret) {
		note("round %d: load: %s", round, strerror(-ret));
		return false;
	}
	start = now_ms();
	for (i = 0; i < VMS; i++) {
		budget = budgets[(round + i) % ARRAY_SIZE(budgets)];
		ret = nptb_budget(vms[i].name, budget);
		if (ret) {
			note("round %d: budget of %s: %s", round, vms[i].name,
			     strerror(-ret));
			return false;
		}
	}
	took("setting budgets", round, start);
	/* From at once to well into the run. */
	sleep_ms(round % 10);
	start = now_ms();
	ret = module_unload("nptbudget");
	took("unload", round, start);
	if (ret)
		note("round %d: unload: %s", round, strerror(-ret));
	return !ret;
}

static bool load_and_unload(const char *file)
{
	int64_t expedited = file_number(EXPEDITED);
	uint64_t start = now_ms();
	bool ok = true;
	int i;

	open_vms();
	/* Four vCPUs share two CPUs with this thread: let it go first. */
	setpriority(PRIO_PROCESS, 0, -15);
	for (i = 0; i < times && ok; i++) {
		ok = once(file, i);
		if (i % 10 == 9)
			note("%d times in %llu ms", i + 1,
			     (unsigned long long)(now_ms() - start));
	}
	file_write(EXPEDITED, expedited > 0 ? "1" : "0", 1);
	/* Whatever was in flight: with no module there is no budget. */
	if (ok && !advances(5000)) {
		note("a guest does not go on");
		ok = false;
	}
	for (i = 0; i < VMS; i++) {
		vmm_stop(&vms[i]);
		ok &= sums_right(&vms[i]);
		vmm_destroy(&vms[i]);
	}
	return ok;
}

/* A file of ours that is open at the time of unloading does no harm either. */
static bool unload_with_open_file(const char *file)
{
	char path[64] = NPTB_DIR "/version", buf[16];
	int fd, ret;

	if (module_load(file))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = module_unload("nptbudget");
	if (fd < 0 || (ret && ret != -EWOULDBLOCK && ret != -EBUSY)) {
		note("unload: %s", strerror(-ret));
		return false;
	}
	/* It fails, or gives what it gave before; anything but an oops. */
	if (read(fd, buf, sizeof(buf)) < 0)
		errno = 0;
	close(fd);
	return !ret || !module_unload("nptbudget");
}

/* kvm.ko stays while we are there, even with the CPU's own module gone. */
static bool holds_kvm(const char *file)
{
	char line[32];
	int own, kvm;
	bool ok;

	if (module_load(file))
		return false;
	own = module_unload(kvm_vendor());
	kvm = module_unload("kvm");
	ok = path_exists("/sys/module/kvm/holders/nptbudget") &&
		(kvm == -EWOULDBLOCK || kvm == -EBUSY);
	if (!ok)
		note("%s: %s, kvm: %s", kvm_vendor(), strerror(-own), strerror(-kvm));
	snprintf(line, sizeof(line), "modprobe %s", kvm_vendor());
	if (!own && system(line))
		die("%s does not come back", kvm_vendor());
	return !module_unload("nptbudget") && ok;
}

int main(void)
{
	const char *file = module_file();

	ksft_print_header();
	need_kvm();
	if (geteuid())
		ksft_exit_skip("needs root\n");
	if (!file)
		ksft_exit_skip("no module file: set NPTB_MODULE\n");
	ksft_set_plan(3);
	module_unload("nptbudget");
	if (getenv("NPTB_TIMES"))
		times = atoi(getenv("NPTB_TIMES"));
	ksft_test_result(load_and_unload(file), "load and unload %d times under faults\n", times);
	if (host_is_shared())
		ksft_test_result_skip("kvm.ko cannot be unloaded: %s\n", host_is_shared());
	else
		ksft_test_result(holds_kvm(file), "kvm.ko cannot be unloaded\n");
	ksft_test_result(unload_with_open_file(file), "unload with a file of ours open\n");
	/* Others may come after us. */
	if (module_load(file))
		ksft_exit_fail_msg("the module does not load any more\n");
	ksft_finished();
}
