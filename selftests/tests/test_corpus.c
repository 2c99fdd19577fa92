// SPDX-License-Identifier: GPL-2.0-only
/*
 * No loop is missed, and none is made up: every program of the corpus is in a
 * fault loop with one page less than it needs by the model, at the very step
 * that needs the most, and ends with what it needs.
 *   test_corpus [-s SEED] [-n CASES] [-c CASE] [-x CASE]...
 * With -c one case alone; with -x all but those, of which an emulated CPU makes less.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "../corpus/corpus.h"
#include "../lib/cells.h"
#include "../lib/module.h"

#define SEED	1
#define CASES	400
/* A vCPU that spins where it should have been stopped is kicked. */
#define KICK_S	20

static struct vmm vm;
static struct corpus_case c;
static struct kvm_sregs fresh;

static void on_alarm(int sig)
{
	(void)sig;
}

static void open_vm(void)
{
	struct vmm_args args = { .data = SZ_2M, .pages = 1 };
	struct sigaction sa = { .sa_handler = on_alarm };

	vmm_create(&vm, CORPUS_MEMORY, VMM_MEM_4K);
	vmm_add(&vm, GUEST_ADD, VMM_REAL, &args);
	memset(vm.mem, 0, CORPUS_MEMORY);
	if (ioctl(vm.vcpu[0].fd, KVM_GET_SREGS, &fresh))
		die("KVM_GET_SREGS: %s", strerror(errno));
	if (nptb_set(vm.name, "on_loop", "stop"))
		die("the module has no on_loop=stop");
	sigaction(SIGALRM, &sa, NULL);
}

static void load_state(void)
{
	struct kvm_vcpu_events events = { 0 };
	int fd = vm.vcpu[0].fd;

	/* Of a delivery that was stopped. */
	if (ioctl(fd, KVM_SET_VCPU_EVENTS, &events) ||
	    ioctl(fd, KVM_SET_SREGS, &c.sregs) || ioctl(fd, KVM_SET_REGS, &c.regs))
		die("%s: cannot set the vCPU's state: %s", c.name, strerror(errno));
}

/* What KVM_RUN returned with, or -errno. */
static int run(void)
{
	struct kvm_run *kvm_run = vm.vcpu[0].run;
	int ret;

	alarm(KICK_S);
	ret = ioctl(vm.vcpu[0].fd, KVM_RUN, 0UL) ? -errno : (int)kvm_run->exit_reason;
	alarm(0);
	return ret;
}

static bool failed(const char *what, uint64_t is, uint64_t should)
{
	note("%s: %s is 0x%" PRIx64 ", should be 0x%" PRIx64, c.name, what, is, should);
	return false;
}

static bool loops(unsigned int budget)
{
	const struct corpus_step *hard = corpus_hardest(&c);
	struct kvm_run *kvm_run = vm.vcpu[0].run;
	const uint64_t *data = (uint64_t *)kvm_run->internal.data;
	int end;

	if (nptb_budget(vm.name, budget))
		die("cannot set budget %u", budget);
	load_state();
	end = run();
	if (end != KVM_EXIT_INTERNAL_ERROR || kvm_run->internal.suberror != NPTB_SUBERROR_LOOP)
		return failed("with a page too few, the exit", end, KVM_EXIT_INTERNAL_ERROR);
	if (data[NPTB_STOP_RIP] != hard->rip)
		return failed("RIP of the loop", data[NPTB_STOP_RIP], hard->rip);
	if (data[NPTB_STOP_NEEDS] != budget + 1)
		return failed("the least need", data[NPTB_STOP_NEEDS], budget + 1);
	if (data[NPTB_STOP_HAD] != budget)
		return failed("the budget", data[NPTB_STOP_HAD], budget);
	return true;
}

static bool ends(unsigned int budget)
{
	int64_t before = nptb_stat(vm.name, "loops"), after;
	struct kvm_regs regs;
	int end;

	if (nptb_budget(vm.name, budget))
		die("cannot set budget %u", budget);
	load_state();
	end = run();
	after = nptb_stat(vm.name, "loops");
	if (end != KVM_EXIT_HLT)
		return failed("with the pages it needs, the exit", end, KVM_EXIT_HLT);
	if (after != before)
		return failed("loops reported though it ended", after, before);
	if (ioctl(vm.vcpu[0].fd, KVM_GET_REGS, &regs) || regs.rip != c.end_rip)
		return failed("RIP at the end", regs.rip, c.end_rip);
	return true;
}

/* Steps and pages, for who looks at one case. */
static void describe(void)
{
	unsigned int i, j;

	for (i = 0; i < c.steps; i++) {
		note("step %u: rip 0x%llx vector %d, %u pages", i,
		     (unsigned long long)c.step[i].rip, c.step[i].vector,
		     corpus_step_pages(&c, &c.step[i]));
		for (j = 0; j < c.step[i].ranges; j++)
			note("  0x%llx+%u", (unsigned long long)c.step[i].range[j].linear,
			     c.step[i].range[j].len);
	}
	for (i = 0; i < c.pages; i++)
		note("page 0x%llx: frame 0x%llx, tables 0x%llx 0x%llx 0x%llx 0x%llx",
		     (unsigned long long)c.page[i].lpn, (unsigned long long)c.page[i].gfn,
		     (unsigned long long)c.page[i].table[0],
		     (unsigned long long)c.page[i].table[1],
		     (unsigned long long)c.page[i].table[2],
		     (unsigned long long)c.page[i].table[3]);
}

static bool generate(uint64_t seed, unsigned int index)
{
	return corpus_generate(&c, seed, index, vm.mem, &fresh);
}

static bool check(uint64_t seed, unsigned int index)
{
	unsigned int need = corpus_need(&c);
	bool ok = loops(need - 1);

	/* As it was before. */
	generate(seed, index);
	ok &= ends(need);
	return ok;
}

static unsigned int left_out[8], left_outs;

static void leave_out(unsigned int index)
{
	if (left_outs == ARRAY_SIZE(left_out))
		die("-x: %zu at most", ARRAY_SIZE(left_out));
	left_out[left_outs++] = index;
}

static bool is_left_out(unsigned int index)
{
	unsigned int i;

	for (i = 0; i < left_outs; i++)
		if (left_out[i] == index)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	unsigned int cases = CASES, done = 0, only = 0, index;
	uint64_t seed = SEED;
	bool ok, one = false;
	int opt;

	while ((opt = getopt(argc, argv, "s:n:c:x:")) != -1) {
		if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (opt == 'n')
			cases = strtoul(optarg, NULL, 0);
		else if (opt == 'c')
			only = strtoul(optarg, NULL, 0), one = true;
		else if (opt == 'x')
			leave_out(strtoul(optarg, NULL, 0));
		else
			return 2;
	}
	ksft_print_header();
	need_module();
	corpus_vtx = !strcmp(kvm_vendor(), "kvm_intel");
	open_vm();
	ksft_set_plan(one ? 1 : cases);
	for (index = only; done < (one ? 1 : cases); index++) {
		if (!generate(seed, index) || is_left_out(index))
			continue;
		ok = check(seed, index);
		if (!ok || one)
			describe();
		ksft_test_result(ok, "%u: %s\n", index, c.name);
		done++;
	}
	vmm_destroy(&vm);
	ksft_finished();
}
