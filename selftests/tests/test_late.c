// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is still under way when a VM or the module ends, at the moments that hurt:
 * a VM that ends in the middle of an unload, its end being late; and a write to
 * "budget" that was given up, whose waiting the VM's end must not run into. What
 * goes wrong there is use of freed memory, which the kernel log tells where it is
 * looked for (slub_debug, KASAN). How soon a VM ends is a matter of instructions,
 * and how soon the waiting, one of time: with lab --icount the one is sure to come
 * first, however busy the machine is.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "../lib/cells.h"
#include "../lib/child.h"
#include "../lib/module.h"
#include "../lib/uffd.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define MS	20000
/* How long a write waits before it is interrupted, and how often. */
#define WAIT_MS	50
#define WRITES	3
#define TIMES	10
/* Unloading is done by then, if it does not wait. */
#define UNLOAD_MS	3000

static const char *detour_file(void)
{
	static char path[4096];
	const char *file = module_file();
	int dir = strrchr(file, '/') - file;

	snprintf(path, sizeof(path), "%.*s/../kmod/nptb_detour.ko", dir, file);
	return path_exists(path) ? path : NULL;
}

static void *unload_main(void *arg)
{
	*(int *)arg = module_unload("nptbudget");
	return NULL;
}

/* The VM is gone before the unload looks for VMs, its end is not. */
static bool ends_in_unload(const char *file, const char *detour)
{
	int ret = 1, log = klog_open();
	struct child c;
	pthread_t thread;
	char vm[32];
	bool ok;

	if (module_load_with(detour, "func=nptb_vm_disarm_all,vm_end_work ms=1000,3000"))
		die("%s does not load", detour);
	child_start(&c, 1);
	child_vm(&c, 1, vm, sizeof(vm));
	ok = !nptb_budget(vm, 4) && nptb_wait_stat(vm, "evictions", 10, MS);
	if (pthread_create(&thread, NULL, unload_main, &ret))
		die("pthread_create");
	/* Its files went, and it looks for VMs in a moment. */
	ok &= wait_gone(NPTB_DIR, MS);
	child_kill(&c);
	pthread_join(thread, NULL);
	if (ret)
		note("unload: %s", strerror(-ret));
	ok &= !ret && !module_unload("nptb_detour");
	/* What older kernels crash at, newer ones answer with an error. */
	if (klog_wait(log, "nptbudget: cannot unhook", "", 100)) {
		note("an end came too late to unhook");
		ok = false;
	}
	close(log);
	return !module_load(file) && ok;
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void alarms(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(how, &set, NULL);
}

/* A write to "budget" that cannot end, for a vCPU waits, is interrupted. */
static bool gives_up(const char *vm)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value.tv_usec = WAIT_MS * 1000 };
	int ret;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	ret = nptb_budget(vm, 8);
	if (ret != -EINTR)
		note("a write behind a vCPU that waits: %s", strerror(-ret));
	return ret == -EINTR;
}

/*
 * Nothing but the call that its vCPU is inside keeps the VM: it ends in the moment
 * in which that returns.
 */
static void end_at_once(struct vmm *vm, int uffd)
{
	static const char page[PAGE_SIZE];
	struct vmm_vcpu *vcpu = &vm->vcpu[0];

	atomic_store(&vm->stop, true);
	munmap(vcpu->run, vm->run_size);
	close(vcpu->fd);
	close(vm->fd);
	pthread_kill(vcpu->thread, SIGUSR1);
	/* Linux 6.1 waits for the answer, also behind a signal. */
	sleep_ms(20);
	uffd_answer(uffd, vm, DATA, page);
	pthread_join(vcpu->thread, NULL);
	vm->vcpus = 0;
	vm->fd = -1;
	vmm_destroy(vm);
}

/*
 * What the writes began goes on without them, and the VM's end has it finished.
 * @unload: the module is unloaded in between.
 */
static bool given_up(const char *file, bool unload)
{
	struct vmm_args args = { .data = DATA, .pages = 1, .laps = 1, .addend = 1 };
	int uffd, i, ret = 0, log = klog_open();
	pthread_t thread;
	struct vmm vm;
	bool ok = true;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_ADD, VMM_PROT, &args);
	uffd = uffd_open(&vm, DATA, PAGE_SIZE);
	/* For this thread alone; the vCPU's inherits it. */
	alarms(SIG_BLOCK);
	vmm_start(&vm);
	if (uffd_wait(uffd, &vm, MS) != (int64_t)DATA)
		die("no vCPU stops in a fault");
	alarms(SIG_UNBLOCK);
	for (i = 0; i < WRITES && ok; i++)
		ok = gives_up(vm.name);
	if (unload) {
		ret = 1;
		if (pthread_create(&thread, NULL, unload_main, &ret))
			die("pthread_create");
		/* It may wait for the VM; it need not. */
		ok &= wait_gone(NPTB_DIR, MS);
		sleep_ms(UNLOAD_MS);
	}
	end_at_once(&vm, uffd);
	close(uffd);
	if (unload) {
		pthread_join(thread, NULL);
		if (ret)
			note("unload: %s", strerror(-ret));
		ok &= !module_load(file);
	}
	if (klog_wait(log, "cleanup_srcu_struct", "", 300)) {
		note("the VM's end found work under way");
		ok = false;
	}
	close(log);
	return ok && !ret;
}

static bool given_up_often(const char *file)
{
	bool ok = true;
	int i;

	/* The kernel may just look, and find that all is over. */
	for (i = 0; i < TIMES && ok; i++)
		ok = given_up(file, true);
	return ok;
}

/* The kernel takes its time for each step of what was begun. */
static bool given_up_late(const char *file, const char *detour)
{
	bool ok;

	if (module_load_with(detour, "func=process_srcu ms=20"))
		die("%s does not load", detour);
	ok = given_up(file, false);
	return !module_unload("nptb_detour") && ok;
}

int main(void)
{
	const char *file = module_file(), *detour;

	ksft_print_header();
	need_module();
	need_uffd();
	if (!file)
		ksft_exit_skip("no module file: set NPTB_MODULE\n");
	detour = detour_file();
	if (!detour)
		ksft_exit_skip("no nptb_detour.ko: scripts/build-module.sh makes it\n");
	ksft_set_plan(3);
	ksft_test_result(given_up_late(file, detour), "a VM ends behind writes that were given up\n");
	ksft_test_result(given_up_often(file), "the same while the module is unloaded\n");
	ksft_test_result(ends_in_unload(file, detour), "a VM ends in the middle of an unload\n");
	ksft_finished();
}
